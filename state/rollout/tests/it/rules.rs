//! What single lines say about a thread, where no bundled rollout has them.

use std::borrow::Cow;

use serde_json::json;
use threadkeep_rollout::{
    Extractor, Lines, MAX_FIRST_USER_MESSAGE, MAX_JSON, MAX_NAME, MAX_PATH, MAX_TITLE, RolloutName,
    ThreadMetadata,
};

use crate::{ID, NAME, Result, extract_bytes};

const OTHER: &str = "01a20371-0f2e-7540-b9be-c443cc774f5e";

fn line(second: u32, line_type: &str, payload: serde_json::Value) -> String {
    let at = format!("2026-11-22T10:00:{second:02}.000Z");
    format!("{}\n", json!({"timestamp": at, "type": line_type, "payload": payload}))
}

fn metadata(lines: &[String]) -> Result<ThreadMetadata> {
    let extraction = extract_bytes(lines.concat())?;
    assert!(extraction.skipped.is_empty(), "{:?}", extraction.skipped);
    Ok(extraction.metadata)
}

fn meta(id: &str, more: serde_json::Value) -> String {
    let mut payload = json!({"id": id, "timestamp": "2026-11-22T09:59:59.500Z"});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(0, "session_meta", payload)
}

fn said(payload: serde_json::Value) -> Result<ThreadMetadata> {
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
        (Some("/b"), Some("m2"), None)
    );
    assert_eq!(two.sandbox_policy.as_deref(), Some(r#"{"b":{},"a":1}"#));
    assert_eq!(two.approval_mode.as_deref(), Some(r#"{"granular":{"x":true}}"#));
    Ok(())
}

#[test]
fn settings_that_no_turn_has_used_are_not_the_threads() -> Result {
    let turn = line(1, "turn_context", json!({"model": "used"}));
    let settings =
        json!({"type": "thread_settings_applied", "thread_settings": {"model": "chosen", "cwd": "/x"}});
    let got = metadata(&[meta(ID, json!({})), turn, line(2, "event_msg", settings)])?;
    assert_eq!((got.model.as_deref(), got.cwd), (Some("used"), None));
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
    assert_eq!(
        (&got.title, &got.first_user_message, &got.preview),
        (&placeholder, &placeholder, &placeholder)
    );
    let local =
        json!({"type": "user_message", "message": "look", "images": null, "local_images": ["/x.png"]});
    assert_eq!(title(local)?.as_deref(), Some("look"));
    let item =
        |content| json!({"type": "item_completed", "item": {"type": "UserMessage", "content": content}});
    assert_eq!(title(item(json!([{"type": "local_image", "path": "/x.png"}])))?.as_deref(), Some("[Image]"));
    let parts = json!([{"type": "text", "text": "a "}, {"type": "image", "image_url": "x"}, {"type": "text", "text": "b"}]);
    assert_eq!(title(item(parts))?.as_deref(), Some("a b"));
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
fn long_words_are_bounded() -> Result {
    let got = said(json!({"type": "user_message", "message": "日".repeat(675_773)}))?;
    let length = |text: Option<String>| text.map_or(0, |text| text.chars().count());
    assert!(got.title.as_ref().is_some_and(|title| title.ends_with('…')));
    assert_eq!((length(got.title), length(got.preview)), (MAX_TITLE, MAX_TITLE));
    assert_eq!(length(got.first_user_message), MAX_FIRST_USER_MESSAGE);
    Ok(())
}

#[test]
fn tokens_are_the_last_that_were_counted() -> Result {
    let count = |second, total: serde_json::Value| {
        let info = json!({"total_token_usage": {"total_tokens": total}});
        line(second, "event_msg", json!({"type": "token_count", "info": info}))
    };
    let none = line(9, "event_msg", json!({"type": "token_count", "info": null}));
    let got = metadata(&[meta(ID, json!({})), count(1, json!(5)), count(2, json!(12)), none])?;
    assert_eq!(got.tokens_used, 12);
    assert_eq!(metadata(&[meta(ID, json!({})), count(1, json!(-5))])?.tokens_used, 0);
    assert_eq!(metadata(&[meta(ID, json!({})), count(1, json!("many"))])?.tokens_used, 0);
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
    // Ids that bear no time, or one that is out of reach: what is left is the name.
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

#[test]
fn every_text_is_bounded() -> Result {
    let long = "\\é\"".repeat(20_000);
    // Deeper than any parser that recurses goes, and larger than what is kept.
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let deep = format!("{{ \"a\": {deep}, \"type\": \"deep\" }}");
    let text = serde_json::to_string(&long)?;
    let at = "2026-11-22T10:00:00.000Z";
    let url = format!("https://{}@host/{}", "s3cr3t".repeat(1_000), "x".repeat(MAX_PATH));
    let git = json!({"commit_hash": long, "branch": long, "repository_url": url});
    let mut meta = format!(
        r#"{{"timestamp":"{at}","type":"session_meta","payload":{{"id":"{ID}","source":{deep},"git":{git}"#
    );
    for key in [
        "cwd",
        "agent_path",
        "thread_source",
        "model_provider",
        "cli_version",
        "agent_nickname",
        "agent_role",
        "memory_mode",
        "originator",
    ] {
        meta += &format!(r#","{key}":{text}"#);
    }
    meta += "}}\n";
    let turn = |more: &str| {
        format!(
            r#"{{"timestamp":"{at}","type":"turn_context","payload":{{"model":{text},"effort":{text},"approval_policy":{text},"sandbox_policy":{deep}{more}}}}}"#
        )
    };
    let extraction = extract_bytes(meta.clone() + &turn("") + "\n")?;
    let got = extraction.metadata;
    let cut = |max: usize| Some(format!("{}…", long.chars().take(max - 1).collect::<String>()));
    let names = [
        got.thread_source,
        got.model_provider,
        got.cli_version,
        got.agent_nickname,
        got.agent_role,
        got.memory_mode,
        got.model,
        got.reasoning_effort,
        got.approval_mode,
        got.git_sha,
        got.git_branch,
    ];
    assert_eq!(names, std::array::from_fn(|_| cut(MAX_NAME)));
    assert_eq!([got.cwd, got.agent_path], [cut(MAX_PATH), cut(MAX_PATH)]);
    assert_eq!((got.source.as_deref(), got.sandbox_policy), (Some(r#"{"type":"deep"}"#), got.source.clone()));
    let url = got.git_origin_url.ok_or("there is one")?;
    assert!(url.starts_with("https://host/xxx") && url.ends_with("x…"), "{url}");
    assert_eq!(url.chars().count(), MAX_PATH);
    let checkpoint = serde_json::to_string(&extraction.checkpoint)?;
    assert!(checkpoint.len() < 64 * 1024, "{}", checkpoint.len());
    // A profile that does not say its type leaves the word to the policy.
    let profile = format!(r#","permission_profile":[{}0]"#, "0,".repeat(MAX_JSON / 2));
    let got = extract_bytes(meta.clone() + &turn(&profile))?.metadata;
    assert_eq!(got.sandbox_policy.as_deref(), Some(r#"{"type":"deep"}"#));
    // What is as long as it may be stays as it is; white space does not count.
    let object = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_JSON - 8));
    let spaced = object.replace(':', &format!(":{}", " ".repeat(100)));
    let got = extract_bytes(meta + &turn(&format!(r#","permission_profile":{spaced}"#)))?.metadata;
    assert_eq!(got.sandbox_policy, Some(object));
    Ok(())
}

#[test]
fn no_part_is_kept_of_a_remote_that_is_too_long_to_be_looked_at() -> Result {
    let url = format!("https://{}@host/x", "s3cr3t".repeat(10_000));
    let got = metadata(&[meta(ID, json!({"git": {"repository_url": url, "branch": "main"}}))])?;
    assert_eq!((got.git_origin_url, got.git_branch.as_deref()), (None, Some("main")));
    Ok(())
}

#[test]
fn the_oldest_files_directory_is_bounded() -> Result {
    let text = format!("<environment_context><cwd>/{}</cwd></environment_context>", "x".repeat(MAX_PATH));
    let said = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
    let got = metadata(&[meta(ID, json!({})), format!("{said}\n")])?;
    assert_eq!(got.cwd.map(|cwd| (cwd.chars().count(), cwd.ends_with('…'))), Some((MAX_PATH, true)));
    Ok(())
}

#[test]
fn half_of_a_surrogate_pair_costs_no_words() -> Result {
    let event = |payload: &str| {
        format!(r#"{{"timestamp":"2026-11-22T10:00:00.000Z","type":"event_msg","payload":{{{payload}}}}}"#)
            + "\n"
    };
    let half = r"cut emoji \ud83d";
    for payload in [
        format!(r#""type":"user_message","message":"{half}""#),
        format!(
            r#""type":"item_completed","item":{{"type":"UserMessage","content":[{{"type":"text","text":"{half}"}}]}}"#
        ),
    ] {
        let got = metadata(&[meta(ID, json!({})), event(&payload)])?;
        assert_eq!(got.title.as_deref(), Some("cut emoji \u{fffd}"), "{payload}");
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let command = format!(
        r#""type":"item_completed","item":{{"type":"CommandExecution","id":"1","command":["echo","{half}"],"status":"\udc00"}}"#
    );
    let reasoning =
        format!(r#""type":"item_completed","item":{{"type":"Reasoning","summary_text":["{half}"]}}"#);
    std::fs::write(&path, event(&command) + &event(&reasoning))?;
    let mut lines = Lines::open(&path, false)?;
    let mut shown = String::new();
    while let Some(line) = lines.next_line()? {
        shown += &format!("{:?}", line.map_err(|bad| bad.to_string())?.fact());
    }
    assert_eq!(shown.matches("cut emoji \u{fffd}").count(), 2, "{shown}");
    Ok(())
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() -> Result {
    let at = "2026-11-22T10:00:00.000Z";
    let lines = [
        format!(
            r#"{{"timestamp":"{at}","type":"session_meta","payload":{{"id":"{OTHER}","id":"{ID}","cwd":"/x","\u0063wd":"/y","a":1,"a":2,"git":{{"branch":"a","branch":"b"}}}}}}"#
        ),
        format!(
            r#"{{"timestamp":"{at}","type":"turn_context","payload":{{"model":"m","model":"n","\ud83d":1}}}}"#
        ),
        // The envelope, too.
        format!(
            r#"{{"type":"junk","timestamp":"{at}","type":"event_msg","payload":{{"type":"user_message","message":"a","message":"b"}}}}"#
        ),
    ];
    let text = lines.map(|line| line + "\n");
    let got = metadata(&text)?;
    assert_eq!((got.thread_id.to_string().as_str(), got.cwd.as_deref()), (ID, Some("/y")));
    assert_eq!((got.model.as_deref(), got.git_branch.as_deref()), (Some("n"), Some("b")));
    assert_eq!(got.title.as_deref(), Some("b"));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, text.concat())?;
    let mut lines = Lines::open(&path, false)?;
    let mut kinds = Vec::new();
    while let Some(line) = lines.next_line()? {
        kinds.push(line.map_err(|bad| bad.to_string())?.line_type.map(Cow::into_owned));
    }
    assert_eq!(kinds, ["session_meta", "turn_context", "event_msg"].map(|name| Some(name.to_owned())));
    // What is no JSON stays none.
    assert_eq!(extract_bytes(text[0].clone() + "{\"a\":1,\"a\":}\n")?.skipped.count, 1);
    Ok(())
}
