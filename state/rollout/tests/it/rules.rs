//! Single lines that no bundled rollout has, and their effect on a thread.

use serde_json::json;
use threadkeep_rollout::{Extractor, Lines, RolloutName, ThreadMetadata};

use crate::{ID, NAME, Result, extract_bytes};

pub(crate) const OTHER: &str = "01a20371-0f2e-7540-b9be-c443cc774f5e";

pub(crate) fn line(second: u32, line_type: &str, payload: serde_json::Value) -> String {
    let at = format!("2026-11-22T10:00:{second:02}.000Z");
    format!("{}\n", json!({"timestamp": at, "type": line_type, "payload": payload}))
}

pub(crate) fn metadata(lines: &[String]) -> Result<ThreadMetadata> {
    let extraction = extract_bytes(lines.concat())?;
    assert!(extraction.skipped.is_empty(), "{:?}", extraction.skipped);
    Ok(extraction.metadata)
}

pub(crate) fn meta(id: &str, more: serde_json::Value) -> String {
    let mut payload = json!({"id": id, "timestamp": "2026-11-22T09:59:59.500Z"});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(0, "session_meta", payload)
}

pub(crate) fn said(payload: serde_json::Value) -> Result<ThreadMetadata> {
    metadata(&[meta(ID, json!({})), line(1, "event_msg", payload)])
}

#[test]
fn a_fork_is_its_own_thread() -> Result {
    let fork = meta(ID, json!({"cwd": "/fork", "git": {"branch": "fork"}}));
    let source = meta(OTHER, json!({"cwd": "/source", "cli_version": "9", "memory_mode": "disabled"}));
    let got = metadata(&[fork, source])?;
    assert_eq!((got.thread_id.to_string().as_str(), got.cwd.as_deref()), (ID, Some("/fork")));
    assert_eq!((got.cli_version, got.memory_mode), (None, None));
    Ok(())
}

#[test]
fn a_later_session_meta_of_the_thread_updates_it() -> Result {
    let later =
        json!({"id": ID, "timestamp": "2026-11-23T00:00:00Z", "memory_mode": "disabled", "cwd": null});
    let got = metadata(&[meta(ID, json!({"cwd": "/w", "source": "cli"})), line(5, "session_meta", later)])?;
    assert_eq!(got.memory_mode.as_deref(), Some("disabled"));
    assert_eq!((got.cwd.as_deref(), got.source.as_deref()), (Some("/w"), Some("cli")));
    assert_eq!(got.created_at.map(|at| at.to_string()).as_deref(), Some("2026-11-22T09:59:59.5Z"));
    Ok(())
}

