//! goose.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use threadkeep_rollout::{Projector, RolloutName};
use threadkeep_sessions::{
    Environment, Mirror, Outcome, Purpose, Relation, Session, SessionStore, TitleSource, store, testing,
};

use crate::facts::{Example, Result, same, same_time, tokens};
use crate::place::{Place, commands, turns};
use crate::sqlite::Home;

const DATABASE: &str = ".local/share/goose/sessions/sessions.db";

fn goose() -> Result<&'static dyn SessionStore> {
    Ok(store("goose").ok_or("goose is known")?)
}

fn home(example: &str) -> Result<Home> {
    Home::copy(&format!("goose/{example}/{DATABASE}"), DATABASE)
}

/// Compares a session with its facts.
fn check(fact: &Value, session: &Session) -> Result {
    same("title", &json!(session.title.as_ref().map(|title| &title.text)), &fact["title"])?;
    same("cwd", &json!(session.cwd), &fact["cwd"])?;
    same("git_branch", &json!(session.git_branch), &fact["git_branch"])?;
    same("model", &json!(session.model), &fact["model_now"])?;
    let answered: Vec<_> = session.requests.iter().filter(|request| !request.inherited).collect();
    let mut models: Vec<_> = answered.iter().filter_map(|request| request.model.clone()).collect();
    models.dedup();
    same("models_used", &json!(models), &fact["models_used"])?;
    let is_copy = session.turns.iter().any(|turn| turn.inherited);
    if is_copy {
        let created = fact["created_at_stored"].as_str().unwrap_or_default().replace(' ', "T") + "Z";
        same_time("created", session.created_at, &json!(created))?;
    } else {
        same_time("first_message", session.created_at, &fact["first_message"])?;
        same_time("last_message", session.updated_at, &fact["last_message"])?;
    }
    if fact["session_type"] != "sub_agent" {
        let prompts: Vec<_> = session.own_turns().map(|turn| turn.prompt()).collect();
        let mut right: Vec<_> = fact["prompts"].as_array().cloned().unwrap_or_default();
        let gone = fact["prompts_no_longer_stored"].as_array().ok_or("a list")?;
        right.retain(|prompt| !gone.contains(prompt));
        same("prompts", &json!(prompts), &json!(right))?;
    }
    let own = session.tokens(Purpose::Conversation, false);
    let mut right = fact["tokens"].clone();
    if right["cached"].is_null() {
        right["cached"] = json!(0);
    }
    same("tokens", &tokens(own, &right), &right)?;
    let hidden = session.tokens(Purpose::Hidden, false).input;
    same("tokens_compaction", &json!(hidden), &fact["tokens_compaction"])?;
    let parent = session.parent.as_ref();
    same("parent", &json!(parent.map(|parent| &parent.native_id)), &fact["parent"])?;
    let kind = fact["parent_kind"].as_str().filter(|_| !fact["parent"].is_null());
    let is_subagent = parent.map(|parent| parent.relation == Relation::Subagent);
    same("parent_kind", &json!(is_subagent), &json!(kind.map(|kind| kind == "sub_agent")))
}

#[test]
fn every_fact_is_read() -> Result {
    let example = Example::read("goose", "home")?;
    example.each(|fact, session| {
        check(fact, session)?;
        let answers = session.requests.iter().filter(|request| !request.inherited);
        let stored = answers.filter(|request| request.id.starts_with("chatcmpl-")).count();
        same("answers_stored", &json!(stored), &fact["answers_stored"])
    })?;
    let all = |purpose| example.sessions.values().map(|s| s.tokens(purpose, false).input).sum::<i64>();
    assert_eq!(
        json!(all(Purpose::Conversation) + all(Purpose::Hidden)),
        example.facts["notes"]["totals"]["sum of usage_ledger.input_tokens"]
    );
    Ok(())
}

