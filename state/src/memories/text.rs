//! The port of texts: the memory-relevant items of a thread's rollout.

use std::ops::ControlFlow;

use async_trait::async_trait;
use threadkeep_memories::{HeadAndTail, MemoryItem, RolloutText, ThreadFacts, ThreadText, ThreadTextError};
use threadkeep_redact::redact;
use threadkeep_rollout::{
    AgentHome, Chain, ExtractError, ItemsView, MAX_ITEM_TEXT, TurnItemKind, command_line, read_turns,
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
        TurnItemKind::FileChange { changes, .. } if !changes.is_empty() => {
            Some(MemoryItem::Files { paths: changes.into_iter().map(|edit| edit.path).collect() })
        }
        _ => None,
    }
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

    #[test]
    fn a_cut_leaves_no_half_of_a_key() {
        let key = format!("sk-proj-{}", "a1B2".repeat(12));
        let output = format!("{key}{}", " x".repeat(MAX_OUTPUT / 2 - 10));
        assert!(output.chars().count() > MAX_OUTPUT && !end_of(&output).contains("a1B2"));
        let text = format!("{} {key}", "x".repeat(MAX_ITEM_TEXT - 20)).chars().take(MAX_ITEM_TEXT).collect();
        assert!(!whole_words(text).contains("sk-"));
    }
}
