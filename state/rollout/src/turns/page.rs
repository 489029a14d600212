//! Reads the turns of a thread, a page at a time.

use std::collections::VecDeque;
use std::ops::ControlFlow::{self, Break, Continue};

use super::turn::{ItemsView, Turn, TurnPlace};
use super::walk::Walk;
use crate::chain::link::{BaseProblem, Chain};
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
    /// Only turns beyond the one at this [`Turn::place`], in the query's direction. Default, and
    /// for a place in no file of the chain: from the first.
    pub after: Option<TurnPlace>,
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
    /// Reason why older turns are missing, if the pass came so far.
    pub problem: Option<BaseProblem>,
    /// Lines of the newest file, on the way, that could not be read.
    pub skipped: SkippedLines,
}

/// Reads a page of the turns of a chain: those of all its files that still count. Leaves out turns
/// that were taken back. Holds no more turns in memory than the page has.
///
/// # Errors
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
/// [`ExtractError::CompressionUnsupported`] without the feature `zstd`, about the newest file.
/// Content is never an error, and neither is a base that cannot be read: see [`TurnPage::problem`].
pub fn list_turns(chain: &Chain, query: &TurnQuery) -> Result<TurnPage, ExtractError> {
    let mut walk = Walk::new(chain);
    let after = query.after.and_then(|place| Some((chain.number_of(place.file_id)?, place.offset)));
    let mut page = Page { query, after, turns: VecDeque::new(), more: false };
    walk.turns(query.view, |turn| page.take(turn))?;
    let turns = if query.newest_first { page.turns.into_iter().rev().collect() } else { page.turns.into() };
    Ok(TurnPage { turns, more: page.more, problem: walk.problem, skipped: walk.skipped })
}

/// Gives each turn of a chain to `take`, the oldest first, until that breaks. Leaves out turns that
/// were taken back. Returns the reason why turns are missing.
///
/// # Errors
///
/// As [`list_turns`].
pub fn read_turns(
    chain: &Chain,
    view: ItemsView,
    take: impl FnMut(Turn) -> ControlFlow<()>,
) -> Result<Option<BaseProblem>, ExtractError> {
    let mut walk = Walk::new(chain);
    walk.turns(view, take)?;
    Ok(walk.problem)
}

struct Page<'q> {
    query: &'q TurnQuery,
    after: Option<(usize, u64)>,
    turns: VecDeque<Turn>,
    more: bool,
}

impl Page<'_> {
    /// Takes the next turn of the chain. Breaks once the page is complete.
    fn take(&mut self, turn: Turn) -> ControlFlow<()> {
        let TurnQuery { newest_first, limit, .. } = *self.query;
        if newest_first {
            if self.after.is_some_and(|after| turn.position() >= after) {
                return Break(());
            }
            self.turns.push_back(turn);
            if self.turns.len() > limit {
                self.turns.pop_front();
                self.more = true;
            }
            return Continue(());
        }
        if self.after.is_some_and(|after| turn.position() <= after) {
            return Continue(());
        }
        self.more = self.turns.len() >= limit;
        if self.more {
            return Break(());
        }
        self.turns.push_back(turn);
        Continue(())
    }
}