#[test]
fn every_fact_of_an_upgraded_database_is_read() -> Result {
    let mut example = Example::read("goose", "home-upgraded")?;
    let later = example.sessions.remove("20250326_200615").ok_or("the file that came later")?;
    assert_eq!(turns(&later), [("Old prompt two, came later", Outcome::Completed)]);
    assert_eq!(later.tokens(Purpose::Conversation, false).input, 140);
    assert_eq!(later.cwd.as_deref(), Some("/home/user/work/widget"));
    assert_eq!(later.title.map(|title| title.text).as_deref(), Some("An old session"));
    example.facts["sessions"] = example.facts["sessions_upgraded"].take();
    example.each(check)
}

#[test]
fn the_end_of_a_turn_is_an_answer_without_calls() -> Result {
    let example = Example::read("goose", "home")?;
    let outcome = |id: &str| example.sessions[id].outcome();
    assert_eq!(outcome("20261128_1"), Some(Outcome::Completed));
    for (id, how) in [("5", "interrupted"), ("7", "killed in a tool"), ("27", "killed in the second tool")] {
        assert_eq!(outcome(&format!("20261128_{id}")), Some(Outcome::Unfinished), "{how}");
    }
    assert_eq!(outcome("20261128_13"), None);
    let named = example.sessions["20261128_4"].title.as_ref().map(|title| title.source);
    assert_eq!(named, Some(TitleSource::User));
    Ok(())
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("goose", "home")?;
    let of = |id: &str| commands(&example.sessions[id]);
    assert_eq!(of("20261128_2"), [("echo mock-shell; ls", Some("completed"), Some("mock-shell\na.txt"))]);
    let upgraded = Example::read("goose", "home-upgraded")?;
    assert_eq!(commands(&upgraded.sessions["20261128_1"]), [("echo hi", Some("completed"), Some("hi"))]);
    Ok(())
}

#[test]
fn copies_have_the_identity_of_what_they_copy() -> Result {
    let example = Example::read("goose", "home")?;
    let ids = |id: &str, inherited: bool| -> Vec<&str> {
        let of = example.sessions[id].requests.iter().filter(|request| request.inherited == inherited);
        of.map(|request| request.id.as_str()).collect()
    };
    let original = ids("20261128_2", false);
    assert_eq!(original, ["chatcmpl-mock6", "chatcmpl-mock7"]);
    assert_eq!((ids("20261128_14", true), ids("20261128_25", true)), (original.clone(), original));
    Ok(())
}

#[test]
fn a_copy_of_a_removed_session_inherits() -> Result {
    let home = home("home")?;
    let connection = Connection::open(home.database())?;
    connection.execute_batch(
        "DELETE FROM usage_ledger WHERE session_id = '20261128_2';
         DELETE FROM messages WHERE session_id IN ('20261128_2', '20261128_25');
         DELETE FROM sessions WHERE id IN ('20261128_2', '20261128_25');",
    )?;
    let sessions = testing::conforms(goose()?, &home.place(goose()?)?)?;
    let fork = sessions.iter().find(|session| session.native_id == "20261128_14").ok_or("the fork")?;
    assert_eq!(fork.parent, None);
    assert_eq!(fork.own_turns().count(), 1);
    assert_eq!(fork.tokens(Purpose::Conversation, false).input, 1360);
    assert_eq!(fork.tokens(Purpose::Conversation, true).input, 2130);
    Ok(())
}

