//! Kimi CLI.

use serde_json::{Value, json};
use threadkeep_sessions::{Environment, Outcome, Purpose, Session, store};

use crate::facts::{Example, Result, same, same_status, same_title, second_form};
use crate::place::{Place, commands, kinds, turns};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("kimi", ".")?.each(|fact, session| {
        second_form(fact, session, false)?;
        same_status(fact, session)?;
        same_title(session, fact.get("title_in_store").unwrap_or(&fact["title"]))?;
        // The requests of compactions stand nowhere.
        same("requests", &json!(session.tokens(Purpose::Hidden, false).input), &json!(0))
    })
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("kimi", ".")?;
    let session = &example.sessions["19b9dbfb-94df-4cde-b6af-976789ba4147"];
    assert_eq!(
        commands(session),
        [("ls", Some("completed"), Some("")), ("echo two", Some("completed"), Some("two\n"))]
    );
    assert_eq!(
        kinds(session),
        ["user", "agent", "command", "compaction", "agent", "command", "compaction", "agent"]
    );
    Ok(())
}

/// MD5 of `/work`.
const PROJECT: &str = "sessions/1e0bb3bee2d09d2e4ad3523530d3b40c";
const ID: &str = "11111111-2222-4333-8444-555555555555";

fn line(second: u32, kind: &str, payload: &Value) -> String {
    let at = 1_795_853_280.25 + f64::from(second);
    format!("{}\n", json!({ "timestamp": at, "message": { "type": kind, "payload": payload } }))
}

fn wire(lines: &[(&str, Value)]) -> String {
    let head = "{\"type\": \"metadata\", \"protocol_version\": \"1.10\"}\n".to_owned();
    let lines = (0..).zip(lines).map(|(second, (kind, payload))| line(second, kind, payload));
    head + &lines.collect::<String>()
}

fn usage(id: Value) -> Value {
    let usage = json!({ "input_other": 10, "output": 3, "input_cache_read": 5, "input_cache_creation": 2 });
    json!({ "token_usage": usage, "message_id": id })
}

#[test]
fn only_the_map_has_the_folder() -> Result {
    let place = Place::new("kimi")?;
    place.write(
        format!("{PROJECT}/{ID}/wire.jsonl"),
        &wire(&[("TurnBegin", json!({ "user_input": "one" }))]),
    )?;
    assert_eq!(place.session()?.cwd, None);
    let before = place.open()?.sessions()[0].fingerprint.clone();
    let map = |last: &str| {
        json!({ "work_dirs": [{ "path": "/work", "kaos": "local", "last_session_id": last }, 7] }).to_string()
    };
    place.write("kimi.json", &map("a"))?;
    assert_eq!(place.session()?.cwd.as_deref(), Some("/work"));
    let found = place.open()?.sessions()[0].clone();
    assert_ne!(found.fingerprint, before, "the folder is read from the map");
    place.write("kimi.json", &map("another"))?;
    assert_eq!(place.open()?.sessions()[0], found, "what else the map has is of no concern");
    Ok(())
}

#[test]
fn a_turn_that_the_user_stopped_is_told_from_a_whole_one() -> Result {
    let begin =
        ("TurnBegin", json!({ "user_input": [{ "type": "text", "text": "one" }, { "type": "image_url" }] }));
    let (step, end) = (("StepBegin", json!({ "n": 1 })), ("TurnEnd", json!({})));
    let call = (
        "ToolCall",
        json!({ "id": "c", "function": { "name": "Shell", "arguments": "{\"command\":\"ls\"}" } }),
    );
    let result = (
        "ToolResult",
        json!({ "tool_call_id": "c", "return_value": { "is_error": true, "output": [], "message": "no" } }),
    );
    let rejected = (
        "ToolResult",
        json!({ "tool_call_id": "c", "return_value": { "is_error": true, "output": "",
            "message": "The tool call is rejected by the user.",
            "display": [{ "type": "brief", "text": "Rejected by user" }, { "type": "diff", "path": "a" }] } }),
    );
    let status = ("StatusUpdate", usage(json!("m")));
    let failed = ("StepInterrupted", json!({}));
    for (lines, outcome) in [
        (vec![&begin, &end], Outcome::Completed),
        (vec![&begin, &step, &status, &end], Outcome::Completed),
        (vec![&begin, &step, &call, &result, &status, &end], Outcome::Completed),
        (vec![&begin, &step, &call, &status, &rejected, &end], Outcome::Interrupted),
        (vec![&begin, &step, &call, &status, &rejected, &step, &status, &end], Outcome::Completed),
        (vec![&begin, &step, &end], Outcome::Interrupted),
        (vec![&begin, &step, &call, &status, &end], Outcome::Interrupted),
        (vec![&begin, &step, &status, &step, &failed, &end], Outcome::Failed),
        (vec![&begin, &step, &status], Outcome::Unfinished),
    ] {
        let place = Place::new("kimi")?;
        let lines: Vec<_> = lines.into_iter().cloned().collect();
        place.write(format!("{PROJECT}/{ID}/wire.jsonl"), &wire(&lines))?;
        let session = place.session()?;
        assert_eq!(turns(&session), [("one", outcome)], "{lines:?}");
        if lines.contains(&result) {
            assert_eq!(commands(&session), [("ls", Some("failed"), Some("no"))]);
        }
    }
    Ok(())
}

