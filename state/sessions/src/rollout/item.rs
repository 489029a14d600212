//! Items as rollouts have them whole (`item_completed`).

use serde_json::{Value, json};
use threadkeep_redact::redact;
use threadkeep_rollout::{EditKind, FileEdit, TurnItem, TurnItemKind};

/// Returns an item without secrets.
pub(super) fn written(item: &TurnItem) -> Value {
    let mut written = match &item.kind {
        TurnItemKind::UserMessage { text, images } => {
            let words = (!text.is_empty()).then(|| json!({ "type": "text", "text": redact(text) }));
            let images = (0..*images).map(|_| json!({ "type": "image" }));
            json!({
                "type": "UserMessage",
                // A person typed it, whatever it begins with.
                "kind": "plain",
                "content": words.into_iter().chain(images).collect::<Vec<_>>(),
            })
        }
        TurnItemKind::AgentMessage { text, phase } => json!({
            "type": "AgentMessage",
            "content": [{ "type": "Text", "text": redact(text) }],
            "phase": phase,
        }),
        TurnItemKind::Reasoning { summary } => json!({
            "type": "Reasoning",
            "summary_text": summary.iter().map(|text| redact(text)).collect::<Vec<_>>(),
        }),
        TurnItemKind::CommandExecution { command, cwd, status, exit_code, output, .. } => json!({
            "type": "CommandExecution",
            "command": command.iter().map(|word| redact(word)).collect::<Vec<_>>(),
            "cwd": cwd,
            "status": status,
            "exit_code": exit_code,
            "aggregated_output": output.as_deref().map(redact),
        }),
        TurnItemKind::FileChange { changes, status, output } => json!({
            "type": "FileChange",
            "changes": changes.iter().map(|edit| (edit.path.clone(), change(edit))).collect::<serde_json::Map<_, _>>(),
            "status": status,
            "stderr": output.as_deref().map(redact),
        }),
        TurnItemKind::ToolCall { name, arguments, output } => json!({
            "type": "ToolCall",
            "name": name,
            "arguments": redact(arguments),
            "output": output.as_deref().map(redact),
        }),
        TurnItemKind::ContextCompaction => json!({ "type": "ContextCompaction" }),
        // Other kinds come from rollouts alone, which need no translation.
        _ => json!({ "type": "Unknown" }),
    };
    written["id"] = json!(item.id);
    written
}

fn change(edit: &FileEdit) -> Value {
    match &edit.kind {
        EditKind::Add => json!({ "type": "add", "content": redact(&edit.diff) }),
        EditKind::Delete => json!({ "type": "delete", "content": redact(&edit.diff) }),
        EditKind::Update { move_path } => {
            json!({ "type": "update", "unified_diff": redact(&edit.diff), "move_path": move_path })
        }
        _ => json!({}),
    }
}