#[test]
fn the_latest_turn_wins_also_with_what_it_leaves_out() -> Result {
    let first = json!({"cwd": "/a", "model": "m1", "effort": "high", "approval_policy": "never",
        "sandbox_policy": {"type": "x"}, "permission_profile": {"b": 1, "a": [1, " "]}});
    let second = json!({"cwd": "/b", "model": "m2", "approval_policy": {"granular": {"x": true}}, "sandbox_policy": {"b": {}, "a": 1}});
    let one = metadata(&[meta(ID, json!({"cwd": "/s"})), line(1, "turn_context", first.clone())])?;
    assert_eq!((one.model.as_deref(), one.reasoning_effort.as_deref()), (Some("m1"), Some("high")));
    assert_eq!(one.sandbox_policy.as_deref(), Some(r#"{"b":1,"a":[1," "]}"#));
    let two =
        metadata(&[meta(ID, json!({})), line(1, "turn_context", first), line(2, "turn_context", second)])?;
    assert_eq!(
        (two.cwd.as_deref(), two.model.as_deref(), two.reasoning_effort),
        (Some("/a"), Some("m2"), None)
    );
    assert_eq!(two.sandbox_policy.as_deref(), Some(r#"{"b":{},"a":1}"#));
    assert_eq!(two.approval_mode.as_deref(), Some(r#"{"granular":{"x":true}}"#));
    Ok(())
}

#[test]
fn a_spawned_thread_names_its_parent() -> Result {
    let spawn = json!({"parent_thread_id": OTHER, "agent_nickname": "Ada", "agent_role": "explorer", "agent_path": "/root/a"});
    let got = metadata(&[meta(ID, json!({"source": {"subagent": {"thread_spawn": spawn}}}))])?;
    assert_eq!(got.parent_thread_id.map(|id| id.to_string()).as_deref(), Some(OTHER));
    assert_eq!(got.agent_nickname.as_deref(), Some("Ada"));
    assert_eq!((got.agent_role.as_deref(), got.agent_path.as_deref()), (Some("explorer"), Some("/root/a")));
    let direct =
        json!({"source": {"subagent": "review"}, "parent_thread_id": OTHER, "agent_type": "reviewer"});
    let got = metadata(&[meta(ID, direct)])?;
    assert_eq!(got.source.as_deref(), Some(r#"{"subagent":"review"}"#));
    assert_eq!((got.parent_thread_id.is_some(), got.agent_role.as_deref()), (true, Some("reviewer")));
    Ok(())
}

#[test]
fn the_title_is_what_the_user_asked() -> Result {
    let title = |payload| said(payload).map(|got| got.title);
    let user = |text: &str| json!({"type": "user_message", "message": text});
    assert_eq!(title(user("# Context\n## My request for Codex:\n do it \n"))?.as_deref(), Some("do it"));
    assert_eq!(title(user("  \n"))?, None);
    let image = json!({"type": "user_message", "message": "", "images": ["data:…"]});
    let got = said(image)?;
    let placeholder = Some("[Image]".to_owned());
    assert_eq!((&got.title, &got.first_user_message), (&placeholder, &placeholder));
    let local =
        json!({"type": "user_message", "message": "look", "images": null, "local_images": ["/x.png"]});
    assert_eq!(title(local)?.as_deref(), Some("look"));
    let item =
        |content| json!({"type": "item_completed", "item": {"type": "UserMessage", "content": content}});
    let got = said(item(json!([{"type": "local_image", "path": "/a/x.png"}])))?;
    assert_eq!((got.title.as_deref(), got.first_user_message), (Some("x.png"), placeholder));
    let parts = json!([{"type": "text", "text": "a "}, {"type": "image", "image_url": "x"}, {"type": "text", "text": "b"}]);
    assert_eq!(title(item(parts))?.as_deref(), Some("a b"));
    let context = "<environment_context version=\"2\">\n</environment_context>";
    let parts = json!([{"type": "text", "text": context}, {"type": "text", "text": "words behind it"}]);
    assert_eq!(title(item(parts))?.as_deref(), Some("words behind it"));
    assert_eq!(title(item(json!([{"type": "text", "text": context}])))?, None);
    Ok(())
}

#[test]
fn only_the_first_words_count() -> Result {
    let user =
        |second, text: &str| line(second, "event_msg", json!({"type": "user_message", "message": text}));
    let got = metadata(&[meta(ID, json!({})), user(1, " "), user(2, "first"), user(3, "second")])?;
    assert_eq!(got.title.as_deref(), Some("first"));
    Ok(())
}

#[test]
fn a_thread_is_never_updated_before_it_began() -> Result {
    let late = json!({"id": ID, "timestamp": "2027-01-01T00:00:00Z"});
    let got = metadata(&[line(0, "session_meta", late), line(1, "event_msg", json!({"type": "x"}))])?;
    assert_eq!(got.updated_at, got.created_at);
    assert!(got.created_at.is_some());
    Ok(())
}

#[test]
fn a_thread_began_when_the_best_witness_says() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let times = |name: &str, lines: String| -> Result<(Option<String>, Option<String>)> {
        std::fs::write(&path, lines)?;
        let name = RolloutName::parse(name)?;
        let got = Extractor::new().extract(&path, false, Some(&name), None)?.metadata;
        Ok((got.created_at.map(|at| at.to_string()), got.updated_at.map(|at| at.to_string())))
    };
    let both = |at: &str| (Some(at.to_owned()), Some(at.to_owned()));
    // The name's time is that of a clock 14 hours ahead.
    let name = format!("rollout-2026-11-23T03-24-59-{ID}.jsonl");
    let bare = |at: &str| {
        format!("{{\"timestamp\":{at},\"type\":\"session_meta\",\"payload\":{{\"id\":\"{ID}\"}}}}\n")
    };
    assert_eq!(times(&name, meta(ID, json!({})))?.0.as_deref(), Some("2026-11-22T09:59:59.5Z"));
    assert_eq!(times(&name, bare("\"2026-11-22T10:00:00Z\""))?, both("2026-11-22T10:00:00Z"));
    for no_time in
        ["null", "7", "\"soon\"", "\"+010000-01-01T00:00:00Z\"", "\"-292277022657-01-27T08:29:52Z\""]
    {
        assert_eq!(times(&name, bare(no_time))?, both("2026-11-22T13:24:59.763Z"), "{no_time}");
    }
    // Ids without a time, or with a time that is out of reach: the name is left.
    for id in ["ffffffff-ffff-7fff-bfff-ffffffffffff", "7c7b9c1e-8a1f-4f0e-9d53-0d6c2a5d1b11"] {
        let name = name.replace(ID, id);
        assert_eq!(times(&name, "{\"type\":\"x\"}\n".to_owned())?, both("2026-11-23T03:24:59Z"), "{id}");
    }
    Ok(())
}

#[test]
fn fields_of_other_types_say_nothing() -> Result {
    let odd = json!({"cwd": 5, "source": null, "git": "none", "model_provider": ["x"], "cli_version": {}});
    let got = metadata(&[meta(ID, odd), line(1, "turn_context", json!({"model": 7, "cwd": []}))])?;
    assert_eq!((got.cwd, got.source, got.model, got.cli_version), (None, None, None, None));
    Ok(())
}

#[test]
fn credentials_of_a_remote_come_out_nowhere() -> Result {
    let remote = json!({"git": {"repository_url": "https://proxy.example/https://oauth2:s3cr3t@host/o/r"}});
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    // The last line lacks its end: what stands before it is a checkpoint of its own.
    std::fs::write(&path, meta(ID, remote) + "{\"git\":\"https://u:s3cr3t@host")?;
    let mut extractor = Extractor::new();
    let got = extractor.extract(&path, false, None, None)?;
    assert_eq!(got.metadata.git_origin_url.as_deref(), Some("https://proxy.example/https://host/o/r"));
    let mut lines = Lines::open(&path, false)?;
    let line = format!("{:?}", lines.next_line()?);
    let torn = format!("{:?}", lines.next_line()?);
    let shown =
        format!("{got:?} {extractor:?} {lines:?} {line} {torn} {}", serde_json::to_string(&got.checkpoint)?);
    assert!(!shown.contains("s3cr3t"), "{shown}");
    // As numbers, neither.
    assert!(!shown.contains("115, 51, 99, 114, 51, 116"), "{shown}");
    Ok(())
}

#[test]
fn the_oldest_files_are_read() -> Result {
    let lines = [
        json!({"id": OTHER, "timestamp": "2025-05-07T17:24:21.123Z", "instructions": "be kind", "git": {"commit_hash": "abc", "branch": "main", "repository_url": "https://u:s3cr3t@host/x"}}),
        json!({"record_type": "state"}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context>\n\nCurrent working directory: /old\n</environment_context>"}]}),
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "fix the build"}]}),
        json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]}),
    ];
    let got = metadata(&lines.map(|line| format!("{line}\n")))?;
    assert_eq!(got.thread_id.to_string(), OTHER);
    assert_eq!(got.created_at.map(|at| at.to_string()).as_deref(), Some("2025-05-07T17:24:21.123Z"));
    assert_eq!(got.updated_at, got.created_at);
    assert_eq!((got.title.as_deref(), got.cwd.as_deref()), (Some("fix the build"), Some("/old")));
    assert_eq!(
        (got.git_sha.as_deref(), got.git_origin_url.as_deref()),
        (Some("abc"), Some("https://host/x"))
    );
    Ok(())
}
