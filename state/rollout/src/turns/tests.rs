//! Tests of the fold of facts into turns.

use super::run::Run;
use super::run_outcome::RunOutcome;
use crate::format::fact::Fact;
use crate::format::kind::Kind;
use crate::format::read;

/// Fact of an event of this type, which stands in the turn `id`.
fn take(run: &mut Run, event: &str, id: Option<&str>) {
    let kind = Kind::of(b"event_msg", || Some(event.as_bytes())).unwrap_or(Kind::Other);
    let payload = serde_json::json!({"type": event, "turn_id": id}).to_string();
    run.take(&read::fact(kind, &payload, None).unwrap_or(Fact::Other));
}

fn after(events: &[(&str, Option<&str>)]) -> RunOutcome {
    let mut run = Run::default();
    events.iter().for_each(|(event, id)| take(&mut run, event, *id));
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
fn the_users_words_matter_exactly_where_they_change_something() {
    let events =
        ["user_message", "task_started", "task_complete", "turn_aborted", "error", "entered_review_mode"];
    for n in 0..events.len().pow(4) {
        let mut run = Run::default();
        for place in 0..4 {
            take(&mut run, events[n / events.len().pow(place) % events.len()], None);
        }
        let mut spoken = run.clone();
        take(&mut spoken, "user_message", None);
        assert_eq!(run.user_message_matters(), spoken != run, "{run:?}");
    }
}