#[test]
fn each_request_counts_once() -> Result {
    let aside = |agent: Value| json!({ "agent_id": agent, "event": { "type": "StatusUpdate", "payload": usage(json!("s")) } });
    let lines = [
        ("TurnBegin", json!({ "user_input": "one" })),
        ("StatusUpdate", usage(json!("same"))),
        ("StatusUpdate", usage(json!("same"))),
        ("StatusUpdate", usage(Value::Null)),
        ("StatusUpdate", json!({ "token_usage": null })),
        ("SubagentEvent", aside(json!("a1"))),
        ("SubagentEvent", aside(Value::Null)),
        (
            "SubagentEvent",
            json!({ "event": { "type": "TurnBegin", "payload": { "user_input": "of no user" } } }),
        ),
    ];
    let place = Place::new("kimi")?;
    let wire = wire(&lines);
    let again = wire.lines().nth(2).ok_or("a line")?;
    place.write(format!("{PROJECT}/{ID}/wire.jsonl"), &format!("{wire}{again}\n"))?;
    let session = place.session()?;
    let tokens = session.tokens(Purpose::Conversation, false);
    assert_eq!((tokens.input, tokens.cached_input, tokens.cache_write, tokens.output), (51, 15, 6, 9));
    assert_eq!(tokens.reasoning, None, "nothing says how much it reasoned");
    assert_eq!(session.tokens(Purpose::Subagent, false).input, 34, "its own file is gone");
    assert_eq!(session.turns.len(), 1);
    let meta = json!({ "description": "look", "status": "idle" }).to_string();
    place.write(format!("{PROJECT}/{ID}/subagents/a1/wire.jsonl"), &wire.replace("\"one\"", "\"task\""))?;
    place.write(format!("{PROJECT}/{ID}/subagents/a1/meta.json"), &meta)?;
    let sessions = place.sessions()?;
    assert_eq!(sessions[0].tokens(Purpose::Subagent, false).input, 17, "one has a file");
    assert_eq!(sessions[1].title.as_ref().map(|title| title.text.as_str()), Some("look"));
    let resume = |of: usize| place.store.resume(&sessions[of]).map(|command| command.arguments);
    assert_eq!((resume(0), resume(1)), (Some(vec!["--session".to_owned(), ID.to_owned()]), None));
    Ok(())
}

#[test]
fn what_is_no_session_says_why() -> Result {
    let place = Place::new("kimi")?;
    assert!(place.sessions()?.is_empty(), "an empty place");
    place.write(format!("{PROJECT}/{ID}.jsonl"), "{}\n")?;
    place.write(format!("{PROJECT}/without-wire/state.json"), "{")?;
    place.write(format!("{PROJECT}/without-prompt/wire.jsonl"), &wire(&[]))?;
    place.write(format!("{PROJECT}/{ID}/state.json"), "{\"custom_title\": ")?;
    place.write(
        format!("{PROJECT}/{ID}/wire.jsonl"),
        &wire(&[("TurnBegin", json!({ "user_input": "one" }))]),
    )?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path().join("sessions"), place.path().join(format!("{PROJECT}/loop")))?;
    let open = place.open()?;
    let reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    let old = "it is older than the formats that are read";
    assert_eq!(reasons, [old, "it has no prompt", "there is no wire.jsonl"]);
    assert_eq!(place.session()?.title, None, "the state is half written");
    let environment = Environment::new("/home").with("KIMI_SHARE_DIR", "/k");
    let places = store("kimi").ok_or("kimi")?.places(&environment);
    assert_eq!(places, [std::path::Path::new("/k")]);
    Ok(())
}

