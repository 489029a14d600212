//! Parts of items.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use threadkeep_rollout::{CalledAgent, EditKind, FileEdit, PlanStep};

use super::text::safe;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum UserPart<'a> {
    Text { text: Cow<'a, str> },
    Image,
}

#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum AgentPart<'a> {
    Text { text: Cow<'a, str> },
}

#[derive(Serialize)]
pub(super) struct Duration {
    secs: u64,
    nanos: u64,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Change<'a> {
    Add { content: Cow<'a, str> },
    Delete { content: Cow<'a, str> },
    Update { unified_diff: Cow<'a, str>, move_path: Option<&'a str> },
}

#[derive(Serialize)]
pub(super) struct Step<'a> {
    step: Cow<'a, str>,
    status: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Nickname<'a> {
    thread_id: &'a str,
    agent_nickname: &'a str,
}

/// State of another agent: a word, or the word with the agent's last words.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum State<'a> {
    Word(&'a str),
    #[serde(serialize_with = "as_map")]
    Said([(&'a str, Cow<'a, str>); 1]),
}

#[derive(Serialize)]
pub(super) struct McpResult<'a> {
    pub(super) content: [UserPart<'a>; 1],
}

#[derive(Serialize)]
pub(super) struct ReviewOutput<'a> {
    pub(super) overall_explanation: Option<Cow<'a, str>>,
}

/// Returns the changes of each file in the order of the files; of several, the last one.
pub(super) fn by_path(edits: &[FileEdit]) -> Vec<(&str, Change<'_>)> {
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
        let diff = safe(&edit.diff);
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

impl Duration {
    pub(super) fn of(milliseconds: u64) -> Self {
        Self { secs: milliseconds / 1_000, nanos: milliseconds % 1_000 * 1_000_000 }
    }
}

impl<'a> Step<'a> {
    pub(super) fn of(step: &'a PlanStep) -> Self {
        Self { step: safe(&step.step), status: step.status.as_deref() }
    }
}

impl<'a> Nickname<'a> {
    pub(super) fn of(agent: &'a CalledAgent) -> Option<Self> {
        Some(Self { thread_id: &agent.thread_id, agent_nickname: agent.nickname.as_deref()? })
    }
}

impl<'a> State<'a> {
    pub(super) fn of(agent: &'a CalledAgent) -> Option<(&'a str, Self)> {
        let word = agent.state.as_deref()?;
        let said = agent.message.as_deref().map(|message| Self::Said([(word, safe(message))]));
        Some((&agent.thread_id, said.unwrap_or(Self::Word(word))))
    }
}

pub(super) fn as_map<'a, S: Serializer, V: Serialize>(
    entries: &(impl AsRef<[(&'a str, V)]> + ?Sized),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(entries.as_ref().iter().map(|(name, value)| (name, value)))
}
