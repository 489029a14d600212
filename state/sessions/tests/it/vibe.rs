//! Mistral Vibe.

use std::path::Path;

use serde_json::{Value, json};
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, Session, TitleSource, store, testing};

use crate::facts::{Example, Result, same, same_status, same_title, second_form, tokens};
use crate::place::{Place, commands, kinds, turns};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("vibe", ".")?.each(|fact, session| {
        second_form(fact, session, false)?;
        same_status(fact, session)?;
        same_title(session, &fact["title"])?;
        let mut beside = fact["beside"].clone();
        if session.requests.iter().all(|request| request.purpose != Purpose::Hidden) {
            beside["reasoning"] = Value::Null;
        }
        same("beside", &tokens(session.tokens(Purpose::Hidden, false), &beside), &beside)
    })
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("vibe", ".")?;
    let session = &example.sessions["e88c5852-553a-4071-116b-bf7dd1a84268"];
    assert_eq!(commands(session), [("echo mock-shell; ls", Some("completed"), Some("mock-shell\n"))]);
    let session = &example.sessions["b5d8b66b-c251-5ceb-7cd2-dec8dc32fe75"];
    let right = ["user", "agent", "command", "agent", "command", "compaction", "agent", "command", "agent"];
    assert_eq!(kinds(session), right);
    let failed = &example.sessions["75546881-49c2-a486-9a29-117f78d94b06"].turns[0];
    assert!(failed.error.as_deref().is_some_and(|error| error.contains("400 Bad Request")));
    Ok(())
}

const STORE: &str = "logs/session/unified/new";

fn message(id: &str, turn: Option<&str>, role: &str, text: &str) -> Value {
    json!({
        "type": "message", "id": id, "turnId": turn, "role": role, "createdAt": 5000, "updatedAt": 6000,
        "content": [{ "type": "text", "text": text }], "outcome": { "type": "committed" },
    })
}

/// Writes a generation with these entries, and a journal with these changes after it.
fn write(place: &Place, generation: u32, entries: &Value, runtime: &Value, journal: &[Value]) -> Result {
    let (name, next) = (format!("{generation:016}"), generation + 1);
    let folder = format!("{STORE}/generations/{name}");
    let chunk = format!("chunk{generation}");
    let manifest = json!({
        "session_id": "new", "projection_state": { "chunks": [chunk] },
        "recovery_journal_segment": { "first_sequence": next },
    });
    let session = json!({ "createdAt": 1000, "title": "By hand", "titleSource": "manual" });
    let state = json!({ "snapshot": { "session": session, "latestTurn": null } });
    place.write(format!("{folder}/manifest.json"), &manifest.to_string())?;
    place.write(format!("{folder}/projection-state.json"), &state.to_string())?;
    place.write(format!("{folder}/runtime-state.json"), &runtime.to_string())?;
    place.write(format!("{STORE}/chunks/{chunk}.json"), &entries.to_string())?;
    let records = journal.iter().map(|delta| {
        format!(
            "{}\n",
            json!({ "payload": { "delta": delta }, "sequence": next, "type": "projection_delta" })
        )
    });
    place.write(format!("{STORE}/journal/{next:016}.jsonl"), &records.collect::<String>())?;
    place.write(format!("{STORE}/CURRENT"), &json!({ "generation": name }).to_string())?;
    Ok(())
}

#[test]
fn the_journal_goes_on_where_the_generation_ends() -> Result {
    let place = Place::new("vibe")?;
    let entries =
        json!([message("u1", Some("t1"), "user", "one"), message("a1", Some("t1"), "assistant", "1")]);
    let envelope = |status: &str, input: u32| {
        let session = json!({
            "createdAt": 1000, "title": null,
            "tokenUsage": { "inputTokens": input, "cachedInputTokens": 3, "outputTokens": 4 },
        });
        let turn = json!({ "id": "t2", "status": status, "completedAt": 9000 });
        json!({ "op": "set_envelope", "state": { "session": session, "latestTurn": turn } })
    };
    let change = |op: &str, entry: Value| json!({ "op": op, "entry": entry });
    let journal = [
        json!([
            change("append_entry", message("u2", Some("t2"), "user", "two")),
            envelope("in_progress", 10)
        ]),
        json!([change("append_entry", message("u2b", Some("t2"), "user", "and more"))]),
        json!([change("append_entry", message("a2", Some("t2"), "assistant", "half"))]),
        json!([change("replace_entry", message("a2", Some("t2"), "assistant", "whole")), { "op": "later" }]),
        json!([envelope("interrupted", 20), 7]),
    ];
    // The records of a generation are in it. A damaged one is counted.
    write(&place, 8, &entries, &json!({}), &journal)?;
    place.write(format!("{STORE}/journal/{:016}.jsonl", 1), "{\"type\":\"projection_delta\"}\n")?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed), ("two", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "agent", "user", "user", "agent"]);
    assert_eq!(session.tokens(Purpose::Conversation, false).input, 10, "the sum of the last whole record");
    assert_eq!((session.skipped_lines, session.title), (1, None));
    write(&place, 8, &entries, &json!({}), &journal[..4])?;
    place.write(format!("{STORE}/CURRENT"), "{\"generation\": \"00000000")?;
    assert_eq!(turns(&place.session()?).len(), 2, "CURRENT is half written");
    place.write(format!("{STORE}/generations/{:016}/manifest.json", 9), "{")?;
    place.write(format!("{STORE}/CURRENT"), &json!({ "generation": format!("{:016}", 9) }).to_string())?;
    assert_eq!(turns(&place.session()?).len(), 2, "the older generation is whole");
    Ok(())
}

