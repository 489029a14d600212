//! Tests of the fold of facts into turns.

use super::run::{Run, Step};
use super::run_outcome::RunOutcome;
use crate::format::fact::Fact;
use crate::format::item::TurnStatus;
use crate::format::kind::{Event, Kind};
use crate::format::read;

/// Fact of an event of this type, which stands in the turn `id`.
fn take(run: &mut Run, event: &str, id: Option<&str>) -> Step {
    let kind = Kind::of(b"event_msg", || Some(event.as_bytes())).unwrap_or(Kind::Other);
    let payload = serde_json::json!({"type": event, "turn_id": id}).to_string();
    run.take(&read::fact(kind, &payload, None).unwrap_or(Fact::Other))
}

fn after(events: &[(&str, Option<&str>)]) -> RunOutcome {
    let mut run = Run::default();
    for (event, id) in events {
        take(&mut run, event, *id);
    }
    run.outcome()
}

#[test]
fn the_last_turn_decides() {
    use RunOutcome::{Completed, Failed, Interrupted, Running, Unknown};
    let (a, b) = (Some("a"), Some("b"));
    assert_eq!(after(&[]), Unknown);
    assert_eq!(after(&[("task_started", a)]), Running);
    assert_eq!(after(&[("turn_started", a), ("turn_complete", a)]), Completed);
    assert_eq!(after(&[("task_started", a), ("task_complete", None)]), Completed);
    assert_eq!(after(&[("task_started", a), ("turn_aborted", a)]), Interrupted);
    assert_eq!(after(&[("task_started", a), ("error", None)]), Failed);
    assert_eq!(after(&[("task_started", a), ("error", None), ("task_complete", a)]), Failed);
    assert_eq!(after(&[("task_started", a), ("error", None), ("task_started", b)]), Running);
    assert_eq!(after(&[("task_started", a), ("task_started", b), ("task_complete", a)]), Running);
    assert_eq!(after(&[("task_started", a), ("task_complete", a), ("error", None)]), Completed);
}

#[test]
fn a_reviewers_turn_belongs_to_the_one_that_asked() {
    use RunOutcome::{Completed, Running};
    let (a, b) = (Some("a"), Some("b"));
    let asked = [("entered_review_mode", a), ("task_started", b), ("task_complete", b)];
    assert_eq!(after(&asked), Running);
    assert_eq!(after(&[&asked[..], &[("task_complete", a)]].concat()), Completed);
    assert_eq!(after(&[&[("task_started", a)], &asked[..]].concat()), Running);
}

#[test]
fn a_version_that_marks_no_turn_says_only_what_went_wrong() {
    use RunOutcome::{Interrupted, Unknown};
    assert_eq!(after(&[("user_message", None)]), Unknown);
    assert_eq!(after(&[("turn_aborted", None)]), Unknown, "there is no turn");
    assert_eq!(after(&[("user_message", None), ("turn_aborted", None)]), Interrupted);
    let gone_on = [("user_message", None), ("turn_aborted", None), ("user_message", None)];
    assert_eq!(after(&gone_on), Unknown);
}

#[test]
fn the_users_words_matter_only_outside_of_marked_turns() {
    let events =
        ["user_message", "task_started", "task_complete", "turn_aborted", "error", "entered_review_mode"];
    for n in 0..events.len().pow(4) {
        let mut run = Run::default();
        for place in 0..4 {
            take(&mut run, events[n / events.len().pow(place) % events.len()], None);
        }
        let mut spoken = run.clone();
        let step = take(&mut spoken, "user_message", None);
        assert_eq!((step == Step::Begin, spoken == run), (!run.is_marked(), spoken == run), "{run:?}");
        assert!(spoken == run || !run.is_marked(), "{run:?}");
    }
}

#[test]
fn a_turn_that_completes_with_an_error_has_failed() {
    let mut run = Run::default();
    take(&mut run, "task_started", Some("a"));
    let payload =
        r#"{"type":"task_complete","turn_id":"a","last_agent_message":"x","error":{"message":"no"}}"#;
    let fact = read::fact(Kind::Event(Event::TurnCompleted), payload, None).unwrap_or(Fact::Other);
    assert!(matches!(&fact, Fact::TurnEnded { error: Some(error), .. } if error == "no"), "{fact:?}");
    assert_eq!(run.take(&fact), Step::End(TurnStatus::Failed));
    assert_eq!(run.outcome(), RunOutcome::Failed);
}

#[test]
fn an_image_that_a_tool_has_read_begins_no_turn() {
    let speak = |run: &mut Run, words: &str, images: &[&str], local: &[&str]| {
        let payload = serde_json::json!({
            "type": "user_message", "message": words, "images": images, "local_images": local,
        });
        let payload = payload.to_string();
        run.take(&read::fact(Kind::Event(Event::UserMessage), &payload, None).unwrap_or(Fact::Other))
    };
    const PASTED: &[&str] = &["data:image/png;base64,AA=="];
    let mut run = Run::default();
    assert_eq!(speak(&mut run, "", PASTED, &[]), Step::Begin, "the user begins with an image");
    assert_eq!(speak(&mut run, "", PASTED, &[]), Step::None);
    assert_eq!(speak(&mut run, "Look", PASTED, &[]), Step::Begin);
    assert_eq!(speak(&mut run, "", PASTED, &[]), Step::None);
    assert_eq!(speak(&mut run, "", &[], &["/tmp/sketch.png"]), Step::Begin);
}
