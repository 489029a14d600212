//! Reads the turns of a rollout, a page at a time.

use std::collections::VecDeque;
use std::path::Path;

use super::builder::Builder;
use super::turn::{ItemsView, Turn};
use crate::format::line::Lines;
use crate::lines::error::ExtractError;
use crate::lines::skipped::SkippedLines;

/// Selection of turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnQuery {
    /// Newest turns first. Default: false.
    pub newest_first: bool,
    /// The most turns of a page. Default: 25.
    pub limit: usize,
    /// Only turns beyond the one at this [`Turn::offset`], in the query's direction. Default: from
    /// the first.
    pub after: Option<u64>,
    /// Selection of their items. Default: [`ItemsView::Summary`].
    pub view: ItemsView,
}

impl Default for TurnQuery {
    fn default() -> Self {
        Self { newest_first: false, limit: 25, after: None, view: ItemsView::Summary }
    }
}

/// Page of a thread's turns.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TurnPage {
    /// The turns, in the query's order.
    pub turns: Vec<Turn>,
    /// True if there are more beyond the last.
    pub more: bool,
    /// Lines on the way that could not be read.
    pub skipped: SkippedLines,
}

/// Reads a page of the turns of the rollout `file`. Holds no more turns in memory than the page
/// has.
///
/// # Errors
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
/// [`ExtractError::CompressionUnsupported`] without the feature `zstd`. Content is never an error.
pub fn list_turns(file: &Path, compressed: bool, query: &TurnQuery) -> Result<TurnPage, ExtractError> {
    let mut lines = Lines::open(file, compressed)?;
    let mut builder = Builder::new(query.view);
    let mut page = Page { query, turns: VecDeque::new(), more: false };
    while let Some(line) = lines.next_line()? {
        let Ok(line) = line else { continue };
        if builder.take(&line).is_some_and(|turn| page.take(turn)) {
            break;
        }
    }
    if let Some(turn) = builder.finish() {
        page.take(turn);
    }
    let turns = if query.newest_first { page.turns.into_iter().rev().collect() } else { page.turns.into() };
    Ok(TurnPage { turns, more: page.more, skipped: lines.skipped().clone() })
}

struct Page<'q> {
    query: &'q TurnQuery,
    turns: VecDeque<Turn>,
    more: bool,
}

impl Page<'_> {
    /// Takes the next turn of the file. Returns true once the page is complete.
    fn take(&mut self, turn: Turn) -> bool {
        let TurnQuery { newest_first, limit, after, .. } = *self.query;
        if newest_first {
            if after.is_some_and(|after| turn.offset >= after) {
                return true;
            }
            self.turns.push_back(turn);
            if self.turns.len() > limit {
                self.turns.pop_front();
                self.more = true;
            }
            return false;
        }
        if self.more || after.is_some_and(|after| turn.offset <= after) {
            return self.more;
        }
        self.more = self.turns.len() >= limit;
        if !self.more {
            self.turns.push_back(turn);
        }
        self.more
    }
}
