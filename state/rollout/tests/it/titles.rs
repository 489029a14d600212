//! Words that name a thread.

use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_rollout::ThreadMetadata;

use crate::rules::{OTHER, line, meta, metadata};
use crate::{ID, Result};

fn event(event_type: &str, more: Value) -> String {
    let mut payload = json!({"type": event_type});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(1, "event_msg", payload)
}

fn start(turn: &str) -> String {
    event("task_started", json!({"turn_id": turn}))
}

fn end(turn: &str) -> String {
    event("task_complete", json!({"turn_id": turn}))
}

fn said(text: &str) -> String {
    event("user_message", json!({"message": text}))
}

/// A user's message as newer versions write it, with their order of keys.
fn item(content: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-22T10:00:01.000Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\
         \"item_completed\",\"thread_id\":\"{ID}\",\"turn_id\":\"a\",\"item\":{{\"type\":\"UserMessage\",\
         \"id\":\"u\",\"content\":{content}}}}}}}\n"
    )
}

/// Words as the model hears them, in the agent's own shape.
fn heard(text: &str) -> String {
    format!(
        "{{\"timestamp\":\"2026-11-22T10:00:01.000Z\",\"type\":\"response_item\",\"payload\":{{\"type\":\
         \"message\",\"role\":\"user\",\"content\":[{{\"type\":\"input_text\",\"text\":{}}}]}}}}\n",
        json!(text)
    )
}

fn read(lines: &[String]) -> Result<ThreadMetadata> {
    metadata(&[&[meta(ID, json!({}))], lines].concat())
}

fn title(lines: &[String]) -> Result<Option<String>> {
    Ok(read(lines)?.title)
}

#[test]
fn words_that_stand_only_in_a_response_item_count() -> Result {
    let injected = [
        heard("# AGENTS.md instructions for /x\n\n<INSTRUCTIONS>\nWater.\n</INSTRUCTIONS>"),
        heard("<environment_context>\n  <cwd>/x</cwd>\n</environment_context>"),
        heard("<user_instructions>x"),
        heard("<turn_aborted>x"),
        heard("<subagent_notification>\n{}"),
        heard("<codex_internal_context source=\"goal\">x"),
        heard("<user_action>\n  <context>x"),
    ];
    assert_eq!(title(&injected)?, None);
    let lines = [&[start("a")], &injected[..], &[heard("Repaint the fence"), end("a")]].concat();
    let got = read(&lines)?;
    assert_eq!(got.title.as_deref(), Some("Repaint the fence"));
    assert_eq!(got.first_user_message, got.title);
    let more = [&lines[..], &[start("b"), heard("x"), said("Second words")]].concat();
    assert_eq!(title(&more)?.as_deref(), Some("Repaint the fence"));
    // Where there is an event, its words count.
    let both = [start("a"), heard("whatever the model heard"), said("Hello"), heard("more"), end("a")];
    assert_eq!(title(&both)?.as_deref(), Some("Hello"));
    assert_eq!(title(&[heard("x"), said("Hello")])?.as_deref(), Some("Hello"), "also in old files");
    assert_eq!(title(&[heard("x")])?.as_deref(), Some("x"));
    let context = event("user_message", json!({"message": "all of it", "kind": "some_context"}));
    assert_eq!(
        title(&[start("a"), heard("all of it"), context, said("Oil"), end("a")])?.as_deref(),
        Some("Oil")
    );
    Ok(())
}

#[test]
fn the_agents_own_words_are_no_title() -> Result {
    let kind = |kind: &str, text: &str| event("user_message", json!({"message": text, "kind": kind}));
    let lines =
        [kind("environment_context", "<environment_context>"), kind("future", "x"), kind("plain", "Oil it")];
    assert_eq!(title(&lines)?.as_deref(), Some("Oil it"));
    assert_eq!(title(&[said("<environment_context>\n")])?, None);
    assert_eq!(
        title(&[kind("plain", "<skill> is what I want to learn")])?.as_deref(),
        Some("<skill> is what I want to learn")
    );
    let context = "# Context from my IDE setup:\n\n## Active file: src/gate.rs\n";
    assert_eq!(title(&[said(context), said("Paint it blue")])?.as_deref(), Some("Paint it blue"));
    assert_eq!(
        title(&[said(&format!("{context}\n## My request for Codex:\nPaint"))])?.as_deref(),
        Some("Paint")
    );
    let inside = "Why is '## My request for Codex:' cut off?";
    assert_eq!(title(&[said(inside)])?.as_deref(), Some(inside));
    Ok(())
}

