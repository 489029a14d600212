//! Tests of the memory of an extractor, and of counters that change hands.

use super::extract::Extractor;
use super::tokens::Tokens;

#[test]
fn what_a_long_line_took_is_given_back() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("rollout.jsonl");
    let id = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";
    let line = |line_type: &str, payload: &str| {
        let at = "2026-11-22T10:00:00.000Z";
        format!("{{\"timestamp\":\"{at}\",\"type\":\"{line_type}\",\"payload\":{{{payload}}}}}\n")
    };
    let long = "x".repeat(10_000_000);
    for (line_type, start) in [("turn_context", ""), ("event_msg", "\"type\":\"token_count\",")] {
        let meta = line("session_meta", &format!("\"id\":\"{id}\""));
        std::fs::write(&path, meta + &line(line_type, &format!("{start}\"cwd\":\"/w\",\"x\":\"{long}\"")))?;
        let mut extractor = Extractor::new();
        let extraction = extractor.extract(&path, false, None, None)?;
        assert_eq!((extraction.lines, extraction.metadata.thread_id.to_string().as_str()), (2, id));
        let retained = extractor.buffer.retained() + extractor.kept.retained();
        assert!(retained < 512 * 1024, "{line_type}: {retained}");
    }
    Ok(())
}

/// Tokens after a file that counted 5 and then 12 tokens, of which the first 5 still count.
fn cut_at_five() -> Tokens {
    let mut tokens = Tokens::default();
    tokens.count(Some(5), Some(5));
    tokens
}

#[test]
fn turns_that_were_taken_back_do_not_return_with_the_counter() {
    for (total, last, own) in
        [(9, Some(4), 9), (16, Some(4), 9), (4, Some(4), 9), (5, Some(5), 5), (9, None, 9)]
    {
        let mut segment = cut_at_five();
        segment.may_jump();
        segment.count(Some(total), last);
        assert_eq!(segment.own(), Some(own), "{total}, {last:?}");
        let mut fork = cut_at_five();
        fork.begin_fork(true);
        fork.count(Some(total), last);
        assert_eq!((fork.own(), fork.inherited()), (Some(own - 5), Some(5)), "{total}, {last:?}");
    }
    // Later counts are counted as ever, and so is what a killed agent left.
    let mut segment = cut_at_five();
    segment.record(Some(3), None);
    segment.may_jump();
    segment.record(Some(4), None);
    segment.count(Some(16), Some(4));
    segment.count(Some(30), Some(8));
    assert_eq!(segment.own(), Some(5 + 3 + 4 + 14));
}

#[test]
fn a_fork_without_its_base_counts_its_own_requests() {
    let mut fork = cut_at_five();
    fork.begin_fork(false);
    assert_eq!((fork.own(), fork.inherited()), (None, None));
    fork.count(Some(100), Some(4));
    fork.count(Some(107), Some(7));
    assert_eq!(fork.own(), Some(11));
    let mut fork = Tokens::default();
    fork.begin_fork(false);
    fork.count(Some(100), None);
    fork.count(Some(107), Some(7));
    assert_eq!(fork.own(), None, "the first count may be the base's");
}
