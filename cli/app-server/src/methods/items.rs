//! Items of a turn in the form of the protocol: as the agent wrote them, or else as far as the
//! rollout has them.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use threadkeep_rollout::{TurnItem, TurnItemKind as Kind};

use crate::protocol::item::ThreadItem;
use crate::protocol::turn::ItemsView;

/// Returns the items of a view.
pub(super) fn items_of(items: Vec<TurnItem>, view: ItemsView) -> Vec<ThreadItem> {
    match view {
        ItemsView::NotLoaded => Vec::new(),
        ItemsView::Full => items.into_iter().map(item_of).collect(),
        ItemsView::Summary => {
            let last = items.iter().rposition(|item| matches!(item.kind, Kind::AgentMessage { .. }));
            let is_shown = |(n, item): &(usize, TurnItem)| {
                Some(*n) == last || matches!(item.kind, Kind::UserMessage { .. })
            };
            items.into_iter().enumerate().filter(is_shown).map(|(_, item)| item_of(item)).collect()
        }
    }
}

/// Parts of a written item that [`TurnItem`] does not have.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parts {
    client_id: Option<String>,
    content: Value,
    raw_content: Vec<String>,
    process_id: Option<String>,
    source: Option<String>,
    parsed_cmd: Vec<Value>,
}

/// Returns an item as the protocol has it.
pub(super) fn item_of(item: TurnItem) -> ThreadItem {
    let TurnItem { id, at, kind, written, .. } = item;
    let at = at.map(jiff::Timestamp::as_millisecond);
    let (parts, started_at_ms, completed_at_ms) = match &written {
        Some(written) => (
            serde_json::from_str(written.item.get()).unwrap_or_default(),
            written.started_at_ms.or(at),
            written.completed_at_ms.or(at),
        ),
        None => (Parts::default(), at, at),
    };
    match kind {
        Kind::UserMessage { text, images } => {
            let Parts { client_id, content, .. } = parts;
            let content = match content {
                Value::Array(content) => content,
                _ => {
                    let text = json!({ "type": "text", "text": text, "text_elements": [] });
                    let image = json!({ "type": "image", "url": null });
                    std::iter::once(text).chain(std::iter::repeat_n(image, images)).collect()
                }
            };
            ThreadItem::UserMessage { id, client_id, content, started_at_ms, completed_at_ms }
        }
        Kind::AgentMessage { text, phase } => ThreadItem::AgentMessage {
            moderation: None,
            id,
            text,
            phase,
            memory_citation: None,
            delivery: None,
            questions: None,
            started_at_ms,
            completed_at_ms,
        },
        Kind::Reasoning { summary } => {
            let content = parts.raw_content;
            ThreadItem::Reasoning { id, summary, content, started_at_ms, completed_at_ms }
        }
        Kind::CommandExecution { command, cwd, status, exit_code, duration_ms, output } => {
            ThreadItem::CommandExecution {
                id,
                plugin_id: None,
                script_path: None,
                command: shell_words(&command),
                cwd,
                process_id: parts.process_id,
                source: parts.source.map(|source| camel(&source)),
                status: status.map(|status| camel(&status)),
                command_actions: parts.parsed_cmd.into_iter().map(action).collect(),
                aggregated_output: output,
                exit_code,
                duration_ms,
                started_at_ms,
                completed_at_ms,
            }
        }
        Kind::ToolCall { name, arguments, output } => ThreadItem::ToolCall { id, name, arguments, output },
        Kind::ContextCompaction => ThreadItem::ContextCompaction { id },
        Kind::EnteredReview { target } => ThreadItem::EnteredReviewMode { id, review: target },
        Kind::ExitedReview { review } => ThreadItem::ExitedReviewMode { id, review },
        // Any other kind: as it was written, or else as the rollout's reader has it.
        kind => {
            let raw = match (&written, &kind) {
                (Some(written), _) => serde_json::from_str(written.item.get()).ok(),
                (None, Kind::Other { item, .. }) => serde_json::from_str(item.get()).ok(),
                (None, kind) => serde_json::to_value(kind).ok(),
            };
            let Some(Value::Object(raw)) = raw else { return ThreadItem::Other(Map::new()) };
            let mut other: Map<String, Value> = raw
                .into_iter()
                .map(|(key, value)| match (key.as_str(), value) {
                    ("type", Value::String(kind)) => (key, camel(&kind).into()),
                    (_, value) => (camel(&key), value),
                })
                .collect();
            other.entry("id").or_insert(id.into());
            for (key, time) in [("startedAtMs", started_at_ms), ("completedAtMs", completed_at_ms)] {
                other.insert(key.to_owned(), time.into());
            }
            ThreadItem::Other(other)
        }
    }
}

impl ThreadItem {
    /// Returns the start of an item in Unix milliseconds.
    pub(super) fn started_at_ms(&self) -> Option<i64> {
        self.times().0
    }

    /// Returns the end of an item in Unix milliseconds.
    pub(super) fn completed_at_ms(&self) -> Option<i64> {
        self.times().1
    }

    fn times(&self) -> (Option<i64>, Option<i64>) {
        match self {
            ThreadItem::UserMessage { started_at_ms, completed_at_ms, .. }
            | ThreadItem::AgentMessage { started_at_ms, completed_at_ms, .. }
            | ThreadItem::Reasoning { started_at_ms, completed_at_ms, .. }
            | ThreadItem::CommandExecution { started_at_ms, completed_at_ms, .. } => {
                (*started_at_ms, *completed_at_ms)
            }
            ThreadItem::Other(item) => {
                let time = |key: &str| item.get(key).and_then(Value::as_i64);
                (time("startedAtMs"), time("completedAtMs"))
            }
            _ => (None, None),
        }
    }
}

/// Returns a part of a command as clients know it: `{"type":"listFiles","command":…}`.
fn action(parsed: Value) -> Value {
    let Value::Object(parsed) = parsed else { return parsed };
    let part = parsed.into_iter().map(|(key, value)| match (key.as_str(), value) {
        ("cmd", value) => ("command".to_owned(), value),
        ("type", Value::String(kind)) => (key, camel(&kind).into()),
        (_, value) => (camel(&key), value),
    });
    Value::Object(part.collect())
}

/// Returns a word in camelCase: `unified_exec` and `UnifiedExec` as `unifiedExec`.
fn camel(word: &str) -> String {
    let mut camel = String::with_capacity(word.len());
    let mut is_start = false;
    for character in word.chars() {
        match character {
            '_' => is_start = true,
            _ if camel.is_empty() => camel.extend(character.to_lowercase()),
            _ if is_start => {
                camel.extend(character.to_uppercase());
                is_start = false;
            }
            _ => camel.push(character),
        }
    }
    camel
}

/// Joins the words of a command line. Quotes where a shell needs that.
fn shell_words(words: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let quoted = words.iter().map(|word| match word {
        word if !word.is_empty() && word.chars().all(is_plain) => word.clone(),
        word if !word.contains('\'') => format!("'{word}'"),
        word => format!(
            "\"{}\"",
            word.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`")
        ),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camel_case() {
        for (word, expected) in [("unified_exec_startup", "unifiedExecStartup"), ("FileChange", "fileChange")]
        {
            assert_eq!(camel(word), expected);
        }
    }

    #[test]
    fn commands_are_joined_as_a_shell_reads_them() {
        let line =
            |words: &[&str]| shell_words(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(line(&["/bin/bash", "-lc", "echo hello"]), "/bin/bash -lc 'echo hello'");
        assert_eq!(line(&["echo", "it's $5", ""]), "echo \"it's \\$5\" ''");
    }
}