#[test]
fn an_imported_session_names_the_old_one() -> Result {
    let place = Place::new("vibe")?;
    let imported = [message("i0", None, "user", "one"), message("i1", None, "assistant", "1")];
    let own = [message("u1", Some("t"), "user", "two"), message("a1", Some("t"), "assistant", "2")];
    let source = |backend: &str| {
        let provenance = json!({ "source": { "backend": backend, "session_id": "old" } });
        json!({ "import_provenance": provenance, "session_metadata": { "cwd": "/work" } })
    };
    for (backend, relation) in [("legacy", Relation::Migration), ("unified", Relation::Fork)] {
        let all = json!([imported[0], imported[1], own[0], own[1]]);
        write(&place, 1, &all, &source(backend), &[])?;
        let session = place.session()?;
        let parent = session.parent.as_ref().map(|parent| (parent.native_id.as_str(), parent.relation));
        assert_eq!(parent, Some(("old", relation)));
        assert_eq!(turns(&session), [("one", Outcome::Completed), ("two", Outcome::Completed)]);
        assert_eq!(session.own_turns().count(), 1);
        assert_eq!(session.turns[0].started_at, None, "the time of the import is not its own");
        assert_eq!(session.cwd.as_deref(), Some("/work"));
        assert_eq!(session.title.as_ref().map(|title| title.source), Some(TitleSource::User));
    }
    Ok(())
}

