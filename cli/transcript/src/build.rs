//! From a turn of a rollout to one for people.

use std::path::Path;

use threadkeep_rollout::{
    CalledAgent, EditKind, FileEdit, TurnItem, TurnItemKind, TurnStatus, UserMessage, command_line,
};

use crate::model::{Edit, Entry, Item, State, Step, SubAgent, Turn};
use crate::text::{Secrets, output_text};

/// Makes turns for people.
#[derive(Debug, Clone)]
pub struct Builder {
    /// Treatment of secrets.
    pub secrets: Secrets,
    /// The thread's folder: paths below it are shown from there.
    pub cwd: Option<String>,
    /// True if the last turn may still go on. A turn without an end was interrupted otherwise.
    pub is_running: bool,
}

impl Builder {
    /// Makes a turn.
    pub fn turn(&self, number: u64, turn: threadkeep_rollout::Turn) -> Turn {
        let status = match turn.status {
            TurnStatus::InProgress if !self.is_running => TurnStatus::Interrupted,
            status => status,
        };
        Turn {
            number,
            status,
            error: turn.error.map(|error| self.text(error)),
            inherited: turn.inherited,
            started_at: turn.started_at,
            ended_at: turn.completed_at,
            duration_ms: turn.duration_ms,
            items: turn.items.into_iter().map(|item| self.item(item)).collect(),
            omitted: turn.omitted_items,
            id: turn.id,
        }
    }

    fn item(&self, TurnItem { at, kind, .. }: TurnItem) -> Item {
        Item { at, entry: self.entry(kind) }
    }

    fn entry(&self, kind: TurnItemKind) -> Entry {
        match kind {
            TurnItemKind::UserMessage { text, images } => self.user(text, images),
            TurnItemKind::AgentMessage { text, phase } => Entry::Agent { text: self.text(text), phase },
            TurnItemKind::Reasoning { summary } => Entry::Reasoning { text: self.text(summary.join("\n\n")) },
            TurnItemKind::CommandExecution { command, cwd, status, exit_code, duration_ms, output } => {
                Entry::Command {
                    command: self.text(command_line(&command)),
                    cwd: cwd.filter(|cwd| Some(cwd) != self.cwd.as_ref()).map(|cwd| self.text(cwd)),
                    state: exit_code.map_or_else(|| state(status.as_deref()), |code| done(code == 0)),
                    exit_code,
                    duration_ms,
                    output: self.output(output),
                }
            }
            TurnItemKind::FileChange { changes, status, output } => {
                let state = state(status.as_deref());
                let error = output.filter(|_| state == State::Failed).map(|output| self.output(Some(output)));
                Entry::Edits { state, files: changes.iter().map(|edit| self.edit(edit)).collect(), error }
            }
            TurnItemKind::Plan { explanation, steps } => Entry::Plan {
                explanation: self.maybe(explanation),
                steps: steps
                    .into_iter()
                    .map(|step| Step { text: self.text(step.step), status: step.status.unwrap_or_default() })
                    .collect(),
            },
            TurnItemKind::CollabAgentToolCall { tool, status, prompt, agents } => Entry::SubAgents {
                action: tool,
                state: state(status.as_deref()),
                prompt: self.maybe(prompt),
                agents: agents.into_iter().map(|agent| self.agent(agent)).collect(),
            },
            TurnItemKind::SubAgentActivity { activity, thread_id, agent_path } => Entry::SubAgents {
                action: activity,
                state: State::Unknown,
                prompt: None,
                agents: vec![SubAgent { thread_id, name: agent_path, state: None, message: None }],
            },
            TurnItemKind::McpToolCall { server, tool, arguments, status, output, duration_ms } => {
                Entry::Tool {
                    name: format!("{server}.{tool}"),
                    state: state(status.as_deref()),
                    duration_ms,
                    arguments: self.text(arguments),
                    output: self.output(output),
                }
            }
            TurnItemKind::ToolCall { name, arguments, output } => Entry::Tool {
                name,
                state: State::Unknown,
                duration_ms: None,
                arguments: self.text(arguments),
                output: self.output(output),
            },
            TurnItemKind::WebSearch { query } => Entry::Search { query: self.text(query) },
            TurnItemKind::ImageView { path } => {
                Entry::Image { made: false, path: Some(self.path(&path)), prompt: None }
            }
            TurnItemKind::ImageGeneration { prompt, path, .. } => Entry::Image {
                made: true,
                path: path.map(|path| self.path(&path)),
                prompt: self.maybe(prompt),
            },
            TurnItemKind::ContextCompaction => Entry::Compaction,
            TurnItemKind::EnteredReview { target } => {
                Entry::Review { ended: false, text: self.maybe(target) }
            }
            TurnItemKind::ExitedReview { review } => Entry::Review { ended: true, text: self.maybe(review) },
            TurnItemKind::Other { item_type, .. } => Entry::Other { item_type },
            other => Entry::Other { item_type: type_of(&other) },
        }
    }

    /// Splits the user's own words from those of an editor.
    fn user(&self, text: String, images: usize) -> Entry {
        let mut message = UserMessage::default();
        message.text = text;
        match message.request().map(str::to_owned) {
            Some(request) if request.len() < message.text.trim().len() => {
                let context = message.text.trim().strip_suffix(request.as_str());
                let context = context.map(|context| self.text(context.trim_end().to_owned()));
                Entry::User { text: self.text(request), context, images }
            }
            _ => Entry::User { text: self.text(message.text), context: None, images },
        }
    }

    fn edit(&self, edit: &FileEdit) -> Edit {
        let (added, removed) = edit.counts();
        let (kind, moved_to) = match &edit.kind {
            EditKind::Add => ("add", None),
            EditKind::Delete => ("delete", None),
            EditKind::Update { move_path } => ("update", move_path.as_deref()),
            _ => ("change", None),
        };
        let diff = self.secrets.diff(edit);
        let moved_to = moved_to.map(|path| self.path(path));
        Edit { path: self.path(&edit.path), moved_to, kind, added, removed, diff }
    }

    fn agent(&self, agent: CalledAgent) -> SubAgent {
        SubAgent {
            thread_id: Some(agent.thread_id),
            name: agent.nickname,
            state: agent.state,
            message: self.maybe(agent.message),
        }
    }

    /// Shows a path from the thread's folder, if it is below.
    fn path(&self, path: &str) -> String {
        let below = self.cwd.as_ref().and_then(|cwd| Path::new(path).strip_prefix(cwd).ok());
        let below = below.and_then(Path::to_str).filter(|below| !below.is_empty());
        self.text(below.unwrap_or(path).to_owned())
    }

    fn maybe(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn text(&self, text: String) -> String {
        self.secrets.text(text)
    }

    fn output(&self, output: Option<String>) -> String {
        self.text(output_text(&output.unwrap_or_default()))
    }
}

fn done(succeeded: bool) -> State {
    if succeeded { State::Succeeded } else { State::Failed }
}

fn state(status: Option<&str>) -> State {
    match status {
        Some("completed") => State::Succeeded,
        Some("failed" | "declined") => State::Failed,
        _ => State::Unknown,
    }
}

/// Returns the type of an item that a later version of the library knows.
fn type_of(kind: &TurnItemKind) -> String {
    let value = serde_json::to_value(kind).unwrap_or_default();
    value.get("type").and_then(|name| name.as_str()).unwrap_or("item").to_owned()
}
