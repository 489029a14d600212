//! Journal of a session's store: all that happened since a generation.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::usage::Usage;
use crate::error::StoreError;
use crate::files;

#[derive(Debug, Deserialize)]
struct Record<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    delta: Vec<Change<'a>>,
}

/// Change of the state.
#[derive(Debug, Deserialize)]
pub(super) struct Change<'a> {
    #[serde(borrow)]
    pub(super) op: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) entry: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) state: Option<&'a RawValue>,
}

/// Result of an action, such as a request.
#[derive(Debug, Deserialize)]
struct Action {
    action_id: String,
    result: ActionResult,
}

#[derive(Debug, Deserialize)]
struct ActionResult {
    result: Completion,
}

#[derive(Debug, Deserialize)]
struct Completion {
    usage: Usage,
}

/// Reads the changes of a segment. Returns the number of damaged lines.
pub(super) fn deltas(segment: &Path, mut take: impl FnMut(&Change<'_>)) -> Result<u64, StoreError> {
    let mut damaged = 0;
    let skipped = files::each_line(segment, |_, json| {
        // Most records are long requests. The type stands at a line's end.
        if !json.contains("\"projection_delta\"") {
            serde_json::from_str::<IgnoredAny>(json)?;
            return Ok(true);
        }
        if let Some(payload) = record(json, "projection_delta")? {
            match serde_json::from_str::<Delta<'_>>(payload.get()) {
                Ok(Delta { delta }) => delta.iter().for_each(&mut take),
                Err(_) => damaged += 1,
            }
        }
        Ok(true)
    })?;
    Ok(skipped + damaged)
}

/// Reads the tokens of some requests from a segment.
pub(super) fn usages(
    segment: &Path,
    actions: &HashSet<&str>,
    mut take: impl FnMut(&str, &Usage),
) -> Result<(), StoreError> {
    files::each_line(segment, |_, json| {
        if json.contains("\"action_result\"")
            && let Some(payload) = record(json, "action_result")?
            && let Ok(action) = serde_json::from_str::<Action>(payload.get())
            && actions.contains(action.action_id.as_str())
        {
            take(&action.action_id, &action.result.result.usage);
        }
        Ok(true)
    })?;
    Ok(())
}

/// Returns the payload of a record; `None` of a record of another kind.
fn record<'a>(json: &'a str, kind: &str) -> serde_json::Result<Option<&'a RawValue>> {
    let record: Record<'_> = serde_json::from_str(json)?;
    Ok((record.kind == kind).then_some(record.payload))
}