/// Returns a turn: a prompt, and an answer with an id, that begin at this second.
fn turn(second: u32, words: &str) -> String {
    let lines = [
        ("TurnBegin", json!({ "user_input": words })),
        ("StepBegin", json!({ "n": 1 })),
        ("StatusUpdate", usage(json!(words))),
        ("TurnEnd", json!({})),
    ];
    (second..).zip(lines).map(|(second, (kind, payload))| line(second, kind, &payload)).collect()
}

#[test]
fn a_fork_is_found_by_the_lines_that_it_has_copied() -> Result {
    let place = Place::new("kimi")?;
    let write = |id: &str, turns: &[&str], title: &str, is_generated: bool| -> Result {
        let state =
            json!({ "custom_title": title, "title_generated": is_generated, "wire_mtime": 1_795_853_400.5 })
                .to_string();
        place.write(format!("{PROJECT}/{id}/state.json"), &state)?;
        place.write(format!("{PROJECT}/{id}/wire.jsonl"), &(wire(&[]) + &turns.concat()))?;
        Ok(())
    };
    let [one, two, three, four, late] = [(0, "one"), (10, "two"), (20, "three"), (30, "four"), (90, "late")]
        .map(|(at, words)| turn(at, words));
    // The parent went on after its fork, and the user renamed the undone one.
    write("d-root", &[&one, &two, &late], "Plans", false)?;
    write("b-fork", &[&one, &two, &three], "Fork: Plans", true)?;
    write("c-undo", &[&one, &two, &three, &four], "My own title", true)?;
    write("a-new", &[&one, &two], "Fork: Plans", true)?;
    write("e-other", &[&turn(5, "one")], "Fork: Plans", true)?;
    let origins = |sessions: &[Session]| -> Vec<_> {
        let origin = |session: &Session| {
            let parent = session.parent.as_ref().map(|parent| parent.native_id.clone());
            let own = session.tokens(Purpose::Conversation, false).output;
            (session.native_id.clone(), parent, session.inherited_turns(), own / 3)
        };
        sessions.iter().map(origin).collect()
    };
    let name = |name: &str| Some(name.to_owned());
    let sessions = place.sessions()?;
    let right = [
        ("a-new".to_owned(), name("d-root"), 2, 0),
        ("b-fork".to_owned(), name("d-root"), 2, 1),
        ("c-undo".to_owned(), name("b-fork"), 3, 1),
        ("d-root".to_owned(), None, 0, 3),
        ("e-other".to_owned(), None, 0, 1),
    ];
    assert_eq!(origins(&sessions), right);
    let made = sessions[0].created_at.map(jiff::Timestamp::as_millisecond);
    assert_eq!(made, Some(1_795_853_400_500), "nothing was said in it yet");
    assert!(sessions[1].created_at > sessions[3].created_at, "copied times are not its own");
    let folder = tempfile::tempdir()?;
    threadkeep_sessions::testing::keeps(place.store, &place.path(), folder.path())?;
    threadkeep_sessions::testing::conforms(place.store, &place.path())?;
    // The user renamed the parent: no fork has its title.
    write("d-root", &[&one, &two, &late], "Other plans", true)?;
    write("c-undo", &[&one, &two, &three, &four], "Undo: Fork: Plans", true)?;
    assert_eq!(origins(&place.sessions()?), right);
    let fingerprint = |id: &str| -> Result<String> {
        let open = place.open()?;
        let found = open.sessions().iter().find(|found| found.native_id == id);
        Ok(found.ok_or("a session")?.fingerprint.clone())
    };
    let before = fingerprint("b-fork")?;
    std::fs::remove_dir_all(place.path().join(format!("{PROJECT}/d-root")))?;
    assert_ne!(fingerprint("b-fork")?, before, "its parent is gone");
    let own: i64 = origins(&place.sessions()?).iter().map(|(.., own)| own).sum();
    assert_eq!(own, 2 + 1 + 1 + 1, "the copies count once");
    Ok(())
}
