//! Forks that begin with copied lines of their source.

use serde_json::{Value, json};
use threadkeep_rollout::{Chain, RunOutcome, ThreadMetadata, TurnQuery, list_turns};

use crate::Result;
use crate::chain_turns::words;
use crate::written::{File, Home, id};

/// Begins a fork of `source` that has a copy of its header.
fn copy(home: &Home, source: &File, thread: u64, more: Value) -> Result<File> {
    let mut meta = json!({"forked_from_id": source.name.thread_id});
    if let (Some(meta), Some(more)) = (meta.as_object_mut(), more.as_object()) {
        meta.extend(more.clone());
    }
    let mut fork = home.begin(id(thread), None, 0, &meta)?;
    fork.line("session_meta", &json!({"id": source.name.thread_id, "cwd": "/project", "source": "cli"}))?;
    Ok(fork)
}

/// Turn of the source, copied: the ids are the source's.
fn copied_turn(fork: &mut File, turn: &str, words: &str) -> Result {
    fork.total += 100;
    fork.event(&json!({"type": "task_started", "turn_id": turn}))?;
    fork.event(&json!({"type": "user_message", "message": words}))?;
    fork.event(&json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": fork.total}}}))?;
    fork.event(&json!({"type": "task_complete", "turn_id": turn}))
}

fn said(file: &mut File, words: &str) -> Result {
    file.total += 100;
    file.event(&json!({"type": "user_message", "message": words}))?;
    file.event(&json!({"type": "agent_message", "message": "done"}))?;
    file.event(&json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": file.total}}}))
}

fn short(metadata: &ThreadMetadata) -> (Option<&str>, Option<i64>, Option<i64>) {
    (metadata.title.as_deref(), metadata.own_tokens, metadata.inherited_tokens)
}

fn turns(home: &Home, thread: u64) -> Result<String> {
    let chain = Chain::resolve(&home.home, &home.file(id(thread))?, |_| true)?;
    let page = list_turns(&chain, &TurnQuery::default())?;
    let shown = page.turns.iter().map(|turn| [if turn.inherited { "<" } else { "" }, words(turn)].concat());
    Ok(shown.collect::<Vec<_>>().join(" "))
}

#[test]
fn the_own_part_begins_with_the_first_turn_that_the_source_does_not_have() -> Result {
    let home = Home::new()?;
    let mut source = home.begin(id(1), None, 0, &json!({}))?;
    copied_turn(&mut source, "t1", "one")?;
    let mut fork = copy(&home, &source, 2, json!({}))?;
    copied_turn(&mut fork, "t1", "one")?;
    let read = home.extract(id(2))?;
    assert_eq!(short(&read.metadata), (None, Some(0), Some(100)), "nothing is its own yet");
    assert_eq!(read.metadata.run_outcome, RunOutcome::Unknown);
    // The source goes on, and the fork says the same words again.
    copied_turn(&mut source, "t2", "two")?;
    copied_turn(&mut fork, "t3", "one")?;
    let grown = home.extract_from(id(2), Some(&read.checkpoint))?;
    assert_eq!(short(&grown.metadata), (Some("one"), Some(100), Some(100)));
    assert_eq!(grown.metadata.thread_id, id(2));
    assert_eq!(turns(&home, 2)?, "<one one");
    copied_turn(&mut fork, "t4", "four")?;
    let grown = home.extract_from(id(2), Some(&grown.checkpoint))?;
    assert!(grown.resumed);
    assert_eq!(short(&grown.metadata), (Some("one"), Some(200), Some(100)));

    // A fork of the fork, by reference and by copied lines.
    let mut deeper = home.fork(&fork, id(3), fork.next)?;
    deeper.turn("deeper")?;
    assert_eq!(short(&home.extract(id(3))?.metadata), (Some("deeper"), Some(100), Some(300)));
    assert_eq!(turns(&home, 3)?, "<one <one <four deeper");
    let mut copied = copy(&home, &fork, 4, json!({}))?;
    for (turn, words) in [("t1", "one"), ("t3", "one"), ("t5", "five")] {
        copied_turn(&mut copied, turn, words)?;
    }
    assert_eq!(short(&home.extract(id(4))?.metadata), (Some("five"), Some(100), Some(200)));
    Ok(())
}

#[test]
fn inherited_turns_that_a_fork_takes_back_are_inherited_no_longer() -> Result {
    for by_reference in [true, false] {
        let home = Home::new()?;
        let mut source = home.begin(id(1), None, 0, &json!({}))?;
        for turn in ["t1", "t2", "t3"] {
            copied_turn(&mut source, turn, turn)?;
        }
        let mut fork = if by_reference {
            home.fork(&source, id(2), source.next)?
        } else {
            let mut fork = copy(&home, &source, 2, json!({}))?;
            for turn in ["t1", "t2", "t3"] {
                copied_turn(&mut fork, turn, turn)?;
            }
            fork
        };
        copied_turn(&mut fork, "own", "own")?;
        let read = home.extract(id(2))?;
        assert_eq!(short(&read.metadata), (Some("own"), Some(100), Some(300)));
        // Its own turn, and two of the source's.
        fork.event(&json!({"type": "thread_rolled_back", "num_turns": 3}))?;
        let back = home.extract_from(id(2), Some(&read.checkpoint))?;
        assert!(back.resumed);
        assert_eq!(short(&back.metadata), (None, Some(0), Some(100)));
        assert_eq!(turns(&home, 2)?, "<t1");
        copied_turn(&mut fork, "next", "next")?;
        let mut deeper = home.fork(&fork, id(3), fork.next)?;
        // More turns than there are.
        deeper.event(&json!({"type": "thread_rolled_back", "num_turns": 9}))?;
        assert_eq!(short(&home.extract(id(3))?.metadata), (None, Some(0), Some(0)));
        assert_eq!(turns(&home, 3)?, "");
    }
    Ok(())
}

#[test]
fn without_ids_of_turns_the_words_decide() -> Result {
    let home = Home::new()?;
    let mut source = home.begin(id(1), None, 0, &json!({}))?;
    for words in ["one", "two", "three"] {
        said(&mut source, words)?;
    }
    let mut fork = copy(&home, &source, 2, json!({}))?;
    for words in ["one", "two"] {
        said(&mut fork, words)?;
    }
    assert_eq!(short(&home.extract(id(2))?.metadata), (None, Some(0), Some(200)));
    said(&mut fork, "other")?;
    said(&mut fork, "three")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("other"), Some(200), Some(200)));
    assert_eq!(turns(&home, 2)?, "<one <two other three");
    Ok(())
}

