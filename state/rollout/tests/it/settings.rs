//! Settings of a thread, and what is an activity.

use serde_json::{Value, json};

use crate::rules::{line, meta, metadata};
use crate::{ID, Result};

fn applied(second: u32, settings: Value) -> String {
    line(second, "event_msg", json!({"type": "thread_settings_applied", "thread_settings": settings}))
}

fn turn(second: u32, model: &str, cwd: &str) -> String {
    line(
        second,
        "turn_context",
        json!({"model": model, "cwd": cwd, "effort": "low", "approval_policy": "never"}),
    )
}

#[test]
fn settings_are_the_last_that_were_applied() -> Result {
    let begin = meta(ID, json!({"cwd": "/s"}));
    let high = json!({"settings": {"reasoning_effort": "high"}});
    let chosen = json!({"model": "chosen", "cwd": "/x", "approval_policy": "on-request",
        "permission_profile": {"type": "disabled"}, "collaboration_mode": high});
    let got = metadata(&[begin.clone(), turn(1, "used", "/s"), applied(2, chosen.clone())])?;
    assert_eq!((got.model.as_deref(), got.cwd.as_deref()), (Some("chosen"), Some("/x")));
    assert_eq!(
        (got.reasoning_effort.as_deref(), got.approval_mode.as_deref()),
        (Some("high"), Some("on-request"))
    );
    assert_eq!(got.sandbox_policy.as_deref(), Some(r#"{"type":"disabled"}"#));
    let got = metadata(&[begin.clone(), applied(1, chosen), turn(2, "used", "/s")])?;
    assert_eq!(
        (got.model.as_deref(), got.cwd.as_deref()),
        (Some("used"), Some("/x")),
        "a turn moves nothing"
    );
    assert_eq!((got.reasoning_effort.as_deref(), got.sandbox_policy), (Some("low"), None));
    for nothing in [json!({}), Value::Null, json!({"model": null})] {
        let got = metadata(&[begin.clone(), turn(1, "used", "/s"), applied(2, nothing)])?;
        assert_eq!((got.model.as_deref(), got.cwd.as_deref()), (Some("used"), Some("/s")));
    }
    let got = metadata(&[begin, turn(1, "used", "/s"), applied(2, json!({"cwd": "/y"}))])?;
    assert_eq!((got.model.as_deref(), got.cwd.as_deref()), (Some("used"), Some("/y")));
    Ok(())
}

#[test]
fn the_folder_is_that_of_the_first_turn_until_settings_move_it() -> Result {
    let got = metadata(&[meta(ID, json!({"cwd": "/s"}))])?;
    assert_eq!(got.cwd.as_deref(), Some("/s"));
    let got = metadata(&[meta(ID, json!({"cwd": "/s"})), turn(1, "m", "/a"), turn(2, "m", "/b")])?;
    assert_eq!(got.cwd.as_deref(), Some("/a"));
    let got = metadata(&[meta(ID, json!({})), turn(1, "m", "/a"), turn(2, "n", "/b")])?;
    assert_eq!((got.cwd.as_deref(), got.model.as_deref()), (Some("/a"), Some("n")));
    Ok(())
}

#[test]
fn opening_a_thread_is_no_activity() -> Result {
    let begin = meta(ID, json!({"cwd": "/s"}));
    let updated = |lines: &[String]| metadata(lines).map(|got| got.updated_at.map(|at| at.to_string()));
    let at = |second: u32| Some(format!("2026-11-22T10:00:{second:02}Z"));
    let started = line(5, "event_msg", json!({"type": "task_started", "turn_id": "a"}));
    let opened = applied(50, json!({"model": "m"}));
    let again = line(40, "session_meta", json!({"id": ID, "cwd": "/t"}));
    assert_eq!(updated(&[begin.clone(), started.clone(), opened.clone()])?, at(5));
    assert_eq!(updated(&[begin.clone(), started.clone(), again.clone(), opened.clone()])?, at(5));
    assert_eq!(updated(&[begin.clone(), started.clone(), opened.clone(), turn(55, "m", "/s")])?, at(55));
    assert_eq!(updated(&[begin.clone(), applied(1, json!({"model": "m"}))])?, at(1), "it begins like this");
    assert_eq!(updated(&[begin.clone(), opened.replace(':', " : ")])?, at(0));
    let moved = metadata(&[begin, applied(1, json!({"cwd": "/x"})), started, again])?;
    assert_eq!(moved.cwd.as_deref(), Some("/t"), "the next file begins where it says");
    Ok(())
}
