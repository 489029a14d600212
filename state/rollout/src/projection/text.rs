//! The one place that decides what of a line is searched.

use super::said::Said;
use crate::format::command::{command_line, result_of};
use crate::format::edit::{EditKind, FileEdit};
use crate::format::item::TurnItemKind;
use crate::format::user_message;
use crate::turns::shown::Shown;

/// The longest text of a tool's call, and of its output, in bytes: 4 KiB each. Longer ones are cut
/// at a character.
pub const MAX_TOOL_TEXT: usize = 4 * 1024;

/// Sign between a call and its output.
const OUTPUT: &str = "\n→ ";

/// Returns the text of a turn's part for search; `None` if it has none. Reasoning has none.
pub(super) fn searchable(shown: &Shown<'_>) -> Option<(Said, String)> {
    let (said, text) = match shown {
        Shown::Item(item) | Shown::Heard(item) => of_item(&item.kind)?,
        Shown::Answer { output, .. } => (Said::Tool, head(&result_of(output).output).to_owned()),
    };
    Some((said, text)).filter(|(_, text)| !text.trim().is_empty())
}

fn of_item(item: &TurnItemKind) -> Option<(Said, String)> {
    Some(match item {
        TurnItemKind::UserMessage { text, .. } => (Said::User, user_message::request(text)?.to_owned()),
        TurnItemKind::AgentMessage { text, .. } => (Said::Agent, text.clone()),
        TurnItemKind::ExitedReview { review } => (Said::Agent, review.clone()?),
        TurnItemKind::Plan { explanation, steps } => {
            let steps = steps.iter().map(|step| &*step.step);
            (Said::Agent, explanation.as_deref().into_iter().chain(steps).collect::<Vec<_>>().join("\n"))
        }
        TurnItemKind::CommandExecution { command, output, .. } => {
            tool(&[&command_line(command)], output.as_deref())
        }
        TurnItemKind::FileChange { changes, .. } => {
            tool(&[&changes.iter().flat_map(paths).collect::<Vec<_>>().join("\n")], None)
        }
        TurnItemKind::ToolCall { name, arguments, output } => tool(&[name, arguments], output.as_deref()),
        TurnItemKind::McpToolCall { server, tool: name, arguments, output, .. } => {
            tool(&[server, name, arguments], output.as_deref())
        }
        TurnItemKind::CollabAgentToolCall { tool: name, prompt, .. } => {
            tool(&[name, prompt.as_deref().unwrap_or_default()], None)
        }
        TurnItemKind::WebSearch { query } => tool(&[query], None),
        TurnItemKind::ImageView { path } => tool(&[path], None),
        TurnItemKind::ImageGeneration { prompt, path, .. } => {
            tool(&[prompt.as_deref().unwrap_or_default(), path.as_deref().unwrap_or_default()], None)
        }
        TurnItemKind::Reasoning { .. }
        | TurnItemKind::ContextCompaction
        | TurnItemKind::EnteredReview { .. }
        | TurnItemKind::SubAgentActivity { .. }
        | TurnItemKind::Other { .. } => return None,
    })
}

/// Returns the text of a call, and of its output on the next line. A snippet has no line breaks, so
/// that a sign stands between the two. It is no word, and is not searched.
fn tool(call: &[&str], output: Option<&str>) -> (Said, String) {
    let mut text = head(call.join(" ").trim()).to_owned();
    if let Some(output) = output.filter(|output| !output.trim().is_empty()) {
        text.push_str(OUTPUT);
        text.push_str(head(output));
    }
    (Said::Tool, text)
}

/// Returns the paths of a changed file: before, and after a move.
fn paths(edit: &FileEdit) -> impl Iterator<Item = &str> {
    let moved = if let EditKind::Update { move_path } = &edit.kind { move_path.as_deref() } else { None };
    [&*edit.path].into_iter().chain(moved)
}

/// Returns the beginning of a text, up to [`MAX_TOOL_TEXT`].
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TOOL_TEXT)]
}
