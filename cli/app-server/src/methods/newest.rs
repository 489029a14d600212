//! The newest turns of a thread, as many as fit into one answer.

use std::collections::VecDeque;
use std::io::{self, Write};

use crate::protocol::turn::Turn;

/// Most turns of an answer.
const MOST_TURNS: usize = 1_000;
/// Bytes of JSON after which older turns are left out. The newest turn is there in any case.
const MOST_BYTES: usize = 16 << 20;

/// The newest of the turns that were pushed.
#[derive(Default)]
pub(super) struct Newest {
    /// Turns, each with its length in bytes of JSON.
    turns: VecDeque<(Turn, usize)>,
    bytes: usize,
    left_out: usize,
}

impl Newest {
    pub(super) fn push(&mut self, turn: Turn) {
        let length = length_of(&turn);
        self.bytes += length;
        self.turns.push_back((turn, length));
        while self.turns.len() > MOST_TURNS || self.bytes > MOST_BYTES && self.turns.len() > 1 {
            let Some((_, length)) = self.turns.pop_front() else { return };
            self.bytes -= length;
            self.left_out += 1;
        }
    }

    /// Returns the turns, the oldest first, and the reason why older ones are left out.
    pub(super) fn ended(self) -> (Vec<Turn>, Option<String>) {
        let incomplete = (self.left_out > 0).then(|| {
            format!("the oldest {} turns are left out; `thread/turns/list` lists them", self.left_out)
        });
        (self.turns.into_iter().map(|(turn, _)| turn).collect(), incomplete)
    }
}

fn length_of(turn: &Turn) -> usize {
    struct Counter(usize);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // A turn of our own always has a JSON form.
    let _ = serde_json::to_writer(&mut counter, turn);
    counter.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::item::ThreadItem;
    use crate::protocol::turn::{ItemsView, TurnStatus};

    fn turn(id: usize, bytes: usize) -> Turn {
        let item = ThreadItem::ContextCompaction { id: Some("x".repeat(bytes)) };
        Turn {
            id: id.to_string(),
            root_turn_id: None,
            items: vec![item],
            items_view: ItemsView::Full,
            status: TurnStatus::Completed,
            error: None,
            started_at: None,
            completed_at: None,
            duration_ms: None,
        }
    }

    fn ids(count: usize, bytes: usize) -> (Vec<String>, Option<String>) {
        let mut newest = Newest::default();
        (0..count).for_each(|id| newest.push(turn(id, bytes)));
        let (turns, incomplete) = newest.ended();
        (turns.into_iter().map(|turn| turn.id).collect(), incomplete)
    }

    #[test]
    fn the_newest_turns_fit_into_an_answer() {
        let (all, incomplete) = ids(MOST_TURNS, 1);
        assert_eq!((all.len(), incomplete), (MOST_TURNS, None));
        let (many, incomplete) = ids(100_000, 1);
        assert_eq!((many.len(), many[0].as_str()), (MOST_TURNS, "99000"));
        assert!(incomplete.is_some_and(|reason| reason.starts_with("the oldest 99000 turns are left out")));
        // Fifteen and a bit: a turn has more than its item.
        assert_eq!(ids(40, 1 << 20).0, (25..40).map(|id| id.to_string()).collect::<Vec<_>>());
        assert_eq!(ids(3, 17 << 20).0, ["2"]);
    }
}
