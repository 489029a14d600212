//! The port of texts: the memory-relevant items of a thread's rollout.

use std::ops::ControlFlow;
use std::path::Path;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::value::RawValue;
use threadkeep_memories::{HeadAndTail, MemoryItem, RolloutText, ThreadFacts, ThreadText, ThreadTextError};
use threadkeep_rollout::{AgentHome, Chain, ExtractError, ItemsView, TurnItemKind, read_turns};

/// End of a command's output that is kept, in characters. Errors are mostly at the end.
const MAX_OUTPUT: usize = 2_000;

/// Texts of the rollouts in an agent home.
#[derive(Clone, Debug)]
pub struct HomeTexts {
    home: AgentHome,
}

impl HomeTexts {
    /// Makes the port of a home.
    pub fn new(home: AgentHome) -> HomeTexts {
        HomeTexts { home }
    }

    fn read_now(&self, thread: &ThreadFacts, limit: usize) -> Result<ThreadText, ThreadTextError> {
        let file = self.home.rollout_at(&thread.rollout_path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ThreadTextError::Missing,
            _ => ThreadTextError::Unreadable(error.into()),
        })?;
        // What a fork inherited is remembered with its own thread.
        let chain = Chain::resolve(&self.home, &file, |base| base == thread.id).map_err(unreadable)?;
        let mut text = HeadAndTail::new(limit);
        read_turns(&chain, ItemsView::Full, |turn| {
            if !turn.inherited {
                turn.items
                    .into_iter()
                    .filter_map(|item| memory_item(item.kind))
                    .for_each(|item| text.push(item));
            }
            ControlFlow::Continue(())
        })
        .map_err(unreadable)?;
        Ok(text.finish())
    }
}

#[async_trait]
impl RolloutText for HomeTexts {
    async fn read(&self, thread: &ThreadFacts, limit: usize) -> Result<ThreadText, ThreadTextError> {
        let (texts, thread) = (self.clone(), thread.clone());
        let read = tokio::task::spawn_blocking(move || texts.read_now(&thread, limit)).await;
        read.unwrap_or_else(|error| Err(ThreadTextError::Unreadable(error.into())))
    }
}

fn unreadable(error: ExtractError) -> ThreadTextError {
    match &error {
        ExtractError::Io(io) if io.kind() == std::io::ErrorKind::NotFound => ThreadTextError::Missing,
        _ => ThreadTextError::Unreadable(error.into()),
    }
}

/// Returns the part of an item that a memory can be made of.
fn memory_item(item: TurnItemKind) -> Option<MemoryItem> {
    match item {
        TurnItemKind::UserMessage { text, .. } => Some(MemoryItem::User { text }),
        TurnItemKind::AgentMessage { text, .. } => Some(MemoryItem::Agent { text }),
        TurnItemKind::CommandExecution { command, status, exit_code, output, .. } => {
            let failed = exit_code.is_some_and(|code| code != 0) || status.as_deref() == Some("failed");
            let output = end_of(output.as_deref().unwrap_or_default());
            Some(MemoryItem::Command { command: command_line(&command), exit_code, failed, output })
        }
        TurnItemKind::ToolCall { name, arguments, output } => tool_call(&name, &arguments, output),
        TurnItemKind::Other { item_type, item } if item_type == "FileChange" => file_change(&item),
        _ => None,
    }
}

/// Reads a call of a tool that runs commands or patches files.
fn tool_call(name: &str, arguments: &str, output: Option<String>) -> Option<MemoryItem> {
    if name == "apply_patch" {
        return patched(arguments);
    }
    let command = serde_json::from_str::<Arguments>(arguments).ok()?.command()?;
    if let Some(item) = command.contains("*** Begin Patch").then(|| patched(&command)).flatten() {
        return Some(item);
    }
    let output = output.unwrap_or_default();
    let (exit_code, output) = result_of(&output);
    Some(MemoryItem::Command {
        command,
        exit_code,
        failed: exit_code.is_some_and(|code| code != 0),
        output: end_of(&output),
    })
}

/// Arguments of `shell`, `local_shell` and `exec_command`.
#[derive(Deserialize)]
struct Arguments {
    command: Option<CommandText>,
    cmd: Option<CommandText>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CommandText {
    Line(String),
    Words(Vec<String>),
}

impl Arguments {
    fn command(self) -> Option<String> {
        Some(match self.command.or(self.cmd)? {
            CommandText::Line(line) => line,
            CommandText::Words(words) => command_line(&words),
        })
    }
}

/// Returns a command as a person would type it: the script of `bash -lc`, otherwise the words.
fn command_line(words: &[String]) -> String {
    match words {
        [shell, flag, script] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            script.clone()
        }
        _ => words.join(" "),
    }
}

fn is_shell(program: &str) -> bool {
    let name = Path::new(program).file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| matches!(name, "sh" | "bash" | "zsh" | "dash" | "fish"))
}

/// Result of a command as the model was given it, in newer and older versions of the agent.
#[derive(Deserialize)]
struct ToolResult {
    output: String,
    metadata: ToolMetadata,
}

#[derive(Deserialize)]
struct ToolMetadata {
    exit_code: Option<i64>,
}

/// Splits the exit code from the output that the model was given.
fn result_of(output: &str) -> (Option<i64>, String) {
    if let Ok(result) = serde_json::from_str::<ToolResult>(output) {
        return (result.metadata.exit_code, result.output);
    }
    let line = output.lines().take(6).find_map(|line| {
        let code =
            line.strip_prefix("Process exited with code ").or_else(|| line.strip_prefix("Exit code: "));
        code?.trim().parse().ok()
    });
    let text = output.split_once("Output:\n").map_or(output, |(_head, text)| text);
    (line, text.to_owned())
}

/// Returns the files that a patch names.
fn patched(patch: &str) -> Option<MemoryItem> {
    const MARKS: [&str; 3] = ["*** Add File: ", "*** Update File: ", "*** Delete File: "];
    let path =
        |line: &str| MARKS.iter().find_map(|mark| line.strip_prefix(mark)).map(|path| path.trim().to_owned());
    files(patch.replace("\\n", "\n").lines().filter_map(path).collect())
}

/// Returns the files of an item `FileChange`.
fn file_change(item: &RawValue) -> Option<MemoryItem> {
    #[derive(Deserialize)]
    struct FileChange {
        changes: serde_json::Map<String, serde_json::Value>,
    }
    let change: FileChange = serde_json::from_str(item.get()).ok()?;
    files(change.changes.into_iter().map(|(path, _)| path).collect())
}

fn files(paths: Vec<String>) -> Option<MemoryItem> {
    (!paths.is_empty()).then_some(MemoryItem::Files { paths })
}

/// Returns the last characters of an output.
fn end_of(output: &str) -> String {
    let output = output.trim_end();
    let skip = output.chars().count().saturating_sub(MAX_OUTPUT);
    output.chars().skip(skip).collect()
}
