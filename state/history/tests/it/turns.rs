//! The turns of a thread are those of its chain of files, and each can be read again.

use std::collections::HashMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_history::{AgentHome, HistoryTurn, ItemsView, SearchQuery, TurnsQuery};
use threadkeep_rollout::{Chain, RolloutFile, Turn, TurnQuery, list_turns};
use uuid::Uuid;

use crate::common::{Fixture, Result, id};

/// The newest file of each thread of a home.
pub(crate) fn newest(home: &AgentHome) -> HashMap<Uuid, RolloutFile> {
    let mut newest: HashMap<Uuid, RolloutFile> = HashMap::new();
    for file in home.discover().files {
        let Some(name) = file.name else { continue };
        let segment = |file: &RolloutFile| file.name.and_then(|name| name.segment_id);
        let known = newest.get(&name.thread_id).map(segment);
        if known.is_none_or(|known| segment(&file) > known) {
            newest.insert(name.thread_id, file);
        }
    }
    newest
}

/// All turns of a thread, as its files have them.
pub(crate) fn listed(home: &AgentHome, file: &RolloutFile) -> Result<Vec<Turn>> {
    let mut all = TurnQuery::default();
    (all.limit, all.view) = (10_000, ItemsView::Full);
    Ok(list_turns(&Chain::resolve(home, file, |_| true)?, &all)?.turns)
}

fn same(turn: &HistoryTurn, wanted: &Turn) -> (String, String) {
    let span = &turn.span;
    let ours = (
        (&turn.path, Some(turn.file_id), span.offset, &span.id, turn.inherited),
        (span.status, &span.error, span.started_at, span.completed_at, span.duration_ms),
    );
    let theirs = (
        (&wanted.file, wanted.file_id, wanted.offset, &wanted.id, wanted.inherited),
        (wanted.status, &wanted.error, wanted.started_at, wanted.completed_at, wanted.duration_ms),
    );
    (format!("{ours:?}"), format!("{theirs:?}"))
}

/// Compares each thread's turns, their items and their numbers with those of its chain. Returns the
/// number of turns.
async fn compare(fixture: &Fixture) -> Result<usize> {
    let home = fixture.home()?;
    let mut compared = 0;
    for (thread, file) in newest(&home) {
        let wanted = listed(&home, &file)?;
        let all = TurnsQuery { limit: 10_000, ..TurnsQuery::default() };
        let found = fixture.history.turns(&home, thread, &all).await?;
        assert_eq!((found.turns.len(), found.total), (wanted.len(), wanted.len() as u64), "of {thread}");
        let read = fixture.history.read_turns(&home, &found.turns, ItemsView::Full).await?;
        for ((number, (turn, read)), wanted) in found.turns.iter().zip(read).enumerate().zip(&wanted) {
            let (ours, theirs) = same(turn, wanted);
            assert_eq!(ours, theirs, "of {thread}");
            assert_eq!(turn.number, number as u64 + 1);
            assert_eq!(serde_json::to_value(read)?, serde_json::to_value(wanted)?, "of {thread}");
        }
        compared += wanted.len();
        for (from, from_newest) in [(2, false), (1, true), (3, true)] {
            let some = TurnsQuery { from, limit: 2, from_newest };
            let page = fixture.history.turns(&home, thread, &some).await?;
            let skipped = (from as usize - 1).min(wanted.len());
            let count = 2.min(wanted.len() - skipped);
            let first = if from_newest { wanted.len() - skipped - count } else { skipped };
            assert_eq!(page.turns, found.turns[first..first + count], "a page of {thread}");
        }
    }
    Ok(compared)
}

#[tokio::test]
async fn turns_are_those_of_the_bundled_rollouts() -> Result {
    for (example, least) in [("home", 20), ("home-0.171", 5), ("home-tools", 1)] {
        let fixture = Fixture::of(example)?;
        fixture.index().await?;
        assert!(compare(&fixture).await? >= least, "{example}");
    }
    Ok(())
}

/// Step of a conversation.
#[derive(Debug, Clone)]
enum Step {
    Turn,
    Begin,
    End,
    RollBack(u64),
    /// A further file of a thread, which builds on so much of the one before.
    Segment {
        of: usize,
        cut: f64,
    },
    /// Another thread, which builds on so much of a file.
    Fork {
        of: usize,
        cut: f64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (of, cut) = (0..8_usize, 0.0..=1.2);
    prop_oneof![
        6 => Just(Step::Turn),
        2 => Just(Step::Begin),
        1 => Just(Step::End),
        1 => (0..4_u64).prop_map(Step::RollBack),
        2 => (of.clone(), cut.clone()).prop_map(|(of, cut)| Step::Segment { of, cut }),
        2 => (of, cut).prop_map(|(of, cut)| Step::Fork { of, cut }),
    ]
}

/// A file that is being written.
struct File {
    thread: Uuid,
    id: Uuid,
    text: String,
    /// First ordinal, and the byte after each line.
    first: usize,
    ends: Vec<usize>,
    has_ordinals: bool,
}

impl File {
    fn begin(thread: Uuid, id: Uuid, base: Option<Value>, first: usize, has_ordinals: bool) -> File {
        let mut file = File { thread, id, text: String::new(), first, ends: Vec::new(), has_ordinals };
        let mut meta = json!({"id": thread, "timestamp": "2026-11-22T13:23:16Z"});
        if let Some(base) = base {
            meta["history_base"] = base;
        }
        file.line("session_meta", &meta);
        file
    }

