//! Errors of the history in words.

use threadkeep_history::HistoryError;

use super::database::of_store;
use crate::fault::Fault;
use crate::message::typed;
use crate::text::count;

/// Finds words for an error of the history.
pub(super) fn of_history(error: &HistoryError) -> Fault {
    match error {
        HistoryError::NoWords(text) => Fault::new(
            (typed(text), " has no letter and no digit to search for"),
            "type at least one word; signs alone are not indexed",
        ),
        HistoryError::TooManyWords { words, max } => Fault::new(
            format!("a search takes at most {max} words; this one has {}", count(*words as u64)),
            "the rarest words suffice: leave out the others",
        ),
        other => of_store(other).unwrap_or_else(|| Fault::plain(other)),
    }
}
