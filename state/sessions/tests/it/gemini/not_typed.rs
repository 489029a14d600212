//! Messages that Gemini CLI writes in the user's name or writes again.

use serde_json::{Value, json};
use threadkeep_sessions::{Outcome, Session};

use super::{CHATS, ID, answer, chat, header, lines, message};
use crate::facts::Result;
use crate::place::{Place, commands, kinds, turns};

/// Before long outputs are shortened in its memory, the agent writes all messages again, with new
/// ids, and then as a list.
#[test]
fn messages_that_are_written_again_are_said_once() -> Result {
    let part = |name: &str, content: Value| json!([{name: content}]);
    let call = json!({"id": "c", "name": "run_shell_command", "args": {"command": "ls"}});
    let result = json!({"id": "c", "response": {"output": "a.txt"}});
    let again = |id: &str, role: &str, content: Value| {
        let mut message = json!({"id": id, "timestamp": "2026-11-28T08:00:30.000Z", "type": role,
            "content": content});
        if role == "gemini" {
            (message["thoughts"], message["tokens"]) = (json!([]), Value::Null);
        }
        message
    };
    let mut called = answer("a1", 2, "");
    called["toolCalls"] = json!([{"id": "c", "name": "run_shell_command", "args": {"command": "ls"},
        "status": "success", "result": part("functionResponse", result.clone())}]);
    let block = [
        again("n1", "user", json!([{"text": "<session_context>x"}, {"text": "one"}])),
        again("n2", "gemini", part("functionCall", call)),
        again("n3", "user", part("functionResponse", result)),
        again("n4", "gemini", part("text", json!("first"))),
        again("n5", "user", part("text", json!("two"))),
        again("n6", "gemini", part("text", json!("second"))),
    ];
    let time = json!({"$set": {"lastUpdated": "2026-11-28T08:00:30.000Z"}});
    let mut records = vec![header(0), message("p1", 1, "user", "one"), called, answer("a2", 3, "first")];
    records.extend([message("p2", 4, "user", "two"), answer("a3", 5, "second")]);
    records.extend(block.iter().flat_map(|message| [message.clone(), time.clone()]));
    records.push(json!({"$set": {"messages": block}}));
    records.extend([message("p3", 40, "user", "three"), time, answer("a4", 41, "third")]);
    let session = chat(&records)?.session()?;
    let done = Outcome::Completed;
    assert_eq!(turns(&session), [("one", done), ("two", done), ("three", done)]);
    assert_eq!(kinds(&session), ["user", "command", "agent", "user", "agent", "user", "agent"]);
    assert_eq!(session.requests.len(), 4);
    // A turn that runs meanwhile goes on.
    records.truncate(4);
    records[3] = block[0].clone();
    records.extend([block[1].clone(), json!({"$set": {"messages": block[..2]}})]);
    assert_eq!(turns(&chat(&records)?.session()?), [("one", Outcome::Unfinished)]);
    Ok(())
}

#[test]
fn a_warning_of_a_loop_is_no_prompt() -> Result {
    let mut warning = message("w", 3, "user", "");
    warning["content"] =
        json!([{"text": "System: Potential loop detected. Details: x. Please take a step back."}]);
    let typed = warning.clone();
    warning["displayContent"] = json!([{"text": "one"}]);
    let taken_back = json!({"$set": {"messages": [message("c", 0, "user", "<session_context>x")]}});
    let records = [header(0), message("p", 1, "user", "one"), taken_back, warning, answer("a", 4, "done")];
    assert_eq!(turns(&chat(&records)?.session()?), [("one", Outcome::Completed)]);
    assert_eq!(chat(&[header(0), typed])?.session()?.turns.len(), 1, "without the prompt, it was typed");
    Ok(())
}

/// The last messages stay word for word, and get new ids.
#[test]
fn a_compaction_that_keeps_messages_is_one() -> Result {
    let mut records = vec![header(0), message("p1", 1, "user", "one"), answer("a1", 2, "first")];
    records.extend([message("p2", 3, "user", "two"), answer("a2", 4, "second")]);
    let kept = [message("n3", 5, "user", "two"), message("n4", 5, "gemini", "second")];
    let summary = [message("n1", 5, "user", "They said one."), message("n2", 5, "gemini", "Got it.")];
    let list = [summary, kept].concat();
    records.push(json!({"$set": {"messages": list}}));
    let session = chat(&records)?.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed), ("two", Outcome::Completed)]);
    assert_eq!(kinds(&session), ["user", "agent", "user", "agent", "compaction"]);
    Ok(())
}

/// Reads a sub-agent that got one task.
fn sub_agent(records: &[Value]) -> Result<Session> {
    let place = Place::new("gemini")?;
    let mut head = header(0);
    (head["sessionId"], head["kind"]) = (json!("child"), json!("subagent"));
    let records = [&[head, message("p", 1, "user", "task")], records].concat();
    place.write(format!("{CHATS}/{ID}/child.jsonl"), &lines(&records))?;
    place.session()
}

#[test]
fn a_sub_agent_whose_list_is_emptied_has_failed() -> Result {
    let session = sub_agent(&[json!({"$set": {"messages": []}})])?;
    assert_eq!(turns(&session), [("task", Outcome::Failed)]);
    assert_eq!(sub_agent(&[])?.outcome(), Some(Outcome::Unfinished));
    Ok(())
}

#[test]
fn a_command_of_the_users_is_no_prompt() -> Result {
    let ran = |id: &str, second: u32, command: &str, output: &str| {
        let text = format!(
            "I ran the following shell command:\n```sh\n{command}\n```\n\n\
             This produced the following result:\n```\n{output}\n```"
        );
        message(id, second, "user", &text)
    };
    let early = ran("c1", 1, "pwd", "/proj");
    let records = [header(0), early, message("p", 2, "user", "one"), answer("a", 3, "done")];
    let records = [&records[..], &[ran("c2", 4, r"echo \\ \`date\`", "x\ny")]].concat();
    let session = chat(&records)?.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed)]);
    let right = [("pwd", None, Some("/proj")), (r"echo \ `date`", None, Some("x\ny"))];
    assert_eq!(commands(&session), right);
    let open = chat(&records[..2])?.open()?;
    assert!(open.sessions().is_empty(), "it has no prompt");
    Ok(())
}

#[test]
fn a_sub_agent_at_its_limit_gets_no_second_task() -> Result {
    let words = "You have exceeded the maximum number of turns. You have one final chance to complete \
                 the task with a short grace period. You MUST call `complete_task` immediately.";
    let limit = message("l", 3, "user", words);
    let session = sub_agent(&[answer("a1", 2, "I look."), limit.clone(), answer("a2", 4, "done")])?;
    assert_eq!(turns(&session), [("task", Outcome::Completed)]);
    assert_eq!(chat(&[header(0), limit])?.session()?.turns.len(), 1, "a user can type it");
    Ok(())
}

#[test]
fn the_context_is_the_message_with_its_id() -> Result {
    let context = message("d04923d38bb0f6017037e74183378ef4", 0, "user", "<session_context>x");
    let typed = message("p", 1, "user", "<session_context>mine</session_context> do it");
    let list = json!({"$set": {"messages": [context]}});
    let session = chat(&[header(0), list.clone(), typed.clone(), answer("a", 2, "done"), list])?.session()?;
    let words = "<session_context>mine</session_context> do it";
    assert_eq!(turns(&session), [(words, Outcome::Completed)]);
    assert!(chat(&[header(0), typed])?.open()?.sessions().is_empty(), "it can be the context");
    Ok(())
}
