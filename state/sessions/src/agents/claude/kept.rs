//! Pieces of other sessions: a fork needs the lines that it has copied, which would count as its
//! own otherwise.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;

use super::SUBAGENTS;
use super::line::Head;
use super::origin::{Families, Origin};
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::piece::Piece;

pub(super) fn pieces(found: &FoundSession, families: &Families) -> Result<Vec<Piece>, StoreError> {
    let path = found.main_file()?;
    let mut pieces = Vec::new();
    // A sub-agent is only found next to a session.
    let folder = path.parent().filter(|folder| files::name(folder) == SUBAGENTS).and_then(Path::parent);
    pieces.extend(folder.map(|folder| Piece::context(folder.with_extension("jsonl"), Vec::new())));
    let Some(other) = Origin::of(path, families)?.source else { return Ok(pieces) };
    let mut own = HashSet::new();
    files::each_line(path, |_, json| {
        own.extend(uuid(json)?);
        Ok(true)
    })?;
    let mut copied = String::new();
    files::each_line(&other, |_, json| {
        if uuid(json)?.is_some_and(|uuid| own.contains(&uuid)) {
            copied.push_str(json);
            copied.push('\n');
        }
        Ok(true)
    })?;
    pieces.push(Piece::context(other, copied.into_bytes()));
    Ok(pieces)
}

fn uuid(json: &str) -> serde_json::Result<Option<String>> {
    Ok(serde_json::from_str::<Head<'_>>(json)?.uuid.map(Cow::into_owned))
}
