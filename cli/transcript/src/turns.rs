//! Reads the turns of a conversation. Every command fetches them here.

use std::ops::ControlFlow::{self, Break, Continue};
use std::ops::RangeInclusive;

use threadkeep_history::{HistoryTurns, TurnsQuery};
use threadkeep_rollout::{
    AgentHome, BaseProblem, Chain, ExtractError, ItemsView, Turn, TurnItemKind, TurnStatus, UserMessage,
    read_turns,
};

/// Selection of turns by their numbers, which count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// One.
    One(u64),
    /// The last ones.
    Last(u64),
}

impl Selection {
    /// Returns the question for these turns to the history. Nothing for all of them: then each byte
    /// is read anyway.
    pub fn query(self) -> Option<TurnsQuery> {
        match self {
            Selection::All => None,
            Selection::One(number) => Some(TurnsQuery { from: number, limit: 1, from_newest: false }),
            Selection::Last(count) => {
                let limit = usize::try_from(count).unwrap_or(usize::MAX);
                Some(TurnsQuery { from: 1, limit, from_newest: true })
            }
        }
    }
}

/// A turn in a list of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// Number, from 1.
    pub number: u64,
    /// First line of what the user said.
    pub words: String,
    /// True for a turn of the history that the thread was forked from.
    pub inherited: bool,
    /// Status.
    pub status: TurnStatus,
}

/// Account of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Reading {
    /// Number of turns that were read.
    pub shown: u64,
    /// Number of turns that the conversation has; `None` if the reading ended before its end.
    pub total: Option<u64>,
    /// Reason why older turns are missing.
    pub problem: Option<BaseProblem>,
}

/// Longest words of a listed turn, in characters.
const WORDS: usize = 200;

/// Gives the selected turns to `take`, the oldest first, until that breaks. Holds one turn in
/// memory. The last ones are found by reading twice: first their number, then their items.
///
/// # Errors
///
/// As [`read_turns`].
pub fn read(
    chain: &Chain,
    selection: Selection,
    take: impl FnMut(u64, Turn) -> ControlFlow<()>,
) -> Result<Reading, ExtractError> {
    let wanted = match selection {
        Selection::All => 1..=u64::MAX,
        Selection::One(number) => number..=number,
        Selection::Last(count) => total(chain)?.saturating_sub(count) + 1..=u64::MAX,
    };
    read_all(chain, wanted, take)
}

/// As [`read`], with turns that the history found for the [selection's query](Selection::query):
/// reads only their bytes.
///
/// # Errors
///
/// As [`read_turns`].
pub fn read_known(
    home: &AgentHome,
    chain: &Chain,
    selection: Selection,
    known: &HistoryTurns,
    mut take: impl FnMut(u64, Turn) -> ControlFlow<()>,
) -> Result<Reading, ExtractError> {
    // Only the files themselves say what they lack.
    if !chain.is_surely_whole() {
        return read(chain, selection, take);
    }
    let mut reading = Reading::default();
    for place in &known.turns {
        let Ok(Some(turn)) = place.read(home, ItemsView::Full) else {
            // The file was rewritten since it was indexed.
            let last = if let Selection::One(number) = selection { number } else { u64::MAX };
            let rest = read_all(chain, place.number..=last, take)?;
            return Ok(Reading { shown: reading.shown + rest.shown, ..rest });
        };
        reading.shown += 1;
        if take(place.number, turn).is_break() {
            return Ok(reading);
        }
    }
    let ended_early = matches!(selection, Selection::One(_)) && reading.shown > 0;
    reading.total = (!ended_early).then_some(known.total);
    Ok(reading)
}

/// Reads turns from the first file on.
fn read_all(
    chain: &Chain,
    wanted: RangeInclusive<u64>,
    mut take: impl FnMut(u64, Turn) -> ControlFlow<()>,
) -> Result<Reading, ExtractError> {
    let mut reading = Reading::default();
    let mut number = 0;
    let mut ended = true;
    reading.problem = read_turns(chain, ItemsView::Full, |turn| {
        number += 1;
        let is_wanted = wanted.contains(&number);
        if is_wanted {
            reading.shown += 1;
        }
        if (is_wanted && take(number, turn).is_break()) || number >= *wanted.end() {
            ended = false;
            return Break(());
        }
        Continue(())
    })?;
    reading.total = ended.then_some(number);
    Ok(reading)
}

/// Counts the turns.
fn total(chain: &Chain) -> Result<u64, ExtractError> {
    let mut total = 0;
    read_turns(chain, ItemsView::None, |_| {
        total += 1;
        Continue(())
    })?;
    Ok(total)
}

/// Lists all turns, without their items.
///
/// # Errors
///
/// As [`read_turns`].
pub fn list(chain: &Chain) -> Result<Vec<Listed>, ExtractError> {
    let mut listed: Vec<Listed> = Vec::new();
    read_turns(chain, ItemsView::Summary, |turn| {
        listed.push(Listed {
            number: listed.len() as u64 + 1,
            words: first_words(&turn),
            inherited: turn.inherited,
            status: turn.status,
        });
        Continue(())
    })?;
    Ok(listed)
}

/// Returns the first line of the user's words in a turn.
fn first_words(turn: &Turn) -> String {
    let words = turn.items.iter().find_map(|item| match &item.kind {
        TurnItemKind::UserMessage { text, .. } => {
            let mut message = UserMessage::default();
            message.text.clone_from(text);
            message.request().and_then(|request| Some(request.lines().next()?.to_owned()))
        }
        _ => None,
    });
    words.unwrap_or_default().chars().take(WORDS).collect()
}
