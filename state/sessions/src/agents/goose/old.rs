//! Reads a session that an older version of goose wrote: a file of JSON lines, of which the first
//! one describes the session.

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::line::{Content, tokens};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::session::{Outcome, Purpose, Request, Session, TitleSource};
use crate::tolerant::{count, or_default};

#[derive(Debug, Deserialize)]
pub(super) struct Header {
    working_dir: String,
    #[serde(default, deserialize_with = "or_default")]
    description: String,
    #[serde(default, deserialize_with = "count")]
    accumulated_input_tokens: Option<i64>,
    #[serde(default, deserialize_with = "count")]
    accumulated_output_tokens: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Line<'a> {
    role: String,
    #[serde(default, deserialize_with = "count")]
    created: Option<i64>,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// Reads a file's first line; `None` if it describes no session.
pub(super) fn header(path: &Path) -> Result<Option<Header>, StoreError> {
    files::find(path, |header, json| {
        *header = serde_json::from_str(json).ok();
        Ok(false)
    })
}

pub(super) fn session(found: &FoundSession) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let header = header(path)?.ok_or_else(|| found.gone())?;
    let mut draft = Draft::new(&found.native_id);
    draft.cwd(&header.working_dir);
    draft.title(&header.description, TitleSource::Agent);
    let tokens = tokens([header.accumulated_input_tokens, header.accumulated_output_tokens, None, None]);
    if tokens.input > 0 || tokens.output > 0 {
        let id = format!("{}/before the ledger", found.native_id);
        let purpose = Purpose::Conversation;
        draft.request(Request { id, at: None, model: None, purpose, tokens, inherited: false });
    }
    let skipped = files::each_line(path, |_, json| {
        let line: Line<'_> = serde_json::from_str(json)?;
        let Some(content) = Content::read(line.content.get()) else { return Ok(true) };
        let at = line.created.and_then(|seconds| Timestamp::from_second(seconds).ok());
        draft.said_at(at);
        let (words, images) = (content.text(), content.images());
        match line.role.as_str() {
            "user" => {
                content.take_results(&mut draft, at);
                if !words.is_empty() || images > 0 {
                    draft.prompt(at, None, &words, images);
                }
            }
            "assistant" => {
                content.take_answer(&mut draft, at, None);
                let goes_on = content.has_call();
                draft.end(if goes_on { Outcome::Unfinished } else { Outcome::Completed }, None);
            }
            _ => {}
        }
        Ok(true)
    })?;
    draft.skip(skipped);
    Ok(draft.finish())
}
