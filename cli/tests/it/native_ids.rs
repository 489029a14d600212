//! Threads that are named by the agents' own ids of sessions.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::agents::{SESSION, ids, user, with_claude};
use crate::fixture::{Fixture, Result, Said};

/// Writes lines to a file of the user's.
fn write(fixture: &Fixture, path: impl AsRef<Path>, lines: &[Value]) -> Result {
    let path = user(fixture).join(path);
    fs::create_dir_all(path.parent().ok_or("a folder")?)?;
    Ok(fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>())?)
}

/// Writes a session of pi.
fn pi(fixture: &Fixture, id: &str) -> Result {
    let header =
        json!({ "type": "session", "id": id, "timestamp": "2026-11-28T08:00:00.000Z", "cwd": "/proj" });
    let message = json!({ "role": "user", "content": "Polish the samovar" });
    let prompt =
        json!({ "type": "message", "id": "p", "timestamp": "2026-11-28T08:00:01.000Z", "message": message });
    write(fixture, format!(".pi/agent/sessions/--proj--/{id}.jsonl"), &[header, prompt])
}

/// Writes a session of Kimi Code.
fn kimi_code(fixture: &Fixture, id: &str, state: &Value) -> Result {
    let prompt = json!({
        "type": "turn.prompt", "promptId": "p", "origin": { "kind": "user" },
        "input": [{ "type": "text", "text": "Sell the samovar" }], "time": 1_000,
    });
    let folder = format!(".kimi-code/sessions/work/{id}");
    write(fixture, format!("{folder}/agents/main/wire.jsonl"), &[prompt])?;
    write(fixture, format!("{folder}/state.json"), std::slice::from_ref(state))
}

fn thread_of(fixture: &Fixture, agent: &str) -> Result<String> {
    let list = fixture.json(&["threads", "--agent", agent])?;
    Ok(ids(&list).first().ok_or("a thread")?.to_string())
}

fn shown(fixture: &Fixture, id: &str) -> Result<(String, Said)> {
    let said = fixture.run(&["--json", "threads", "show", id])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    let document: Value = serde_json::from_str(&said.stdout)?;
    Ok((document["thread"]["id"].as_str().ok_or("an id")?.to_owned(), said))
}

#[test]
fn a_session_with_the_id_of_another_agents_thread_is_noted() -> Result {
    let fixture = with_claude()?;
    pi(&fixture, SESSION)?;
    fixture.json(&["agents", "add", "claude", "pi"])?;
    let other = thread_of(&fixture, "pi")?;
    assert_ne!(other, SESSION);
    let (id, said) = shown(&fixture, SESSION)?;
    assert_eq!(id, SESSION);
    let note = format!("this is a thread of claude; pi has a session of this id, too: thread {other}");
    assert_eq!(said.stderr.matches(&note).count(), 1, "{}", said.all());
    let (id, said) = shown(&fixture, &other)?;
    assert_eq!((id.as_str(), said.stderr.as_str()), (other.as_str(), ""));
    // The id still leads to the session that is left.
    fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert_eq!(shown(&fixture, SESSION)?.0, other);
    Ok(())
}

#[test]
fn an_id_of_several_agents_sessions_is_refused_with_their_names() -> Result {
    let fixture = with_claude()?;
    pi(&fixture, "ses_1")?;
    kimi_code(&fixture, "ses_1", &json!({}))?;
    fixture.json(&["agents", "add", "kimi-code", "pi"])?;
    let (of_kimi, of_pi) = (thread_of(&fixture, "kimi-code")?, thread_of(&fixture, "pi")?);
    let refused = fixture.run(&["threads", "show", "ses_1"])?;
    assert_eq!(refused.code, Some(2), "{}", refused.all());
    for line in [format!("{of_kimi}  kimi-code  Sell"), format!("{of_pi}  pi  Polish")] {
        assert!(refused.stderr.contains(&line), "{}", refused.all());
    }
    Ok(())
}

