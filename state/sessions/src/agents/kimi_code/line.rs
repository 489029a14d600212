//! Lines of Kimi Code's `wire.jsonl`, as far as they are read.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agents::blocks::Block;
use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;
use crate::tolerant::or_default;

/// Line. Its fields depend on its type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(default, deserialize_with = "or_default")]
    time: Option<i64>,
    /// Of the first line.
    #[serde(default, rename = "created_at", deserialize_with = "or_default")]
    created_at: Option<i64>,
    /// Version of the format, of the first line.
    #[serde(default, rename = "protocol_version", deserialize_with = "or_default")]
    pub(super) protocol_version: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) prompt_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) origin: Origin,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    /// Reason for the end of a turn.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) reason: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) error: Failure,
    /// Model of a request; of `usage.record`, a name from the user's settings.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) usage: Option<Usage>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) usage_scope: Option<String>,
    /// Number of turns that the user takes back.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) count: Option<usize>,
    #[serde(default, deserialize_with = "or_default")]
    subagent_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    description: Option<String>,
}

impl<'a> Line<'a> {
    pub(super) fn at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.time.or(self.created_at)?).ok()
    }

    pub(super) fn event(&self) -> Event<'a> {
        self.event.and_then(|event| serde_json::from_str(event.get()).ok()).unwrap_or_default()
    }

    pub(super) fn message(&self) -> Message<'a> {
        self.message.and_then(|message| serde_json::from_str(message.get()).ok()).unwrap_or_default()
    }
}

/// Author of a prompt.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Origin {
    pub(super) kind: String,
    pub(super) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    pub(super) message: Option<String>,
}

/// Event of the agent's loop. Its fields depend on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Event<'a> {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) uuid: Option<String>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) part: Block<'a>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_call_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "or_default")]
    pub(super) result: Returned<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Returned<'a> {
    #[serde(borrow)]
    pub(super) output: Option<&'a RawValue>,
    pub(super) is_error: bool,
}

/// Message, as `kimi migrate` writes them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message<'a> {
    pub(super) role: String,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_calls: Vec<Call>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_call_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    /// JSON, as a text.
    #[serde(deserialize_with = "or_default")]
    pub(super) arguments: Option<String>,
}

/// Tokens of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Usage {
    input_other: i64,
    output: i64,
    input_cache_read: i64,
    input_cache_creation: i64,
}

impl From<&Usage> for Tokens {
    /// Adds the cached parts to the input, which leaves them out.
    fn from(usage: &Usage) -> Self {
        let (cached, written) = (usage.input_cache_read.max(0), usage.input_cache_creation.max(0));
        Self {
            input: usage.input_other.max(0).saturating_add(cached).saturating_add(written),
            cached_input: cached,
            cache_write: written,
            output: usage.output.max(0),
            reasoning: None,
        }
    }
}

/// Returns true if a file has a prompt.
pub(super) fn has_prompt(path: &Path) -> Result<bool, StoreError> {
    files::has(path, |json| Ok(serde_json::from_str::<Line<'_>>(json)?.kind == "turn.prompt"))
}

/// Returns the time up to which a file has lines of another session: when it was last forked.
pub(super) fn forked_at(path: &Path) -> Result<Option<Timestamp>, StoreError> {
    let mut time = None;
    files::each_line(path, |_, json| {
        if json.contains("\"forked\"")
            && let Ok(line) = serde_json::from_str::<Line<'_>>(json)
            && line.kind == "forked"
        {
            time = line.time.or(time);
        }
        Ok(true)
    })?;
    Ok(time.and_then(|time| Timestamp::from_millisecond(time.saturating_add(1)).ok()))
}

/// Returns the task that the main agent gave to a sub-agent, in a few words.
pub(super) fn task(main: &Path, agent: &str) -> Option<String> {
    let mut task = None;
    // A title is no reason to fail.
    let _ = files::each_line(main, |_, json| {
        task = spawned(json, agent).and_then(|line| line.description);
        Ok(task.is_none())
    });
    task
}

/// Returns true for the line with a sub-agent's task.
pub(super) fn is_task(json: &str, agent: &str) -> bool {
    spawned(json, agent).is_some()
}

fn spawned<'a>(json: &'a str, agent: &str) -> Option<Line<'a>> {
    let is_any = json.contains("\"subagent.spawned\"");
    let line: Line<'_> = is_any.then(|| serde_json::from_str(json).ok()).flatten()?;
    (line.kind == "subagent.spawned" && line.subagent_id.as_deref() == Some(agent)).then_some(line)
}