    fn line(&mut self, kind: &str, payload: &Value) {
        let ordinal = self.first + self.ends.len();
        let ordinal = if self.has_ordinals { format!("\"ordinal\":{ordinal},") } else { String::new() };
        let time = "2026-11-22T13:23:16.000Z";
        _ = writeln!(
            self.text,
            "{{\"timestamp\":\"{time}\",{ordinal}\"type\":\"{kind}\",\"payload\":{payload}}}"
        );
        self.ends.push(self.text.len());
    }

    fn event(&mut self, payload: &Value) {
        self.line("event_msg", payload);
    }

    /// The part of this file before a cut, for another that builds on it, and its next ordinal.
    fn base(&self, cut: f64) -> (Value, usize) {
        let lines = ((self.ends.len() as f64 * cut) as usize).min(self.ends.len());
        let end = lines.checked_sub(1).map_or(0, |last| self.ends[last]);
        let ordinal = self.first + lines;
        let base = json!({"thread_id": self.id, "end_ordinal_exclusive": ordinal, "end_byte_offset": end});
        (base, ordinal)
    }
}

/// Writes the files of some conversations. Returns the number of their turns' words.
fn write(fixture: &Fixture, steps: &[Step], has_ordinals: bool) -> Result<usize> {
    let mut files = vec![File::begin(id(1), id(1), None, 0, has_ordinals)];
    let mut words = 0;
    for (number, step) in steps.iter().enumerate() {
        let next = id(100 + number as u128);
        let last = files.last_mut().ok_or("a file")?;
        match step {
            Step::Turn | Step::Begin => {
                words += 1;
                last.event(&json!({"type": "task_started", "turn_id": format!("{number}")}));
                last.event(&json!({"type": "user_message", "message": format!("word{words}end")}));
                if matches!(step, Step::Turn) {
                    last.event(&json!({"type": "agent_message", "message": "it is done"}));
                    last.event(&json!({"type": "task_complete", "turn_id": format!("{number}")}));
                }
            }
            Step::End => last.event(&json!({"type": "task_complete", "turn_id": null})),
            Step::RollBack(turns) => last.event(&json!({"type": "thread_rolled_back", "num_turns": turns})),
            Step::Segment { of, cut } | Step::Fork { of, cut } => {
                let of = &files[of % files.len()];
                let (base, ordinal) = of.base(*cut);
                let thread = if matches!(step, Step::Fork { .. }) { next } else { of.thread };
                files.push(File::begin(thread, next, Some(base), ordinal, has_ordinals));
            }
        }
    }
    for File { thread, id, text, .. } in files {
        let segment = if id == thread { String::new() } else { format!("_{id}") };
        let name = format!("rollout-2026-11-22T13-23-16-{thread}{segment}.jsonl");
        fixture.write(&format!("sessions/2026/11/22/{name}"), text)?;
    }
    Ok(words)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn turns_are_those_of_any_chain(
        steps in proptest::collection::vec(step(), 1..24), has_ordinals in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let fixture = Fixture::new().expect("a fixture");
            let words = write(&fixture, &steps, has_ordinals).expect("the files");
            fixture.index().await.expect("a pass");
            compare(&fixture).await.expect("the turns");
            for word in 1..=words {
                same_hits(&fixture, &format!("word{word}end")).await.expect("the hits");
            }
        });
    }
}

#[tokio::test]
async fn a_turn_goes_on_if_the_one_that_interrupted_it_no_longer_counts() -> Result {
    for has_ordinals in [false, true] {
        let fixture = Fixture::new()?;
        // The cut is behind the first turn's two lines.
        let steps = [Step::Begin, Step::Begin, Step::Segment { of: 0, cut: 0.6 }];
        write(&fixture, &steps, has_ordinals)?;
        fixture.index().await?;
        assert_eq!(compare(&fixture).await?, 1);
    }
    Ok(())
}

/// Checks that a user's word is found in each thread's own turns, with their numbers, and nowhere
/// else.
async fn same_hits(fixture: &Fixture, word: &str) -> Result {
    let home = fixture.home()?;
    let mut wanted = Vec::new();
    for (thread, file) in newest(&home) {
        for (number, turn) in listed(&home, &file)?.iter().enumerate() {
            let said = serde_json::to_string(&turn.items)?;
            if !turn.inherited && said.contains(word) {
                wanted.push((thread, Some(number as u64 + 1)));
            }
        }
    }
    let query = SearchQuery::new(word);
    let hits = fixture.hits(&query).await?;
    let shown = fixture.history.show(&home, &query, &hits).await?;
    let mut found: Vec<_> =
        hits.iter().zip(shown).map(|(hit, shown)| (hit.thread_id, shown.turn_number)).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted, "{word}");
    Ok(())
}