/// Adds sessions of pi and Kimi Code with one UUID. Claude Code's thread had it, so theirs do not.
fn of_pi_and_kimi(fixture: &Fixture) -> Result<(String, String)> {
    pi(fixture, SESSION)?;
    kimi_code(fixture, SESSION, &json!({}))?;
    fixture.json(&["agents", "add", "claude", "pi", "kimi-code"])?;
    let threads = (thread_of(fixture, "pi")?, thread_of(fixture, "kimi-code")?);
    fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    Ok(threads)
}

#[test]
fn a_whole_id_of_several_agents_sessions_is_refused_too() -> Result {
    let fixture = with_claude()?;
    let (of_pi, of_kimi) = of_pi_and_kimi(&fixture)?;
    let commands: [&[&str]; 6] = [
        &["threads", "show", SESSION],
        &["threads", "close", SESSION],
        &["threads", "tree", SESSION],
        &["goals", "set", SESSION, "Sell it"],
        &["goals", "get", SESSION],
        &["logs", "--thread", SESSION],
    ];
    for command in commands {
        let refused = fixture.run(command)?;
        assert_eq!(refused.code, Some(2), "{command:?}: {}", refused.all());
        assert!(refused.stderr.contains(&of_pi) && refused.stderr.contains(&of_kimi), "{}", refused.all());
    }
    // A deleted session leaves the id to the other one.
    fixture.json(&["threads", "delete", &of_pi, "--yes"])?;
    assert_eq!(shown(&fixture, SESSION)?.0, of_kimi);
    Ok(())
}

#[test]
fn every_command_finds_the_thread_of_a_whole_id() -> Result {
    let fixture = with_claude()?;
    let (thread, of_kimi) = of_pi_and_kimi(&fixture)?;
    fixture.json(&["threads", "delete", &of_kimi, "--yes"])?;
    let set = fixture.json(&["goals", "set", SESSION, "Sell it"])?;
    assert_eq!(set["thread_id"], thread.as_str(), "{set}");
    let got = fixture.json(&["goals", "get", SESSION])?;
    assert_eq!(got["goal"]["objective"], "Sell it", "{got}");
    let tree = fixture.json(&["threads", "tree", SESSION])?;
    assert_eq!(tree["agents"][0]["thread_id"], thread.as_str(), "{tree}");
    assert_eq!(fixture.rows(&["--thread", SESSION])?, fixture.rows(&["--thread", &thread])?);
    assert!(!fixture.rows(&["--thread", SESSION])?.is_empty());
    // The ids of deleted sessions are not taken for new threads.
    fixture.json(&["agents", "remove", "kimi-code", "--forget", "--yes"])?;
    fixture.json(&["threads", "delete", SESSION, "--yes"])?;
    for command in [&["threads", "show", SESSION][..], &["goals", "set", SESSION, "Sell it"]] {
        let refused = fixture.run(command)?;
        assert_eq!(refused.code, Some(2), "{}", refused.all());
        assert!(refused.stderr.contains(&format!("{thread} was deleted")), "{}", refused.all());
    }
    assert_eq!(fixture.json(&["threads", "restore", SESSION])?["thread_id"], thread.as_str());
    Ok(())
}

#[test]
fn a_migrated_copy_is_shown_as_its_original() -> Result {
    const OLD: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
    const NEW: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    let fixture = with_claude()?;
    let message = json!({ "type": "TurnBegin", "payload": { "user_input": "Sell the samovar" } });
    let turn = json!({ "timestamp": 1.0, "message": message });
    write(&fixture, format!(".kimi/sessions/hash/{OLD}/wire.jsonl"), &[turn])?;
    let state = json!({ "createdAt": "1970-01-01T00:00:01.000Z", "custom": { "kimi_cli_session_id": OLD } });
    kimi_code(&fixture, "ses_1", &state)?;
    kimi_code(&fixture, NEW, &state)?;
    fixture.json(&["agents", "add", "kimi", "kimi-code"])?;
    assert_eq!(thread_of(&fixture, "kimi")?, OLD);
    assert!(thread_of(&fixture, "kimi-code").is_err(), "the copies have no threads");
    for copy in ["ses_1", NEW] {
        assert_eq!(shown(&fixture, copy)?.0, OLD, "{copy}");
    }
    Ok(())
}
