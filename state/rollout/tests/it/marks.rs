//! Kinds of threads, and the names and goals that the agent gives them.

use serde_json::{Value, json};
use threadkeep_rollout::{Fact, Lines, ThreadKind};

use crate::rules::{OTHER, line, meta, metadata};
use crate::{ID, NAME, Result};

fn event(second: u32, event_type: &str, more: Value) -> String {
    let mut payload = json!({"type": event_type});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(second, "event_msg", payload)
}

#[test]
fn the_source_gives_the_kind() -> Result {
    let spawn = json!({"subagent": {"thread_spawn": {"parent_thread_id": OTHER}}});
    for (more, wanted) in [
        (json!({"source": "cli"}), "user"),
        (json!({"source": "exec", "thread_source": "user"}), "user"),
        (json!({"source": {"custom": "atlas"}}), "user"),
        (json!({"source": spawn, "thread_source": "subagent"}), "subagent"),
        (json!({"source": {"subagent": "compact"}}), "subagent"),
        (json!({"source": {"subagent": {"other": "some_day"}}}), "subagent"),
        (json!({"source": {"subagent": "review"}, "thread_source": "subagent"}), "review"),
        (json!({"source": {"subagent": {"other": "guardian"}}, "thread_source": "subagent"}), "guardian"),
        (json!({"source": {"subagent": {"other": "x"}}, "thread_source": "guardian_review"}), "guardian"),
        (json!({"source": {"internal": "memory_consolidation"}}), "memory"),
        (json!({"source": {"subagent": "memory_consolidation"}, "thread_source": "subagent"}), "memory"),
        (json!({"source": "cli", "thread_source": "memory_stage1"}), "memory"),
        (json!({"source": "vscode", "attached_thread": true, "forked_from_id": OTHER}), "fork"),
    ] {
        let said = event(1, "user_message", json!({"message": "x"}));
        let got = metadata(&[meta(ID, more.clone()), said])?;
        assert_eq!(got.kind, wanted.parse()?, "{more}");
    }
    for kind in ThreadKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind)?, kind.as_str());
    }
    assert!("User".parse::<ThreadKind>().is_err());
    Ok(())
}

#[test]
fn a_session_names_its_base() -> Result {
    let base = json!({"thread_id": OTHER, "end_ordinal_exclusive": 9, "end_byte_offset": 999});
    let more = json!({"forked_from_id": OTHER, "history_base": base, "subagent_history_start_ordinal": 3});
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, meta(ID, more))?;
    let mut lines = Lines::open(&path, false)?;
    let line = lines.next_line()?.ok_or("a line")?.map_err(|bad| bad.to_string())?;
    let Fact::SessionMeta(session) = line.fact() else { return Err("no session".into()) };
    let base = session.history_base.ok_or("a base")?;
    assert_eq!(
        (base.file_id.to_string().as_str(), base.end_ordinal, base.end_offset),
        (OTHER, Some(9), Some(999))
    );
    assert_eq!(session.forked_from_id, Some(base.file_id));
    assert_eq!((session.subagent_history_start_ordinal, session.attached_thread), (Some(3), None));
    Ok(())
}

#[test]
fn the_last_name_counts() -> Result {
    let named = |second, more| event(second, "thread_name_updated", more);
    let begin = meta(ID, json!({}));
    let got =
        metadata(&[begin.clone(), named(1, json!({"name": "a"})), named(2, json!({"thread_name": " b "}))])?;
    assert_eq!(got.name.as_deref(), Some("b"));
    assert_eq!(got.named_at.map(|at| at.to_string()).as_deref(), Some("2026-11-22T10:00:02Z"));
    let got = metadata(&[begin, named(1, json!({"name": "a"})), named(2, json!({"name": ""}))])?;
    assert_eq!((got.name, got.named_at.is_some()), (None, true));
    Ok(())
}

#[test]
fn the_goal_is_the_one_that_was_last_set() -> Result {
    let goal = json!({"objective": " Repaint every gate ", "status": "paused", "tokenBudget": 180_000,
        "tokensUsed": 4200, "timeUsedSeconds": 60, "createdAt": 1_795_169_000, "updatedAt": 1_795_169_060});
    let set =
        |second, goal: Value| event(second, "thread_goal_updated", json!({"threadId": ID, "goal": goal}));
    let begin = meta(ID, json!({}));
    let got = metadata(&[begin.clone(), set(1, json!({"objective": "x"})), set(2, goal.clone())])?;
    let found = got.goal.ok_or("a goal")?;
    assert_eq!((found.objective.as_str(), found.status.as_deref()), ("Repaint every gate", Some("paused")));
    assert_eq!(
        (found.token_budget, found.tokens_used, found.seconds_used),
        (Some(180_000), Some(4200), Some(60))
    );
    let seconds = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_second);
    assert_eq!(
        (seconds(found.created_at), seconds(found.updated_at)),
        (Some(1_795_169_000), Some(1_795_169_060))
    );
    for gone in [set(3, Value::Null), event(3, "thread_goal_cleared", json!({}))] {
        assert_eq!(metadata(&[begin.clone(), set(2, goal.clone()), gone])?.goal, None);
    }
    Ok(())
}
