//! Calls of tools as items: commands, changes of files, and all others by name.

use serde_json::Value;
use threadkeep_rollout::{EditKind, FileEdit, MAX_ITEM_TEXT, TurnItemKind, bounded};

/// Names that agents give to the argument with a command.
const COMMAND: [&str; 2] = ["command", "cmd"];
/// Names that agents give to the argument with a path.
const PATH: [&str; 5] = ["file_path", "filePath", "path", "absolute_path", "filename"];
/// Names that agents give to the text that an edit replaces, each with that of the new text.
const EDIT: [(&str, &str); 6] = [
    ("old_string", "new_string"),
    ("oldString", "newString"),
    ("old_str", "new_str"),
    ("oldText", "newText"),
    ("old_text", "new_text"),
    ("search", "replace"),
];
/// Such names, if the tool's name says that it edits: a query may have them as times.
const EDIT_OR_TIMES: (&str, &str) = ("before", "after");
/// Names that agents give to the content of a new file.
const CONTENT: [&str; 3] = ["content", "file_text", "contents"];

/// Returns the item of a call. `arguments` is JSON; anything else is kept as it is.
pub(crate) fn item(name: &str, arguments: &str) -> TurnItemKind {
    let value: Value = serde_json::from_str(arguments).unwrap_or(Value::Null);
    // With a path, it is the command of an editor: `view`, `str_replace`.
    if let (Some(command), None) = (text(&value, &COMMAND), text(&value, &PATH)) {
        return TurnItemKind::CommandExecution {
            command: vec![bounded(command, MAX_ITEM_TEXT)],
            cwd: text(&value, &["cwd", "workdir", "directory"]).map(str::to_owned),
            status: None,
            exit_code: None,
            duration_ms: None,
            output: None,
        };
    }
    if let Some(change) = change(name, &value) {
        return TurnItemKind::FileChange { changes: vec![change], status: None, output: None };
    }
    TurnItemKind::ToolCall {
        name: name.to_owned(),
        arguments: bounded(arguments, MAX_ITEM_TEXT),
        output: None,
    }
}

/// Adds a result to its call.
pub(crate) fn answer(kind: &mut TurnItemKind, result: &str, succeeded: Option<bool>) {
    let word = succeeded.map(|succeeded| if succeeded { "completed" } else { "failed" }.to_owned());
    match kind {
        TurnItemKind::CommandExecution { status, output, .. } => {
            (*status, *output) = (word, Some(result.to_owned()));
        }
        TurnItemKind::FileChange { status, output, .. } => {
            // What a successful edit says is the edit again.
            *output = (succeeded != Some(true)).then(|| result.to_owned());
            *status = word;
        }
        TurnItemKind::ToolCall { output, .. } => *output = Some(result.to_owned()),
        _ => {}
    }
}

fn change(name: &str, arguments: &Value) -> Option<FileEdit> {
    let path = text(arguments, &PATH)?;
    let name = name.to_ascii_lowercase();
    let update =
        |diff: &str| FileEdit::new(path, EditKind::Update { move_path: None }, bounded(diff, MAX_ITEM_TEXT));
    if let Some(edits) = arguments.get("edits").and_then(Value::as_array) {
        let diffs: Option<String> = edits.iter().map(|edit| diff(edit, true)).collect();
        return diffs.filter(|diffs| !diffs.is_empty()).map(|diffs| update(&diffs));
    }
    if let Some(diff) = diff(arguments, name.contains("edit")) {
        return Some(update(&diff));
    }
    let writes = ["write", "create"].iter().any(|word| name.contains(word));
    let content = text(arguments, &CONTENT).filter(|_| writes)?;
    Some(FileEdit::new(path, EditKind::Add, bounded(content, MAX_ITEM_TEXT)))
}

/// Returns the hunk of an edit; `None` if it has another form.
fn diff(edit: &Value, is_edit: bool) -> Option<String> {
    let names = EDIT.iter().chain(is_edit.then_some(&EDIT_OR_TIMES));
    let (old, new) =
        names.filter_map(|(old, new)| Some((text(edit, &[old])?, text(edit, &[new])?))).next()?;
    let signed =
        |sign: char, text: &str| -> String { text.lines().map(|line| format!("{sign}{line}\n")).collect() };
    Some(format!("@@\n{}{}", signed('-', old), signed('+', new)))
}

fn text<'a>(value: &'a Value, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| value.get(name)?.as_str())
}
