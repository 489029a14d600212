//! Live sessions: what a recorder appends is what the index says, with few writes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use threadkeep_rollout::{NewThread, Recorder};
use threadkeep_state::{LiveError, RunOutcome};

use crate::common::{Fixture, Result};

pub(crate) const US: &str = "live-test";

/// The lines of a turn of a session: types and payloads.
pub(crate) fn turn(number: u64, steps: u64) -> Vec<(&'static str, Value)> {
    let id = number.to_string();
    let mut lines = vec![
        ("event_msg", json!({"type": "task_started", "turn_id": id})),
        ("turn_context", json!({"cwd": "/w", "model": "mock", "approval_policy": "never"})),
        ("event_msg", json!({"type": "user_message", "message": format!("request {number}")})),
    ];
    for step in 0..steps {
        let total = 1_000 * (number * steps + step);
        lines.extend([
            ("response_item", json!({"type": "function_call", "name": "shell", "call_id": step})),
            ("response_item", json!({"type": "function_call_output", "call_id": step, "output": "done"})),
            (
                "event_msg",
                json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": total}}}),
            ),
        ]);
    }
    lines.push(("event_msg", json!({"type": "task_complete", "turn_id": id})));
    lines
}

#[tokio::test]
async fn the_index_follows_a_session_and_agrees_with_its_rollout() -> Result {
    let fixture = Fixture::empty().await?;
    let (home, threads) = (fixture.home()?, fixture.state.threads());
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let id = recorder.metadata().thread_id;
    let live = threads.follow(&home, &recorder).await?;
    let mut at = Timestamp::now();
    let (mut lines, mut writes) = (0, 1);
    for number in 0..5 {
        for (line_type, payload) in turn(number, 60) {
            at += SignedDuration::from_millis(400);
            let appended = recorder.append_at(at, line_type, &payload)?;
            writes += u32::from(live.appended(&appended).await?);
            lines += 1;
        }
    }
    assert!(writes * 1_000 <= 20 * lines, "{writes} writes for {lines} lines");
    live.finish().await?;
    let thread = threads.get(id).await?.ok_or("the thread")?;
    assert_eq!((thread.title.as_deref(), thread.model.as_deref()), (Some("request 0"), Some("mock")));
    assert_eq!((thread.updated_at.as_millisecond(), thread.own_tokens), (at.as_millisecond(), Some(299_000)));
    assert_eq!(thread.run_outcome, RunOutcome::Completed);
    // And so says the rollout.
    assert!(fixture.state.audit(&home, |_, _| ()).await?.differences.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_session_that_is_killed_is_found_in_its_rollout() -> Result {
    let fixture = Fixture::empty().await?;
    let (home, threads) = (fixture.home()?, fixture.state.threads());
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let live = threads.follow(&home, &recorder).await?;
    for (line_type, payload) in turn(0, 3).into_iter().take(6) {
        live.appended(&recorder.append(line_type, &payload)?).await?;
    }
    drop((live, recorder));
    fixture.index().await?;
    assert!(fixture.state.audit(&home, |_, _| ()).await?.differences.is_empty());
    assert_eq!(fixture.threads().await?[0].run_outcome, RunOutcome::Running);
    Ok(())
}

#[tokio::test]
async fn a_deleted_thread_is_not_brought_back_by_its_session() -> Result {
    let fixture = Fixture::empty().await?;
    let (home, threads) = (fixture.home()?, fixture.state.threads());
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let live = threads.follow(&home, &recorder).await?;
    let id = recorder.metadata().thread_id;
    fixture.state.delete_thread(id, Timestamp::now()).await?;
    for (line_type, payload) in turn(0, 30) {
        live.appended(&recorder.append(line_type, &payload)?).await?;
    }
    live.finish().await?;
    assert!(threads.get(id).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_rollout_of_another_home_is_refused() -> Result {
    let (fixture, other) = (Fixture::empty().await?, Fixture::empty().await?);
    let recorder = Recorder::create(&other.home()?, &NewThread::new(US, "1.0", "/w"))?;
    let error = fixture.state.threads().follow(&fixture.home()?, &recorder).await.expect_err("another home");
    assert!(matches!(error, LiveError::OutsideHome { .. }), "{error}");
    Ok(())
}
