//! Outcome of the last run: of whole, torn and growing files, and compared with the turns.

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_rollout::{
    Chain, Checkpoint, Extraction, Extractor, RolloutName, RunOutcome, TurnQuery, TurnStatus, list_turns,
};

use crate::{ID, NAME, Result, extract_bytes, extract_file};

use RunOutcome::{Completed, Failed, Interrupted, Running, Unknown};

fn event(payload: &Value) -> String {
    format!("{}\n", json!({"timestamp": "2026-11-22T10:00:00.000Z", "type": "event_msg", "payload": payload}))
}

fn marked(event_type: &str, turn: &str) -> String {
    event(&json!({"type": event_type, "turn_id": turn}))
}

fn meta() -> String {
    format!(
        "{}\n",
        json!({"timestamp": "2026-11-22T10:00:00.000Z", "type": "session_meta", "payload": {"id": ID}})
    )
}

fn outcome(lines: &[String]) -> Result<RunOutcome> {
    let extraction = extract_bytes(meta() + &lines.concat())?;
    assert!(extraction.skipped.is_empty(), "{:?}", extraction.skipped);
    Ok(extraction.metadata.run_outcome)
}

#[test]
fn the_last_marks_decide() -> Result {
    let (start, end) = (marked("task_started", "a"), marked("task_complete", "a"));
    let error = event(&json!({"type": "error", "message": "no quota"}));
    assert_eq!(outcome(&[])?, Unknown);
    assert_eq!(outcome(std::slice::from_ref(&start))?, Running);
    assert_eq!(outcome(&[start.clone(), end.clone()])?, Completed);
    assert_eq!(outcome(&[start.clone(), marked("turn_aborted", "a")])?, Interrupted);
    assert_eq!(outcome(&[start.clone(), error.clone()])?, Failed);
    assert_eq!(
        outcome(&[start.clone(), error.clone(), end.clone()])?,
        Failed,
        "the turn failed all the same"
    );
    assert_eq!(outcome(&[start.clone(), error, end.clone(), marked("turn_started", "b")])?, Running);
    // Of another order of keys, and with a turn's id written another way.
    let odd =
        r#"{"type":"event_msg","payload":{"turn_id":"\u0061","type":"task_complete"}}"#.to_owned() + "\n";
    assert_eq!(outcome(&[start.clone(), odd])?, Completed);
    // A line that is no JSON says nothing, whatever it begins with.
    let broken = end.replace("\"a\"", "\"a\",");
    let extraction = extract_bytes([meta(), start, broken].concat())?;
    assert_eq!((extraction.metadata.run_outcome, extraction.skipped.count), (Running, 1));
    Ok(())
}

#[test]
fn a_torn_end_is_no_end_until_it_is_whole() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let text = [meta(), marked("task_started", "a"), marked("task_complete", "a")].concat();
    let end = text.len() - marked("task_complete", "a").len();
    for cut in end..=text.len() {
        fs::write(&path, &text[..cut])?;
        let torn = extract_file(&path, None)?;
        let whole = cut + 1 >= text.len();
        assert_eq!(torn.metadata.run_outcome, if whole { Completed } else { Running }, "cut at {cut}");
        fs::write(&path, &text)?;
        let complete = extract_file(&path, Some(&torn.checkpoint))?;
        assert!(complete.resumed);
        assert_eq!(complete.metadata.run_outcome, Completed, "cut at {cut}");
    }
    Ok(())
}

#[test]
fn every_byte_is_a_place_to_go_on_from() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let lines = [
        meta(),
        event(&json!({"type": "entered_review_mode", "turn_id": "a"})),
        marked("task_started", "reviewer"),
        marked("task_complete", "reviewer"),
        event(&json!({"type": "error", "message": "no"})),
        marked("task_complete", "a"),
        event(&json!({"type": "user_message", "message": "again"})),
        marked("turn_aborted", "?"),
    ];
    let text = lines.concat();
    let mut extractor = Extractor::new();
    let mut read = |text: &str, from: Option<&Checkpoint>| -> Result<Extraction> {
        fs::write(&path, text)?;
        Ok(extractor.extract(&path, false, RolloutName::parse(NAME).ok().as_ref(), from)?)
    };
    let whole = read(&text, None)?;
    assert_eq!(whole.metadata.run_outcome, Interrupted);
    for cut in 1..text.len() {
        let stored = serde_json::to_string(&read(&text[..cut], None)?.checkpoint)?;
        let rest = read(&text, Some(&serde_json::from_str(&stored)?))?;
        assert_eq!(rest.metadata, whole.metadata, "cut at {cut}");
        assert_eq!(rest.checkpoint, whole.checkpoint, "cut at {cut}");
    }
    Ok(())
}

/// Lines that say something of turns, of all versions together.
fn some_line() -> impl Strategy<Value = String> {
    let types = [
        "task_started",
        "turn_started",
        "task_complete",
        "turn_aborted",
        "error",
        "entered_review_mode",
        "user_message",
        "token_count",
    ];
    let ids = [None, Some("a"), Some("b")];
    (prop::sample::select(types.to_vec()), prop::sample::select(ids.to_vec()), any::<bool>()).prop_map(
        |(event_type, id, whole_item)| match event_type {
            "user_message" if whole_item => {
                let item = json!({"type": "UserMessage", "content": [{"type": "text", "text": "x"}]});
                event(&json!({"type": "item_completed", "turn_id": id, "item": item}))
            }
            _ => event(&json!({"type": event_type, "turn_id": id, "message": "x"})),
        },
    )
}

proptest! {
    #[test]
    fn the_turns_say_the_same(lines in prop::collection::vec(some_line(), 0..12)) {
        let check = || -> Result<(RunOutcome, Option<TurnStatus>)> {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join(NAME);
            fs::write(&path, meta() + &lines.concat())?;
            let mut query = TurnQuery::default();
            (query.newest_first, query.limit) = (true, 1);
            let page = list_turns(&Chain::of_file(&path, false), &query)?;
            Ok((extract_file(&path, None)?.metadata.run_outcome, page.turns.first().map(|turn| turn.status)))
        };
        let (outcome, status) = check().map_err(|error| TestCaseError::fail(error.to_string()))?;
        match outcome {
            // No turn, or an unmarked turn that no event has ended.
            Unknown => prop_assert!(matches!(status, None | Some(TurnStatus::InProgress)), "{status:?}"),
            outcome => prop_assert_eq!(Some(outcome), status.map(RunOutcome::from)),
        }
    }
}