#[test]
fn a_removed_id_that_is_used_again_is_another_session() -> Result {
    let home = home("home")?;
    let place = home.place(goose()?)?;
    let found = |id: &str| -> Result<_> {
        let open = goose()?.open(&place)?;
        Ok(open.sessions().iter().find(|found| found.native_id == id).cloned().ok_or("found")?)
    };
    let folder = tempfile::tempdir()?;
    let mirror = Mirror::new(folder.path());
    mirror.sync(goose()?, &place)?;
    let before = (found("20261128_27")?, found("20261128_1")?);
    let connection = Connection::open(home.database())?;
    connection.execute_batch(
        "DELETE FROM usage_ledger WHERE session_id = '20261128_27';
         DELETE FROM messages WHERE session_id = '20261128_27';
         DELETE FROM sessions WHERE id = '20261128_27';
         INSERT INTO sessions (id, name, working_dir, created_at)
         VALUES ('20261128_27', 'Mock title 77', '/home/user/work/widget', '2026-11-28 10:00:00');",
    )?;
    let after = (found("20261128_27")?, found("20261128_1")?);
    assert_ne!(before.0.fingerprint, after.0.fingerprint);
    assert_ne!(before.0.identity(), after.0.identity());
    assert_eq!(before.1, after.1);
    // The new session is another thread, and the old one stays.
    let report = mirror.sync(goose()?, &place)?.ok_or("the mirror is free")?;
    assert_eq!((report.written, report.gone), (1, 1));
    let threads: Vec<_> =
        mirror.sessions("goose")?.into_iter().filter(|known| known.native_id == "20261128_27").collect();
    let gone = threads.iter().filter(|known| known.gone_since.is_some()).count();
    assert_eq!((threads.len(), gone), (2, 1), "{threads:?}");
    assert_ne!(threads[0].thread_id, threads[1].thread_id);
    assert!(threads.iter().all(|known| folder.path().join("goose").join(&known.file).exists()));
    Ok(())
}

#[test]
fn two_databases_with_the_same_ids_have_threads_of_their_own() -> Result {
    let (home, other) = (home("home")?, home("home")?);
    let connection = Connection::open(other.database())?;
    connection.execute_batch("UPDATE sessions SET created_at = datetime(created_at, '-1 day')")?;
    let folder = tempfile::tempdir()?;
    let mirror = Mirror::new(folder.path());
    for home in [&home, &other] {
        let report = mirror.sync(goose()?, &home.place(goose()?)?)?.ok_or("the mirror is free")?;
        assert_eq!((report.written, report.skipped.len()), (27, 0));
    }
    let threads: BTreeSet<_> = mirror.sessions("goose")?.iter().map(|known| known.thread_id).collect();
    assert_eq!(threads.len(), 54);
    Ok(())
}

/// Lists of sessions had the agent's ids alone.
#[test]
fn a_session_of_an_old_list_keeps_its_row() -> Result {
    let home = home("home")?;
    let place = home.place(goose()?)?;
    let folder = tempfile::tempdir()?;
    let mirror = Mirror::new(folder.path());
    mirror.sync(goose()?, &place)?;
    let before = mirror.sessions("goose")?;
    let path = folder.path().join("goose.json");
    let mut list: Value = serde_json::from_slice(&fs::read(&path)?)?;
    list["version"] = json!(1);
    let rows = list["places"].as_object_mut().and_then(|places| places.values_mut().next());
    let rows = rows.and_then(Value::as_object_mut).ok_or("rows")?;
    for (_, mut row) in std::mem::take(rows) {
        row.as_object_mut().ok_or("a row")?.remove("key");
        rows.insert(row["native_id"].as_str().ok_or("an id")?.to_owned(), row);
    }
    fs::write(&path, serde_json::to_vec(&list)?)?;
    let report = mirror.sync(goose()?, &place)?.ok_or("the mirror is free")?;
    assert_eq!((report.written, report.gone), (27, 0));
    assert_eq!(mirror.sessions("goose")?, before);
    Ok(())
}

#[test]
fn another_schema_is_read_as_far_as_it_is_known() -> Result {
    let home = home("home")?;
    let connection = Connection::open(home.database())?;
    connection.execute_batch(
        "DROP TABLE usage_ledger; DROP INDEX idx_sessions_parent;
         ALTER TABLE sessions DROP COLUMN parent_session_id; ALTER TABLE sessions DROP COLUMN archived_at;
         ALTER TABLE sessions DROP COLUMN accumulated_cache_read_tokens;
         ALTER TABLE sessions ADD COLUMN mood TEXT;
         UPDATE messages SET content_json = '[{\"type\":\"hologram\",\"text\":7},{\"type\":[]}]' WHERE id = 3;
         UPDATE messages SET content_json = 'no JSON', metadata_json = NULL WHERE id = 6;",
    )?;
    let sessions = testing::conforms(goose()?, &home.place(goose()?)?)?;
    assert_eq!(sessions.len(), 27);
    let first = sessions.iter().find(|session| session.native_id == "20261128_1").ok_or("the first")?;
    assert_eq!((first.turns.len(), first.skipped_lines), (4, 1));
    assert_eq!(first.tokens(Purpose::Conversation, false).input, 4730, "the session's own sum");
    Ok(())
}

