//! The port of texts: the memory-relevant items of a thread's rollout.

use std::ops::ControlFlow;
use std::path::Path;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::value::RawValue;
use threadkeep_memories::{HeadAndTail, MemoryItem, RolloutText, ThreadFacts, ThreadText, ThreadTextError};
use threadkeep_redact::redact;
use threadkeep_rollout::{
    AgentHome, Chain, ExtractError, ItemsView, MAX_ITEM_TEXT, TurnItemKind, read_turns,
};

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
        TurnItemKind::UserMessage { text, .. } => Some(MemoryItem::User { text: whole_words(text) }),
        TurnItemKind::AgentMessage { text, .. } => Some(MemoryItem::Agent { text: whole_words(text) }),
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

/// Returns the last characters of an output. Secrets are removed first: half a key has lost its
/// shape.
fn end_of(output: &str) -> String {
    let output = output.trim_end();
    let characters = output.chars().count();
    if characters <= MAX_OUTPUT {
        return output.to_owned();
    }
    let output = redact(output);
    let skip = output.chars().count().saturating_sub(MAX_OUTPUT);
    output.chars().skip(skip).collect()
}

/// Removes the word at which a long text was cut: it may be half a key.
fn whole_words(mut text: String) -> String {
    if text.chars().count() >= MAX_ITEM_TEXT {
        let end = text.trim_end_matches(|c: char| !c.is_whitespace()).len();
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str, arguments: &str, output: &str) -> Option<MemoryItem> {
        tool_call(name, arguments, Some(output.to_owned()))
    }

    fn command(line: &str, exit_code: Option<i64>, output: &str) -> Option<MemoryItem> {
        let failed = exit_code.is_some_and(|code| code != 0);
        Some(MemoryItem::Command { command: line.to_owned(), exit_code, failed, output: output.to_owned() })
    }

    #[test]
    fn commands_of_every_version_are_commands() {
        let shell = r#"{"command": ["bash", "-lc", "cargo test"], "timeout_ms": 10000}"#;
        let json = r#"{"output":"2 failed\n","metadata":{"exit_code":101,"duration_seconds":0.4}}"#;
        assert_eq!(called("shell", shell, json), command("cargo test", Some(101), "2 failed"));
        let exec = r#"{"cmd": "ls -la", "yield_time_ms": 5000}"#;
        let text = "Chunk ID: a1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\nREADME.md\n";
        assert_eq!(called("exec_command", exec, text), command("ls -la", Some(0), "README.md"));
        assert_eq!(
            called("shell", r#"{"command":["git","status"]}"#, "clean"),
            command("git status", None, "clean")
        );
        assert_eq!(called("spawn_agent", r#"{"message":"look"}"#, ""), None);
    }

    #[test]
    fn a_patch_is_its_files() {
        let patch =
            "*** Begin Patch\n*** Update File: src/a.rs\n@@\n-x\n+y\n*** Add File: b.md\n+z\n*** End Patch";
        let files = Some(MemoryItem::Files { paths: vec!["src/a.rs".into(), "b.md".into()] });
        assert_eq!(called("apply_patch", patch, ""), files);
        let shell = serde_json::json!({ "command": ["apply_patch", patch] }).to_string();
        assert_eq!(called("shell", &shell, ""), files);
    }

    #[test]
    fn a_cut_leaves_no_half_of_a_key() {
        let key = format!("sk-proj-{}", "a1B2".repeat(12));
        let output = format!("{key}{}", " x".repeat(MAX_OUTPUT / 2 - 10));
        assert!(output.chars().count() > MAX_OUTPUT && !end_of(&output).contains("a1B2"));
        let text = format!("{} {key}", "x".repeat(MAX_ITEM_TEXT - 20)).chars().take(MAX_ITEM_TEXT).collect();
        assert!(!whole_words(text).contains("sk-"));
    }
}
