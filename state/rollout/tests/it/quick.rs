//! The quick ways of reading a usual line give what parsing it gives, from any line on.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rules::OTHER;
use crate::{ID, NAME, Result, extract_bytes, extract_file};

/// A line in the agent's own shape: time, type and payload, in this order.
pub(crate) fn usual(second: usize, line_type: &str, payload: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-22T10:{:02}:{:02}.000Z\",\"ordinal\":{second},\"type\":\"{line_type}\",\"payload\":{payload}}}\n",
        second / 60,
        second % 60
    )
}

/// Payloads of the kinds that matter, in the agent's order of keys; `n` makes them different.
pub(crate) fn payload(kind: usize, n: i64) -> (&'static str, String) {
    let usage = |tokens: i64| {
        format!(
            r#"{{"input_tokens":{},"cached_input_tokens":0,"output_tokens":1,"reasoning_output_tokens":0,"total_tokens":{tokens}}}"#,
            tokens - 1
        )
    };
    let turn = format!("turn-{}", n % 3);
    // Settings that come again, with another turn or without.
    let s = n % 4;
    let item = |item: Value| {
        format!(
            r#"{{"type":"item_completed","thread_id":"{ID}","turn_id":"{turn}","item":{item},"started_at_ms":1}}"#
        )
    };
    let heard = |text: &str| {
        format!(
            r#"{{"type":"message","role":"user","content":[{{"type":"input_text","text":{}}}]}}"#,
            json!(text)
        )
    };
    let user = |text: &str| {
        item(json!({"type": "UserMessage"})).replace(
            r#""type":"UserMessage""#,
            &format!(r#""type":"UserMessage","id":"u","content":[{{"type":"text","text":{}}}]"#, json!(text)),
        )
    };
    let event = |payload: String| ("event_msg", payload);
    match kind {
        0 => event(format!(r#"{{"type":"task_started","turn_attribution":{{"turn_id":"x"}},"turn_id":"{turn}","root_turn_id":"r"}}"#)),
        1 => event(format!(r#"{{"type":"task_complete","turn_id":"{turn}","last_agent_message":"a \"}}{{\" b"}}"#)),
        2 => event(format!(r#"{{"type":"task_complete","turn_id":"{turn}","last_agent_message":null,"error":{{"message":"no"}}}}"#)),
        3 => event(format!(r#"{{"type":"turn_aborted","turn_id":"{turn}","reason":"interrupted"}}"#)),
        4 => event(format!(r#"{{"type":"token_count","info":{{"total_token_usage":{},"last_token_usage":{},"model_context_window":1}},"rate_limits":null}}"#, usage(n), usage(n / 2 + 1))),
        5 => event(format!(r#"{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{n},"output_tokens":007}}}}}}"#).replace("007", "7")),
        6 => event(r#"{"type":"token_count","info":null,"rate_limits":null}"#.to_owned()),
        7 => ("token_usage_record", format!(r#"{{"thread_id":"{ID}","turn_id":"{turn}","response_id":"r","usage":{},"thread_token_usage":{}}}"#, usage(n), usage(2 * n))),
        8 => ("token_usage_record", format!(r#"{{"thread_id":"{ID}","thread_token_usage":{}}}"#, usage(n))),
        9 => ("turn_context", format!(r#"{{"turn_id":"{turn}","cwd":"/c{s}","model":"m{s}","approval_policy":"never"}}"#)),
        10 => event(format!(r#"{{"type":"thread_settings_applied","thread_id":"{ID}","thread_settings":{{"model":"s{s}","cwd":"/s{s}","permission_profile":{{"type":"x"}}}}}}"#)),
        11 => event(format!(r#"{{"type":"thread_settings_applied","thread_settings":{{"cwd":"/t{s}"}}}}"#)),
        12 => ("response_item", heard(&format!("heard {n}"))),
        13 => ("response_item", heard("<environment_context>\n<cwd>/x</cwd>")),
        14 => ("response_item", heard("# Context from my IDE setup:\n\n## Active file: a.rs\n")),
        15 => ("response_item", heard(&format!("# Context\n## My request for Codex:\nasked {n}"))),
        16 => ("response_item", heard(&format!("said {n}")).replace("user", "developer")),
        17 => event(user(&format!("said {n}"))),
        18 => event(user(" ")),
        19 => event(item(json!({"type": "CommandExecution", "command": ["ls"]}))),
        20 => event(item(json!({"id": "c", "type": "CollabAgentToolCall"})).replace(r#""type":"CollabAgentToolCall""#, &format!(r#""tool":"close_agent","type":"CollabAgentToolCall","status":"completed","receiver_thread_ids":["{OTHER}"]"#))),
        21 => event(item(json!({})).replace("{}", &format!(r#"{{"type":"CollabAgentToolCall","id":"c","tool":"close_agent","status":"completed","receiver_thread_ids":["{ID}"]}}"#))),
        22 => event(item(json!({})).replace("{}", r#"{"type":"CollabAgentToolCall","id":"c","tool":"resume_agent","status":"completed","receiver_thread_ids":[]}"#)),
        23 => event(item(json!({})).replace("{}", r#"{"type":"EnteredReviewMode","id":"e"}"#)),
        24 => event(format!(r#"{{"type":"user_message","message":"event {n}","images":[],"local_images":[]}}"#)),
        25 => event(format!(r#"{{"type":"user_message","message":"","images":[],"local_images":["/x/{n}.png"]}}"#)),
        26 => event(format!(r#"{{"type":"user_message","message":"context {n}","kind":"context"}}"#)),
        27 => event(format!(r#"{{"type":"thread_rolled_back","num_turns":{}}}"#, n % 4)),
        28 => event(format!(r#"{{"type":"thread_goal_updated","threadId":"{ID}","goal":{{"objective":"goal {n}","status":"active"}}}}"#)),
        29 => event(format!(r#"{{"type":"thread_name_updated","thread_id":"{ID}","thread_name":"name {n}"}}"#)),
        30 => event(r#"{"type":"error","message":"no"}"#.to_owned()),
        31 => ("session_meta", format!(r#"{{"id":"{ID}","cwd":"/again{n}"}}"#)),
        32 => ("response_item", format!(r#"{{"type":"agent_message","id":"a","author":"/root","content":[{{"type":"input_text","text":"Message Type: NEW_TASK\nPayload:\ntask {n}"}}]}}"#)),
        33 => ("response_item", format!(r#"{{"type":"function_call","id":"f","name":"shell","arguments":"{{\"command\":[\"ls\",\"{n}\"]}}","call_id":"c"}}"#)),
        34 => ("response_item", format!(r#"{{"type":"function_call_output","call_id":"c","output":"out {n}"}}"#)),
        35 => ("response_item", r#"{"type":"function_call","id":"f","name":"update_plan","arguments":"{\"plan\":[{\"step\":\"one\",\"status\":\"pending\"}]}","call_id":"p"}"#.to_owned()),
        36 => ("response_item", r#"{"type":"reasoning","id":"r","summary":[]}"#.to_owned()),
        37 => event(r#"{"type":"agent_reasoning","text":"hm"}"#.to_owned()),
        38 => event(format!(r#"{{"type":"agent_message","message":"answer {n}"}}"#)),
        39 => event(item(json!({})).replace("{}", r#"{"type":"Reasoning","id":"r","summary_text":["hm"]}"#)),
        40 => ("other_usage_record", format!(r#"{{"purpose":"hidden","response_id":"h","model":"h{s}","usage":{}}}"#, usage(n))),
        _ => ("inter_agent_communication", format!(r#"{{"author":"/root","content":"Message Type: NEW_TASK\nPayload:\ntask {n}"}}"#)),
    }
}

/// Projection of these lines, without its places.
fn history(lines: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, lines)?;
    let got = crate::projection::project(&path, None)?;
    let turns = got
        .turns
        .iter()
        .map(|turn| (&turn.id, turn.ordinal, turn.status, turn.started_at, &turn.first_words));
    let passages = got.passages.iter().map(|passage| (passage.said, &passage.text));
    let rollbacks = got.rollbacks.iter().map(|rollback| rollback.turns);
    Ok(format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        turns.collect::<Vec<_>>(),
        passages.collect::<Vec<_>>(),
        rollbacks.collect::<Vec<_>>(),
        (got.usage, got.skipped.count),
        (got.thread_id, got.started_at, got.base),
    ))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn parsing_gives_the_same(
        is_subagent: bool,
        has_cwd: bool,
        kinds in prop::collection::vec((0..42_usize, 1..100_i64), 0..30),
        cut: prop::sample::Index,
    ) {
        let run = || -> Result {
            let mut meta = json!({"id": ID, "source": "cli"});
            if is_subagent {
                meta["source"] = json!({"subagent": {"thread_spawn": {"parent_thread_id": OTHER}}});
            }
            if has_cwd {
                meta["cwd"] = json!("/session");
            }
            let mut lines = vec![usual(0, "session_meta", &meta.to_string())];
            for (second, (kind, n)) in (1..).zip(&kinds) {
                let (line_type, payload) = payload(*kind, *n);
                lines.push(usual(second, line_type, &payload));
            }
            let quick = extract_bytes(lines.concat())?;
            let thorough = extract_bytes(lines.concat().replace("{\"timestamp\"", "{ \"timestamp\""))?;
            assert_eq!(quick.skipped.count + thorough.skipped.count, 0, "{:?}", quick.skipped);
            assert_eq!(quick.metadata, thorough.metadata, "{}", lines.concat());
            let thorough = lines.concat().replace("{\"timestamp\"", "{ \"timestamp\"");
            assert_eq!(history(&lines.concat())?, history(&thorough)?, "{}", lines.concat());
            // From a checkpoint, too.
            let folder = tempfile::tempdir()?;
            let path = folder.path().join(NAME);
            std::fs::write(&path, lines[..=cut.index(lines.len())].concat())?;
            let first = extract_file(&path, None)?;
            std::fs::write(&path, lines.concat())?;
            let rest = extract_file(&path, Some(&first.checkpoint))?;
            assert!(rest.resumed);
            assert_eq!(rest.checkpoint, extract_file(&path, None)?.checkpoint);
            assert_eq!(rest.metadata, quick.metadata);
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}
