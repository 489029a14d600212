//! Any conversation reads the same from one file and from a chain of segments. The tokens of any
//! tree of forks add up.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use threadkeep_rollout::{Chain, Extraction, Extractor, TurnQuery, TurnStatus, list_turns};
use uuid::Uuid;

use crate::Result;
use crate::chain_turns::words;
use crate::written::{File, Home, id};

/// Step of a conversation.
#[derive(Clone, Debug)]
enum Step {
    /// A turn that the agent completes or the user stops.
    Turn { completed: bool },
    /// A turn that ends in another file than it begins in.
    Split,
    /// The thread goes on in another file.
    Segment,
    /// The thread goes back behind some turn, in another file.
    Revert(Index),
    /// The last turns are taken back in the same file.
    RollBack(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|completed| Step::Turn { completed }),
        1 => Just(Step::Split),
        1 => Just(Step::Segment),
        1 => any::<Index>().prop_map(Step::Revert),
        1 => (0..4_u8).prop_map(Step::RollBack),
    ]
}

/// Turn that still counts, and the end of it in the chain.
#[derive(Clone, Copy)]
struct Kept {
    number: u64,
    completed: bool,
    /// Number of the file, ordinal and count of tokens after the turn.
    end: (usize, u64, i64),
}

fn begin(file: &mut File, number: u64) -> Result {
    let (turn, words) = (format!("t{number}"), format!("words {number}"));
    file.total += 100;
    file.event(&json!({"type": "task_started", "turn_id": turn}))?;
    file.line("turn_context", &json!({"cwd": "/project", "model": format!("model-{number}")}))?;
    file.event(&json!({"type": "user_message", "message": words}))?;
    file.event(&json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": file.total}}}))
}

fn end(file: &mut File, number: u64, completed: bool) -> Result {
    let end = if completed { "task_complete" } else { "turn_aborted" };
    file.event(&json!({"type": end, "turn_id": format!("t{number}")}))
}

/// Writes a conversation as a chain. Returns the turns that still count, and the newest file's id.
fn write_chain(home: &Home, steps: &[Step], compressed: u32) -> Result<(Vec<Kept>, Uuid)> {
    let mut files = vec![home.begin(id(1), None, 0, &json!({}))?];
    let mut kept: Vec<Kept> = Vec::new();
    for (number, step) in (1..).zip(steps) {
        let last = files.len() - 1;
        let segment = id(1000 + number);
        let (file, end_of_file) = (&mut files[last], last);
        let mut completed = true;
        match step {
            Step::Turn { completed: is_completed } => {
                completed = *is_completed;
                begin(file, number)?;
                end(file, number, completed)?;
            }
            Step::Split => {
                begin(file, number)?;
                let mut next = home.segment(file, segment, file.next)?;
                end(&mut next, number, true)?;
                files.push(next);
            }
            Step::Segment => {
                let next = home.segment(file, segment, file.next)?;
                files.push(next);
                continue;
            }
            Step::Revert(at) => {
                kept.truncate(at.index(kept.len() + 1));
                let next = match kept.last() {
                    None => home.begin(id(1), Some(segment), 0, &json!({}))?,
                    Some(turn) => {
                        let (file, ordinal, total) = turn.end;
                        File { total, ..home.segment(&files[file], segment, ordinal)? }
                    }
                };
                files.push(next);
                continue;
            }
            Step::RollBack(count) => {
                file.event(&json!({"type": "thread_rolled_back", "num_turns": count}))?;
                kept.truncate(kept.len().saturating_sub(usize::from(*count)));
                // Going back behind this event would go back to before it, too.
                let end = (end_of_file, file.next, file.total);
                if let Some(turn) = kept.last_mut() {
                    turn.end = end;
                }
                continue;
            }
        }
        let last = files.len() - 1;
        kept.push(Kept { number, completed, end: (last, files[last].next, files[last].total) });
    }
    for (number, file) in files.iter().enumerate() {
        if compressed & (1 << number.min(31)) != 0 {
            file.compress()?;
        }
    }
    Ok((kept, files[files.len() - 1].id()))
}

/// Writes turns to one file.
fn write_file(home: &Home, turns: &[Kept]) -> Result<Uuid> {
    let mut file = home.begin(id(1), None, 0, &json!({}))?;
    for turn in turns {
        begin(&mut file, turn.number)?;
        end(&mut file, turn.number, turn.completed)?;
    }
    Ok(file.id())
}

/// Id, words, tokens and outcome.
fn fields(read: Extraction) -> impl PartialEq + std::fmt::Debug {
    let metadata = read.metadata;
    assert_eq!(read.base_problem, None);
    (
        (metadata.title, metadata.first_user_message),
        (metadata.own_tokens.unwrap_or(0), metadata.inherited_tokens),
        (metadata.thread_id, metadata.run_outcome),
    )
}

fn turns(home: &Home, file_id: Uuid) -> Result<Vec<(String, TurnStatus, bool, String)>> {
    let chain = Chain::resolve(&home.home, &home.file(file_id)?, |_| true)?;
    let mut query = TurnQuery::default();
    query.limit = 1000;
    let page = list_turns(&chain, &query)?;
    assert_eq!(page.problem, None);
    let short =
        page.turns.iter().map(|turn| (turn.id.clone(), turn.status, turn.inherited, words(turn).to_owned()));
    Ok(short.collect())
}

/// Thread of a tree of forks.
#[derive(Clone, Debug)]
struct Thread {
    /// The thread that it was forked from, and the number of turns that it inherits.
    source: Index,
    inherits: Index,
    /// By reference, by copied lines, or by copied lines with their number.
    way: u8,
    turns: u8,
}

fn thread() -> impl Strategy<Value = Thread> {
    (any::<Index>(), any::<Index>(), 0..3_u8, 0..4_u8).prop_map(|(source, inherits, way, turns)| Thread {
        source,
        inherits,
        way,
        turns,
    })
}

/// A written thread: its file, and each turn's id and end.
struct Written {
    file: File,
    turns: Vec<(u64, (usize, u64))>,
}

fn write_tree(home: &Home, threads: &[Thread]) -> Result<Vec<(Uuid, usize, usize)>> {
    let mut written: Vec<Written> = Vec::new();
    let mut number = 0;
    let mut wanted = Vec::new();
    for (place, thread) in threads.iter().enumerate() {
        let thread_id = id(1 + place as u64);
        let (mut file, mut turns) = if written.is_empty() {
            (home.begin(thread_id, None, 0, &json!({}))?, Vec::new())
        } else {
            let source = &written[thread.source.index(written.len())];
            let inherited = source.turns[..thread.inherits.index(source.turns.len() + 1)].to_vec();
            match inherited.last() {
                // A base without a turn of its own inherits those of its own base.
                Some((_, (file, ordinal))) if thread.way == 0 => {
                    let base = &written[*file].file;
                    let total = 100 * i64::try_from(inherited.len())?;
                    (File { total, ..home.fork(base, thread_id, *ordinal)? }, inherited)
                }
                _ => {
                    let lines = 2 + 5 * inherited.len();
                    let mut more = json!({"forked_from_id": source.file.name.thread_id});
                    if thread.way == 2 {
                        more["subagent_history_start_ordinal"] = json!(lines);
                    }
                    let mut file = home.begin(thread_id, None, 0, &more)?;
                    file.line("session_meta", &json!({"id": source.file.name.thread_id, "cwd": "/project"}))?;
                    let mut copied = Vec::new();
                    for (turn, _) in inherited {
                        begin(&mut file, turn)?;
                        end(&mut file, turn, true)?;
                        copied.push((turn, (place, file.next)));
                    }
                    (file, copied)
                }
            }
        };
        let inherited = turns.len();
        for _ in 0..thread.turns {
            number += 1;
            begin(&mut file, number)?;
            end(&mut file, number, true)?;
            turns.push((number, (place, file.next)));
        }
        wanted.push((file.id(), inherited, usize::from(thread.turns)));
        written.push(Written { file, turns });
    }
    Ok(wanted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_chain_reads_like_one_file(steps in prop::collection::vec(step(), 1..25), compressed in any::<u32>()) {
        let run = || -> Result {
            let (chain, single) = (Home::new()?, Home::new()?);
            let (kept, newest) = write_chain(&chain, &steps, compressed & compressed.rotate_left(7))?;
            let file = write_file(&single, &kept)?;
            assert_eq!(fields(chain.extract(newest)?), fields(single.extract(file)?));
            assert_eq!(turns(&chain, newest)?, turns(&single, file)?);
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }

    #[test]
    fn tokens_and_turns_of_forks_add_up(threads in prop::collection::vec(thread(), 1..12)) {
        let run = || -> Result {
            let home = Home::new()?;
            let wanted = write_tree(&home, &threads)?;
            let mut extractor = Extractor::of_home(&home.home);
            for (file_id, inherited, own) in wanted {
                let file = home.file(file_id)?;
                let path = home.home.absolute(&file.path);
                let read = extractor.extract(&path, false, file.name.as_ref(), None)?;
                let tokens = |turns: usize| i64::try_from(100 * turns);
                let got = (read.metadata.own_tokens, read.metadata.inherited_tokens);
                assert_eq!(got.0.unwrap_or(0), tokens(own)?, "{:?}", file.name);
                assert_eq!(got.1.unwrap_or(0), tokens(inherited)?, "{:?}", file.name);
                let turns = turns(&home, file_id)?;
                assert_eq!(turns.iter().filter(|turn| turn.2).count(), inherited);
                assert_eq!(turns.len(), inherited + own);
            }
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}