#[test]
fn an_attachment_names_a_thread_until_there_are_words() -> Result {
    let file = "# Files mentioned by the user:\n\n## pasted-text.txt: /tmp/x/pasted-text.txt\n\n## My request for Codex:\n";
    let got = read(&[said(file)])?;
    assert_eq!(
        (got.title.as_deref(), got.first_user_message.as_deref()),
        (Some("pasted-text.txt"), Some("pasted-text.txt"))
    );
    assert_eq!(title(&[said(&format!("{file}Read it"))])?.as_deref(), Some("Read it"));
    let image = item(r#"[{"type":"local_image","path":"C:\\x\\pic.png"}]"#);
    let tags = "<image name=[Image #1] path=\"/x/pic.png\">";
    let got = read(&[start("a"), heard(tags), image.clone(), end("a")])?;
    assert_eq!((got.title.as_deref(), got.first_user_message.as_deref()), (Some("pic.png"), Some("[Image]")));
    let mention = item(r#"[{"type":"mention","name":"notes","path":"/x/notes.md"}]"#);
    let got = read(&[start("a"), mention, end("a")])?;
    assert_eq!((got.title, got.first_user_message.as_deref()), (Some("notes".to_owned()), Some("notes")));
    let got = read(&[start("a"), image, end("a"), start("b"), item(r#"[{"type":"text","text":"Words"}]"#)])?;
    assert_eq!((got.title.as_deref(), got.first_user_message.as_deref()), (Some("Words"), Some("[Image]")));
    Ok(())
}

#[test]
fn a_goal_names_a_thread_until_the_user_speaks() -> Result {
    let goal = |text: Option<&str>| {
        event("thread_goal_updated", json!({"goal": text.map(|text| json!({"objective": text}))}))
    };
    let got = read(&[goal(Some("Repaint"))])?;
    assert_eq!((got.title.as_deref(), got.first_user_message), (Some("Repaint"), None));
    for lines in [[goal(Some("Repaint")), said("Hello")], [said("Hello"), goal(Some("Repaint"))]] {
        let got = read(&lines)?;
        assert_eq!((got.title.as_deref(), got.first_user_message.as_deref()), (Some("Hello"), Some("Hello")));
    }
    assert_eq!(title(&[goal(Some("Repaint")), goal(None)])?, None);
    Ok(())
}

#[test]
fn a_subagents_title_is_its_task() -> Result {
    let spawn = json!({"source": {"subagent": {"thread_spawn": {"parent_thread_id": OTHER}}}});
    let task =
        |content: &str| line(1, "inter_agent_communication", json!({"author": "/root", "content": content}));
    let of = |lines: &[String]| metadata(&[&[meta(ID, spawn.clone())], lines].concat());
    let first = task("Message Type: NEW_TASK\nPayload:\nProbe the soil\n");
    let got = of(&[first.clone(), task("Message Type: NEW_TASK\nPayload:\nAnother")])?;
    assert_eq!((got.title.as_deref(), got.first_user_message), (Some("Probe the soil"), None));
    for nothing in ["Message Type: NEW_TASK\nPayload:\n", "Message Type: ANSWER\nPayload:\nx", "x", ""] {
        assert_eq!(of(&[task(nothing)])?.title, None, "{nothing}");
    }
    assert_eq!(title(&[first])?, None, "only a sub-agent has a task");
    let text = "Message Type: NEW_TASK\nTask name: probe\nPayload:\nProbe the bed";
    let content = json!([{"type": "input_text", "text": text}]);
    let message = json!({"type": "agent_message", "author": "/root", "content": content});
    assert_eq!(of(&[line(1, "response_item", message)])?.title.as_deref(), Some("Probe the bed"));
    Ok(())
}

#[test]
fn words_that_were_taken_back_name_nothing() -> Result {
    let back = |turns: u32| event("thread_rolled_back", json!({"num_turns": turns}));
    let lines = [start("a"), said("First"), end("a"), start("b"), said("Second"), end("b"), back(2)];
    let got = read(&lines)?;
    assert_eq!((got.title, got.first_user_message), (None, None));
    assert_eq!(title(&[&lines[..], &[start("c"), said("Third")]].concat())?.as_deref(), Some("Third"));
    assert_eq!(title(&[&lines[..6], &[back(1)]].concat())?.as_deref(), Some("First"));
    assert_eq!(title(&[said("a"), said("b"), back(1)])?.as_deref(), Some("a"), "turns without marks");
    assert_eq!(title(&[said("a"), said("b"), back(2), said("c")])?.as_deref(), Some("c"));
    Ok(())
}

#[test]
fn a_thread_in_which_nothing_happened_is_empty() -> Result {
    let kind = |lines: &[String]| read(lines).map(|got| got.kind.as_str());
    let settings = event("thread_settings_applied", json!({"thread_settings": {"model": "m"}}));
    assert_eq!(kind(std::slice::from_ref(&settings))?, "empty");
    assert_eq!(kind(&[settings, start("a")])?, "user");
    assert_eq!(kind(&[event("thread_goal_updated", json!({"goal": {"objective": "x"}}))])?, "user");
    let guardian = json!({"source": {"subagent": {"other": "guardian"}}});
    assert_eq!(metadata(&[meta(ID, guardian)])?.kind.as_str(), "guardian");
    Ok(())
}

#[test]
fn agents_that_were_closed_are_known() -> Result {
    let call = |tool: &str, status: &str, second: u32| {
        let item = json!({"type": "CollabAgentToolCall", "tool": tool, "status": status, "receiver_thread_ids": [OTHER, "x"]});
        line(second, "event_msg", json!({"type": "item_completed", "item": item}))
    };
    let got = read(&[call("spawn_agent", "completed", 1), call("close_agent", "failed", 2)])?;
    assert_eq!(got.closed_agents, []);
    let got = read(&[call("close_agent", "completed", 3), call("close_agent", "completed", 4)])?;
    let closed: Vec<_> =
        got.closed_agents.iter().map(|closed| (closed.thread_id.to_string(), closed.at)).collect();
    assert_eq!(closed, [(OTHER.to_owned(), Some("2026-11-22T10:00:04Z".parse()?))]);
    let got = read(&[call("close_agent", "completed", 3), call("resume_agent", "completed", 4)])?;
    assert_eq!(got.closed_agents, []);
    // What a turn did is taken back with it.
    let back = |turns: u64| event("thread_rolled_back", json!({"num_turns": turns}));
    let (closes, resumes) = (call("close_agent", "completed", 5), call("resume_agent", "completed", 6));
    let closed = |lines: &[String]| read(lines).map(|got| got.closed_agents.len());
    assert_eq!(closed(&[start("a"), closes.clone(), back(1)])?, 0);
    assert_eq!(closed(&[start("a"), closes.clone(), start("b"), resumes.clone()])?, 0);
    assert_eq!(closed(&[start("a"), closes, start("b"), resumes, back(1)])?, 1);
    Ok(())
}

proptest! {
    #[test]
    fn the_title_is_of_the_first_turn_that_counts(steps in prop::collection::vec((0..8_u32, any::<bool>()), 0..30)) {
        let (mut lines, mut turns) = (Vec::new(), Vec::new());
        for (number, (step, is_heard)) in steps.into_iter().enumerate() {
            if step < 3 {
                lines.push(event("thread_rolled_back", json!({"num_turns": step})));
                turns.truncate(turns.len().saturating_sub(step as usize));
            } else {
                // Some turns have no words at all, and some have words that only the model heard.
                let words = format!("words {number}");
                lines.push(start(&number.to_string()));
                if step < 7 {
                    lines.push(if is_heard { heard(&words) } else { said(&words) });
                }
                turns.push((step < 7).then_some(words));
                if step % 2 == 0 {
                    lines.push(end(&number.to_string()));
                }
            }
        }
        let got = title(&lines).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(got, turns.into_iter().flatten().next());
    }
}