#[test]
fn older_folders_are_read() -> Result {
    let place = Place::new("vibe")?;
    let folder = "logs/session/session_20260929_191511_11111111";
    let call =
        json!({ "id": "c", "index": 0, "function": { "name": "bash", "arguments": "{\"command\":\"ls\"}" } });
    let messages = [
        json!({ "role": "user", "content": "a reminder", "injected": true, "message_id": "m0" }),
        json!({ "role": "user", "content": "one", "injected": false, "message_id": "m1" }),
        json!({ "role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [call], "message_id": "m2" }),
        json!({ "role": "tool", "content": "stdout: a.txt", "name": "bash", "tool_call_id": "c" }),
        json!({ "role": "assistant", "content": "done", "message_id": "m3" }),
        json!({ "role": "user", "content": "two", "message_id": "m4" }),
    ];
    let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
    let meta = json!({
        "session_id": "11111111-2222-4333-8444-555555555555", "start_time": "2026-09-29T19:15:11+00:00",
        "end_time": "2026-09-29T19:20:00.5+00:00", "git_branch": "main", "title": "one", "title_source": "auto",
        "environment": { "working_directory": "/work" },
        "config": { "active_model": "short", "models": [{ "name": "long-name", "alias": "short" }] },
        "stats": { "session_prompt_tokens": 100, "session_completion_tokens": 9 },
    });
    place.write(format!("{folder}/messages.jsonl"), &lines)?;
    place.write(format!("{folder}/meta.json"), &meta.to_string())?;
    let session = place.session()?;
    assert_eq!(session.native_id, "11111111-2222-4333-8444-555555555555");
    assert_eq!(turns(&session), [("one", Outcome::Completed), ("two", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "reasoning", "command", "agent", "user"]);
    assert_eq!(commands(&session), [("ls", None, Some("stdout: a.txt"))]);
    assert_eq!((session.cwd.as_deref(), session.git_branch.as_deref()), (Some("/work"), Some("main")));
    assert_eq!(session.model.as_deref(), Some("long-name"));
    let times = [session.created_at, session.updated_at].map(|at| at.map(|at| at.to_string()));
    assert_eq!(times, ["2026-09-29T19:15:11Z", "2026-09-29T19:20:00.5Z"].map(|at| Some(at.to_owned())));
    let own = session.tokens(Purpose::Conversation, false);
    assert_eq!((own.input, own.output, own.reasoning), (100, 9, None));
    let resume = place.store.resume(&session).map(|command| command.arguments);
    assert_eq!(resume, Some(vec!["--resume".to_owned(), session.native_id.clone()]));
    let task = "{\"role\":\"user\",\"content\":\"task\"}\n";
    place.write(format!("{folder}/agents/session_20260929_191512_22222222/messages.jsonl"), task)?;
    let sessions = place.sessions()?;
    let parent = sessions[1].parent.as_ref().map(|parent| (parent.native_id.clone(), parent.relation));
    assert_eq!(parent, Some((session.native_id, Relation::Subagent)));
    assert_eq!(place.store.resume(&sessions[1]), None);
    Ok(())
}

#[test]
fn a_resume_of_an_older_session_is_a_fork() -> Result {
    let place = Place::new("vibe")?;
    let message = |role: &str, id: &str| json!({ "role": role, "content": id, "message_id": id });
    let tool = json!({ "role": "tool", "content": "a.txt", "tool_call_id": "c" });
    let begun = [message("user", "one"), message("assistant", "a1"), tool, message("assistant", "a2")];
    let write = |id: &str, minute: u32, own: &[Value]| -> Result {
        let folder = format!("logs/session/session_20261130_220000_{id}");
        let lines: String = begun.iter().chain(own).map(|message| format!("{message}\n")).collect();
        let meta = json!({
            "session_id": id, "start_time": format!("2026-11-30T22:{minute:02}:00+00:00"),
            "parent_session_id": null, "stats": { "session_prompt_tokens": 10 + minute },
        });
        place.write(format!("{folder}/messages.jsonl"), &lines)?;
        place.write(format!("{folder}/meta.json"), &meta.to_string())?;
        Ok(())
    };
    let two = [message("user", "two"), message("assistant", "b")];
    let three = [message("user", "three"), message("assistant", "c")];
    write("z-root", 0, &[])?;
    write("b-fork", 1, &two)?;
    write("c-sibling", 2, &three)?;
    write("a-fork-of-fork", 3, &[&two[..], &three].concat())?;
    let forks = |place: &Place| -> Result<Vec<_>> {
        let fork = |session: &Session| {
            let parent = session.parent.as_ref().map(|parent| parent.native_id.clone());
            let own = session.tokens(Purpose::Conversation, false).input;
            (session.native_id.clone(), parent, session.inherited_turns(), session.turns.len(), own)
        };
        Ok(place.sessions()?.iter().map(fork).collect())
    };
    let name = |name: &str| Some(name.to_owned());
    let right = [
        ("a-fork-of-fork".to_owned(), name("b-fork"), 2, 3, 13),
        ("b-fork".to_owned(), name("z-root"), 1, 2, 11),
        ("c-sibling".to_owned(), name("z-root"), 1, 2, 12),
        ("z-root".to_owned(), None, 0, 1, 10),
    ];
    assert_eq!(forks(&place)?, right);
    assert_eq!(
        place.sessions()?[1].created_at.map(|at| at.to_string()).as_deref(),
        Some("2026-11-30T22:01:00Z")
    );
    testing::conforms(place.store, &place.path())?;
    testing::keeps(place.store, &place.path(), tempfile::tempdir()?.path())?;
    let before = place.open()?.sessions()[2].fingerprint.clone();
    std::fs::remove_dir_all(place.path().join("logs/session/session_20261130_220000_z-root"))?;
    assert_ne!(place.open()?.sessions()[2].fingerprint, before);
    Ok(())
}

#[test]
fn a_damaged_current_is_listed_and_the_latest_generation_is_read() -> Result {
    let place = Place::new("vibe")?;
    let runtime = json!({});
    write(&place, 1, &json!([message("u1", Some("t1"), "user", "one")]), &runtime, &[])?;
    write(&place, 2, &json!([message("u1", Some("t1"), "user", "two")]), &runtime, &[])?;
    let current = place.write(format!("{STORE}/CURRENT"), "{")?;
    let open = place.open()?;
    let unread: Vec<_> = open.unread().iter().map(|unread| Path::new(&unread.path)).collect();
    assert_eq!(unread, [current]);
    assert_eq!(place.session()?.turns[0].prompt(), Some("two"));
    Ok(())
}

#[test]
fn what_is_no_session_says_why() -> Result {
    let place = Place::new("vibe")?;
    assert!(place.sessions()?.is_empty(), "an empty place");
    place.write("logs/session/session_1.json", "{}")?;
    place.write("logs/session/session_2/meta.json", "{}")?;
    place.write("logs/session/session_3/messages.jsonl", "{\"role\":\"assistant\"}\n")?;
    place.write("logs/session/unified/.session-index.json", "{}")?;
    place.write("logs/session/unified/empty/CURRENT", "{}")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path(), place.path().join("logs/session/loop"))?;
    let open = place.open()?;
    let mut reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    reasons.sort_unstable();
    let right =
        ["it has no prompt", "it is older than the formats that are read", "there is no messages.jsonl"];
    assert_eq!(reasons, right);
    assert_eq!(open.unread()[0].reason, "there is no generation");
    assert!(open.sessions().is_empty());
    let environment = Environment::new("/home").with("VIBE_HOME", "/v");
    assert_eq!(store("vibe").ok_or("vibe")?.places(&environment), [std::path::Path::new("/v")]);
    Ok(())
}
