//! Looks at the last lines of the files that a chain builds on, so that they need not be read.

use std::fs;

use super::link::{Chain, Link};
use crate::format::head;
use crate::format::line::Lines;
use crate::lines::error::ExtractError;

/// Bytes at the end of a file in which its last line is looked for.
const TAIL: u64 = 64 * 1024;

impl Chain {
    /// Returns true if nothing is missing of the files that it builds on, as their last lines show.
    /// False says that something may be: compressed files, and files with a long last line, have to
    /// be read to know.
    pub fn is_surely_whole(&self) -> bool {
        self.problem.is_none() && self.links.iter().all(|link| reaches_its_end(link).unwrap_or(false))
    }
}

/// Returns true if the file surely goes on to the end of the part that counts.
fn reaches_its_end(link: &Link) -> Result<bool, ExtractError> {
    let Some(end) = link.end else { return Ok(true) };
    if link.compressed {
        return Ok(false);
    }
    let length = fs::metadata(&link.path).map_err(ExtractError::Io)?.len();
    let mut lines = Lines::open_from(&link.path, false, length.saturating_sub(TAIL))?;
    let mut last = None;
    while let Some(line) = lines.next_line()? {
        if let Ok(line) = line {
            last = head::ordinal(line.json.as_bytes());
        }
    }
    // Both, because the file's first line decides between them: ordinals, if it has one.
    let has_lines = end.end_ordinal.is_none_or(|end| last.is_some_and(|last| last.saturating_add(1) >= end));
    let has_bytes = end.end_offset.is_none_or(|end| lines.offset() >= end);
    Ok(has_lines && has_bytes)
}