#[test]
fn old_files_alone_are_a_store() -> Result {
    let place = Place::new("goose")?;
    assert!(place.open()?.sessions().is_empty());
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/agents/goose/home-upgraded/.local/share/goose/sessions/20250325_200615.jsonl");
    let text = fs::read_to_string(from)?;
    let edit = json!({ "role": "assistant", "created": 1_742_933_181, "content": [{
        "type": "toolRequest", "id": "1", "toolCall": { "status": "success", "value": {
            "name": "developer__text_editor",
            "arguments": { "command": "str_replace", "path": "/a", "old_str": "a", "new_str": "b" } } } }] });
    place.write("20250325_200615.jsonl", &format!("{text}{edit}\n{{\"role\":\"user\",\"crea"))?;
    place.write("notes.jsonl", "{\"note\":1}\n")?;
    place.write("sessions.db", "no database")?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("Old prompt one", Outcome::Unfinished)]);
    assert_eq!(crate::place::kinds(&session), ["user", "agent", "change"]);
    let open = place.open()?;
    assert_eq!((open.skipped().len(), open.unread().len()), (1, 1), "{open:?}");
    Ok(())
}

#[test]
fn places_follow_the_variables_of_goose() -> Result {
    let home = || Environment::new("/home/user");
    let places = |environment: Environment| -> Result<_> { Ok(goose()?.places(&environment)) };
    assert_eq!(places(home())?, [Path::new("/home/user/.local/share/goose/sessions")]);
    assert_eq!(places(home().with("XDG_DATA_HOME", "/data"))?, [Path::new("/data/goose/sessions")]);
    assert_eq!(places(home().with("GOOSE_PATH_ROOT", "/x"))?, [Path::new("/x/data/sessions")]);
    Ok(())
}

#[test]
fn a_session_is_resumed_by_its_id() -> Result {
    let example = Example::read("goose", "home")?;
    let command = goose()?.resume(&example.sessions["20261128_1"]).ok_or("a command")?;
    assert_eq!(command.arguments, ["session", "--resume", "--session-id", "20261128_1"]);
    assert_eq!(goose()?.resume(&example.sessions["20261128_12"]), None, "a sub-agent");
    Ok(())
}

#[test]
fn damaged_stores_are_read_as_far_as_they_go() -> Result {
    crate::sqlite::cuts(goose()?, &home("home")?)
}

#[test]
fn a_request_whose_answer_was_cleared_counts_once() -> Result {
    const ID: &str = "20261128_2";
    let (goose, home, folder) = (goose()?, home("home")?, tempfile::tempdir()?);
    let place = home.place(goose)?;
    let mirror = Mirror::new(folder.path());
    let used = || -> Result<i64> {
        mirror.sync(goose, &place)?;
        let row = mirror.sessions("goose")?.into_iter().find(|row| row.native_id == ID).ok_or("a row")?;
        let (path, name) = (folder.path().join("goose").join(&row.file), RolloutName::parse(&row.file)?);
        let read = Projector::new().project(&path, false, Some(&name), None)?;
        Ok(read.usage.iter().map(|day| day.tokens.total).sum())
    };
    let before = used()?;
    // As `/clear` does.
    let connection = Connection::open(home.database())?;
    connection.execute("DELETE FROM messages WHERE session_id = ?1", [ID])?;
    connection.execute(
        "INSERT INTO messages (message_id, session_id, role, content_json, created_timestamp) \
         VALUES ('later', ?1, 'user', '[{\"type\":\"text\",\"text\":\"later\"}]', 1795859999)",
        [ID],
    )?;
    assert_eq!((before > 0, used()?), (true, before));
    Ok(())
}
