//! Items as rollouts have them whole (`item_completed`).

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use threadkeep_redact::redact;
use threadkeep_rollout::{EditKind, FileEdit, TurnItem, TurnItemKind};

/// Item without secrets.
#[derive(Serialize)]
pub(super) struct Item<'a> {
    #[serde(flatten)]
    kind: Kind<'a>,
    id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Kind<'a> {
    UserMessage {
        kind: &'a str,
        content: Vec<UserPart<'a>>,
    },
    AgentMessage {
        content: [AgentPart<'a>; 1],
        phase: Option<&'a str>,
    },
    Reasoning {
        summary_text: Vec<Cow<'a, str>>,
    },
    CommandExecution {
        command: Vec<Cow<'a, str>>,
        cwd: Option<&'a str>,
        status: Option<&'a str>,
        exit_code: Option<i64>,
        aggregated_output: Option<Cow<'a, str>>,
    },
    FileChange {
        #[serde(serialize_with = "as_map")]
        changes: Vec<(&'a str, Change<'a>)>,
        status: Option<&'a str>,
        stderr: Option<Cow<'a, str>>,
    },
    ToolCall {
        name: &'a str,
        arguments: Cow<'a, str>,
        output: Option<Cow<'a, str>>,
    },
    ContextCompaction,
    Unknown,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum UserPart<'a> {
    Text { text: Cow<'a, str> },
    Image,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum AgentPart<'a> {
    Text { text: Cow<'a, str> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Change<'a> {
    Add { content: Cow<'a, str> },
    Delete { content: Cow<'a, str> },
    Update { unified_diff: Cow<'a, str>, move_path: Option<&'a str> },
}

impl<'a> Item<'a> {
    pub(super) fn of(item: &'a TurnItem) -> Self {
        Self { kind: Kind::of(&item.kind), id: item.id.as_deref() }
    }
}

impl<'a> Kind<'a> {
    fn of(kind: &'a TurnItemKind) -> Self {
        match kind {
            TurnItemKind::UserMessage { text, images } => {
                let words = (!text.is_empty()).then(|| UserPart::Text { text: redact(text) });
                let images = (0..*images).map(|_| UserPart::Image);
                // A person typed it, whatever it begins with.
                Self::UserMessage { kind: "plain", content: words.into_iter().chain(images).collect() }
            }
            TurnItemKind::AgentMessage { text, phase } => Self::AgentMessage {
                content: [AgentPart::Text { text: redact(text) }],
                phase: phase.as_deref(),
            },
            TurnItemKind::Reasoning { summary } => Self::Reasoning { summary_text: all_redacted(summary) },
            TurnItemKind::CommandExecution { command, cwd, status, exit_code, output, .. } => {
                Self::CommandExecution {
                    command: all_redacted(command),
                    cwd: cwd.as_deref(),
                    status: status.as_deref(),
                    exit_code: *exit_code,
                    aggregated_output: output.as_deref().map(redact),
                }
            }
            TurnItemKind::FileChange { changes, status, output } => Self::FileChange {
                changes: by_path(changes),
                status: status.as_deref(),
                stderr: output.as_deref().map(redact),
            },
            TurnItemKind::ToolCall { name, arguments, output } => {
                Self::ToolCall { name, arguments: redact(arguments), output: output.as_deref().map(redact) }
            }
            TurnItemKind::ContextCompaction => Self::ContextCompaction,
            // Other kinds come from rollouts alone, which need no translation.
            _ => Self::Unknown,
        }
    }
}

fn all_redacted(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| redact(text)).collect()
}

/// Returns the changes of each file in the order of the files; of several, the last one.
fn by_path(edits: &[FileEdit]) -> Vec<(&str, Change<'_>)> {
    let mut changes: Vec<(&str, _)> = Vec::with_capacity(edits.len());
    for edit in edits {
        let Some(change) = Change::of(edit) else { continue };
        match changes.iter_mut().find(|(path, _)| *path == edit.path) {
            Some((_, known)) => *known = change,
            None => changes.push((&edit.path, change)),
        }
    }
    changes
}

impl<'a> Change<'a> {
    fn of(edit: &'a FileEdit) -> Option<Self> {
        let diff = redact(&edit.diff);
        match &edit.kind {
            EditKind::Add => Some(Self::Add { content: diff }),
            EditKind::Delete => Some(Self::Delete { content: diff }),
            EditKind::Update { move_path } => {
                Some(Self::Update { unified_diff: diff, move_path: move_path.as_deref() })
            }
            _ => None,
        }
    }
}

fn as_map<S: Serializer>(changes: &[(&str, Change<'_>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(changes.iter().map(|(path, change)| (path, change)))
}