#[test]
fn the_source_has_the_words_of_its_base_before_its_own() -> Result {
    let home = Home::new()?;
    let mut base = home.begin(id(1), None, 0, &json!({}))?;
    said(&mut base, "one")?;
    let end = base.next;
    said(&mut base, "taken back")?;
    let mut source = home.fork(&base, id(2), end)?;
    said(&mut source, "two")?;
    let mut fork = copy(&home, &source, 3, json!({}))?;
    for words in ["one", "two", "own"] {
        said(&mut fork, words)?;
    }
    assert_eq!(turns(&home, 3)?, "<one <two own");
    assert_eq!(short(&home.extract(id(3))?.metadata), (Some("own"), Some(100), Some(200)));
    Ok(())
}

#[test]
fn a_sub_agent_says_where_its_own_lines_begin() -> Result {
    let home = Home::new()?;
    let mut source = home.begin(id(1), None, 0, &json!({}))?;
    copied_turn(&mut source, "t1", "one")?;
    // Two headers and the four lines of a turn. The source need not be there.
    let mut agent = copy(&home, &source, 2, json!({"subagent_history_start_ordinal": 6}))?;
    source.remove()?;
    copied_turn(&mut agent, "t1", "one")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (None, Some(0), Some(100)));
    copied_turn(&mut agent, "t2", "task")?;
    assert_eq!(short(&home.extract(id(2))?.metadata), (Some("task"), Some(100), Some(100)));
    assert_eq!(turns(&home, 2)?, "<one task");
    Ok(())
}

#[test]
fn without_its_source_a_fork_has_no_known_tokens() -> Result {
    let home = Home::new()?;
    let source = home.begin(id(1), None, 0, &json!({}))?;
    let mut fork = copy(&home, &source, 2, json!({}))?;
    source.remove()?;
    // Lines are copied in an instant; the clock of these files goes on by a minute for each.
    said(&mut fork, "one")?;
    let metadata = home.extract(id(2))?.metadata;
    assert_eq!((metadata.title.as_deref(), metadata.inherited_tokens), (Some("one"), None));
    // Nothing is copied if the source's header does not follow.
    let mut alone = home.begin(id(3), None, 0, &json!({"forked_from_id": id(1)}))?;
    said(&mut alone, "alone")?;
    let metadata = home.extract(id(3))?.metadata;
    assert_eq!((metadata.title.as_deref(), metadata.own_tokens), (Some("alone"), Some(100)));
    assert_eq!(turns(&home, 3)?, "alone");
    Ok(())
}
