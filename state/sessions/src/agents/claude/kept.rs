//! Pieces of other sessions: a fork needs the lines that it has copied, which would count as its
//! own otherwise, and a session of an old version needs its title.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::Context;
use super::line::Head;
use super::origin::Origin;
use super::summaries::Summary;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::piece::Piece;

pub(super) fn pieces(found: &FoundSession, context: &Context) -> Result<Vec<Piece>, StoreError> {
    let Context { families, summaries } = context;
    let path = found.main_file()?;
    let mut lines = BTreeMap::<PathBuf, String>::new();
    if let Some(Summary { source, line, .. }) = summaries.of(path).filter(|summary| summary.source != path) {
        lines.insert(source.clone(), format!("{line}\n"));
    }
    if let Some(other) = Origin::of(path, families)?.source {
        let copied = copied(&other, path)?;
        lines.entry(other).or_default().push_str(&copied);
    }
    Ok(lines.into_iter().map(|(path, lines)| Piece::context(path, lines.into_bytes())).collect())
}

/// Returns the lines of a file that a fork has copied.
fn copied(from: &Path, fork: &Path) -> Result<String, StoreError> {
    let mut own = HashSet::new();
    files::each_line(fork, |_, json| {
        own.extend(uuid(json)?);
        Ok(true)
    })?;
    let mut copied = String::new();
    files::each_line(from, |_, json| {
        if uuid(json)?.is_some_and(|uuid| own.contains(&uuid)) {
            copied.push_str(json);
            copied.push('\n');
        }
        Ok(true)
    })?;
    Ok(copied)
}

fn uuid(json: &str) -> serde_json::Result<Option<String>> {
    Ok(serde_json::from_str::<Head<'_>>(json)?.uuid.map(Cow::into_owned))
}
