//! opencode.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{
    Environment, Outcome, Purpose, Relation, ResumeCommand, Session, SessionStore, store, testing,
};

use crate::facts::{Example, Result, same, same_time, tokens};
use crate::sqlite::Home;

fn opencode() -> Result<&'static dyn SessionStore> {
    Ok(store("opencode").ok_or("opencode is known")?)
}

/// A copy of the example's database, which a test may change.
fn home() -> Result<Home> {
    Home::copy("opencode/.local/share/opencode/opencode.db", ".local/share/opencode/opencode.db")
}

#[test]
fn every_fact_is_read() -> Result {
    let example = Example::read("opencode", ".")?;
    example.each(|fact, session| {
        same("title", &json!(session.title.as_ref().map(|title| &title.text)), &fact["title"])?;
        same("cwd", &json!(session.cwd), &fact["cwd"])?;
        same("model", &json!(session.model), &fact["model"].as_str().filter(|_| fact["turns"] != 0).into())?;
        same("agent_version", &json!(session.agent_version), &fact["agent_version"])?;
        same("archived", &json!(session.archived), &json!(fact["archived"] == true))?;
        same_time("created", session.created_at, &fact["created"])?;
        same_time("updated", session.updated_at, &fact["updated"])?;
        same("turns", &json!(session.turns.len()), &fact["turns"])?;
        let first = session.own_turns().next().and_then(|turn| turn.prompt());
        same("first_prompt", &json!(first), &fact["first_prompt"])?;
        let own = session.tokens(Purpose::Conversation, false);
        same("tokens", &all_tokens(own, &fact["tokens"]), &fact["tokens"])?;
        let inherited = fact.get("inherited_tokens").unwrap_or(&none_of(&fact["tokens"])).clone();
        let read = session.tokens(Purpose::Conversation, true);
        same("inherited_tokens", &all_tokens(read, &inherited), &inherited)?;
        let row = &fact["session_row_tokens"];
        let whole = own.plus(read).plus(session.tokens(Purpose::Hidden, false));
        same("session_row_tokens", &all_tokens(whole, row), row)?;
        let parent = session.parent.as_ref();
        let kind = parent.map(|parent| match parent.relation {
            Relation::Subagent => "subagent",
            _ => "fork",
        });
        same("parent_kind", &json!(kind), &fact["parent_kind"])?;
        if kind != Some("fork") {
            same("parent", &json!(parent.map(|parent| &parent.native_id)), &fact["parent"])?;
        }
        let right = match (fact["status"].as_str(), fact["signal"].as_str()) {
            (_, Some("SIGINT" | "SIGKILL")) => Some(Outcome::Unfinished),
            (Some("completed"), _) => Some(Outcome::Completed),
            (Some("error"), _) => Some(Outcome::Failed),
            (Some("interrupted"), _) => Some(Outcome::Interrupted),
            _ => None,
        };
        same("status", &json!(session.outcome().map(Outcome::as_str)), &json!(right.map(Outcome::as_str)))
    })
}

/// Tokens with the names of the facts; no request at all is 0 of each.
fn all_tokens(read: threadkeep_sessions::Tokens, fact: &Value) -> Value {
    let mut read = tokens(read, fact);
    if read["reasoning"].is_null() {
        read["reasoning"] = json!(0);
    }
    read
}

fn none_of(tokens: &Value) -> Value {
    let names = tokens.as_object().into_iter().flatten();
    names.map(|(name, _)| (name.clone(), json!(0))).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn a_fork_has_the_session_that_wrote_what_it_copied() -> Result {
    let example = Example::read("opencode", ".")?;
    let id = |scenario: &str| -> Result<&str> {
        let facts = example.facts["sessions"].as_array().ok_or("sessions")?;
        let fact = facts.iter().find(|fact| fact["scenario"] == scenario).ok_or("a scenario")?;
        Ok(fact["id"].as_str().ok_or("an id")?)
    };
    let (plain, fork) = (&example.sessions[id("plain")?], &example.sessions[id("fork")?]);
    assert_eq!(fork.parent.as_ref().map(|parent| &parent.native_id), Some(&plain.native_id));
    let requests = |session: &Session, inherited: bool| -> Vec<String> {
        let of = session.requests.iter().filter(|request| request.inherited == inherited);
        of.map(|request| request.id.clone()).collect()
    };
    assert_eq!(requests(fork, true), requests(plain, false), "copies have the identity of what they copy");
    Ok(())
}

#[test]
fn a_fork_of_a_deleted_session_has_no_parent() -> Result {
    let home = home()?;
    let connection = Connection::open(home.database())?;
    connection.execute("DELETE FROM session WHERE title = 'Mock title 1'", [])?;
    connection.execute("DELETE FROM message WHERE session_id NOT IN (SELECT id FROM session)", [])?;
    let sessions = testing::conforms(opencode()?, &home.place(opencode()?)?)?;
    let title = |session: &&Session| session.title.as_ref().is_some_and(|title| title.text.contains("fork"));
    let fork = sessions.iter().find(title).ok_or("the fork")?;
    assert_eq!(fork.parent, None);
    assert_eq!(fork.tokens(Purpose::Conversation, true).input, 2080);
    assert_eq!(fork.tokens(Purpose::Conversation, false).input, 1270);
    Ok(())
}

#[test]
fn calls_have_their_results() -> Result {
    let example = Example::read("opencode", ".")?;
    let items = || example.sessions.values().flat_map(|s| &s.turns).flat_map(|turn| &turn.items);
    let command = items().find_map(|item| match &item.kind {
        TurnItemKind::CommandExecution { command, status, exit_code, output, .. }
            if command[0].contains("ls") =>
        {
            Some((command[0].as_str(), status.as_deref(), *exit_code, output.as_deref()))
        }
        _ => None,
    });
    assert_eq!(command, Some(("echo mock-shell; ls", Some("completed"), Some(0), Some("mock-shell\n"))));
    assert!(items().any(
        |item| matches!(&item.kind, TurnItemKind::Reasoning { summary } if summary == &["Mock thought."])
    ));
    let compactions = items().filter(|item| matches!(item.kind, TurnItemKind::ContextCompaction));
    assert_eq!(compactions.count(), 1);
    let aborted = items().any(|item| {
        matches!(&item.kind, TurnItemKind::AgentMessage { text, .. } if text.starts_with("slow 1 slow 2"))
    });
    assert!(aborted, "what was said before it was stopped");
    let failed =
        example.sessions.values().flat_map(|s| &s.turns).find(|turn| turn.outcome == Outcome::Failed);
    assert_eq!(failed.and_then(|turn| turn.error.as_deref()), Some("mock error 400"));
    Ok(())
}

#[test]
fn what_was_taken_back_is_withdrawn_and_quotes_are_not_typed() -> Result {
    let home = home()?;
    let connection = Connection::open(home.database())?;
    let set = |table: &str, column: &str, value: Value, id: &str| {
        let sql = format!("UPDATE {table} SET {column} = ?1 WHERE id = ?2");
        connection.execute(&sql, [value.to_string(), id.to_owned()])
    };
    let words = |words: &str| json!({ "type": "text", "text": words });
    let taken_back = json!({ "messageID": "msg_221215bcb001dvOk0k4ZQQsiiO" });
    set("session", "revert", taken_back, "ses_ddedf0f71ffeAr3gfZwiC5azCE")?;
    set("part", "data", words("say \"a b\""), "prt_221215bd9001UnScVE5p287eQ2")?;
    set("part", "data", words("\"say \\\"a b\\\"\""), "prt_22120f24d001w7WLR7GOrBfGZG")?;
    let sessions = testing::conforms(opencode()?, &home.place(opencode()?)?)?;
    let session = sessions.iter().find(|session| session.turns.len() == 2).ok_or("two turns")?;
    let turns: Vec<_> =
        session.turns.iter().map(|turn| (turn.prompt().unwrap_or(""), turn.outcome)).collect();
    assert_eq!(turns, [("say \"a b\"", Outcome::Completed), ("say \"a b\"", Outcome::Withdrawn)]);
    Ok(())
}

#[test]
fn any_change_of_a_session_changes_its_fingerprint_alone() -> Result {
    let home = home()?;
    let place = home.place(opencode()?)?;
    let list = || -> Result<Vec<_>> { Ok(opencode()?.open(&place)?.sessions().to_vec()) };
    let connection = Connection::open(home.database())?;
    let of = "(SELECT id FROM session WHERE title LIKE '%7')";
    for change in [
        "UPDATE part SET time_updated = time_updated + 1 WHERE session_id = OF",
        "DELETE FROM part WHERE id = (SELECT max(id) FROM part WHERE session_id = OF)",
        "UPDATE message SET time_updated = time_updated + 1000 WHERE session_id = OF",
        "UPDATE event_sequence SET seq = seq + 1 WHERE aggregate_id = OF",
        "UPDATE session SET title = 'Title 7' WHERE id = OF",
        "UPDATE session SET time_archived = 1 WHERE id = OF",
    ] {
        let before = list()?;
        connection.execute(&change.replace("OF", of), [])?;
        let changed = list()?.iter().zip(before).filter(|(after, before)| *after != before).count();
        assert_eq!(changed, 1, "{change}");
    }
    Ok(())
}

#[test]
fn another_schema_is_read_as_far_as_it_is_known() -> Result {
    let home = home()?;
    let connection = Connection::open(home.database())?;
    connection.execute_batch(
        "ALTER TABLE session DROP COLUMN version; ALTER TABLE session DROP COLUMN revert;
         ALTER TABLE session DROP COLUMN time_archived; DROP TABLE event; DROP TABLE event_sequence;
         ALTER TABLE session ADD COLUMN mood TEXT; DROP INDEX part_session_idx;
         UPDATE part SET data = '{\"type\":\"hologram\",\"text\":7}' WHERE id = (SELECT min(id) FROM part);
         UPDATE message SET data = 'no JSON' WHERE id = (SELECT max(id) FROM message);
         INSERT INTO part VALUES ('prt_9', (SELECT max(id) FROM message), 'ses_none', 1, 1, x'00ff')",
    )?;
    let sessions = testing::conforms(opencode()?, &home.place(opencode()?)?)?;
    assert_eq!(sessions.len(), 13);
    assert!(sessions.iter().all(|session| session.agent_version.is_none()));
    assert!(sessions.iter().any(|session| session.skipped_lines > 0));
    let input: i64 = sessions.iter().map(|s| s.tokens(Purpose::Conversation, false).input).sum();
    assert!(input > 40_000, "{input}");
    Ok(())
}

#[test]
fn places_follow_the_variables_of_opencode() -> Result {
    let places =
        |environment: Environment| Ok::<_, Box<dyn std::error::Error>>(opencode()?.places(&environment));
    let home = || Environment::new("/home/user");
    let data = Path::new("/home/user/.local/share/opencode");
    assert_eq!(places(home())?, [data]);
    assert_eq!(places(home().with("XDG_DATA_HOME", "/data"))?, [Path::new("/data/opencode")]);
    assert_eq!(places(home().with("OPENCODE_DB", ":memory:"))?, [data]);
    assert_eq!(places(home().with("OPENCODE_DB", "opencode-dev.db"))?, [data]);
    assert_eq!(places(home().with("OPENCODE_DB", "/x/opencode.db"))?, [Path::new("/x")]);
    assert_eq!(places(home().with("OPENCODE_DB", "/x/mine.db"))?, [Path::new("/x/mine.db")]);
    let copy = Home::copy("opencode/.local/share/opencode/opencode.db", "mine.db")?;
    assert_eq!(testing::conforms(opencode()?, copy.database())?.len(), 13, "a database is a place");
    Ok(())
}

#[test]
fn a_session_in_two_databases_is_one() -> Result {
    let home = home()?;
    let other = home.database().with_file_name("opencode-dev.db");
    std::fs::copy(home.database(), &other)?;
    std::fs::copy(
        home.database().with_file_name("opencode.db-wal"),
        other.with_file_name("opencode-dev.db-wal"),
    )?;
    let connection = Connection::open(&other)?;
    connection.execute(
        "UPDATE session SET title = 'Later', time_updated = time_updated + 5 WHERE title = 'Mock title 3'",
        [],
    )?;
    let sessions = testing::conforms(opencode()?, &home.place(opencode()?)?)?;
    assert_eq!(sessions.len(), 13);
    assert!(sessions.iter().any(|session| session.title.as_ref().is_some_and(|title| title.text == "Later")));
    Ok(())
}

#[test]
fn odd_files_are_skipped_and_an_empty_place_has_no_session() -> Result {
    let folder = tempfile::tempdir()?;
    let open = opencode()?.open(&folder.path().join("none"))?;
    assert!(open.sessions().is_empty() && open.skipped().is_empty());
    std::fs::write(folder.path().join("opencode-odd.db"), "odd".repeat(1000))?;
    std::fs::write(folder.path().join("opencode-new.db"), "")?;
    std::fs::write(folder.path().join("other.db"), "other")?;
    let open = opencode()?.open(folder.path())?;
    assert!(open.sessions().is_empty());
    assert_eq!((open.skipped().len(), open.unread().len()), (0, 2), "{open:?}");
    Ok(())
}

#[test]
fn a_session_is_resumed_by_its_id_and_a_sub_agent_is_not() -> Result {
    let example = Example::read("opencode", ".")?;
    for session in example.sessions.values() {
        let command: Option<ResumeCommand> = opencode()?.resume(session);
        let is_subagent = session.parent.as_ref().is_some_and(|parent| parent.relation == Relation::Subagent);
        assert_eq!(command.is_none(), is_subagent);
        if let Some(command) = command {
            assert_eq!((command.program, command.cwd), ("opencode", session.cwd.clone()));
            assert_eq!(command.arguments, ["--session", &session.native_id]);
        }
    }
    Ok(())
}

#[test]
fn secrets_are_not_read() -> Result {
    let home = home()?;
    let connection = Connection::open(home.database())?;
    connection.execute_batch(
        "INSERT INTO account VALUES ('a', 'e', 'u', 'SECRET', 'SECRET', 1, 1, 1);
         INSERT INTO credential VALUES ('c', 'i', 'l', 'SECRET', NULL, NULL, 1, 1, 1);
         INSERT INTO control_account VALUES ('e', 'u', 'SECRET', 'SECRET', 1, 1, 1, 1);
         INSERT INTO session_share SELECT id, 'SECRET', 'SECRET', 'SECRET', 1, 1 FROM session;
         UPDATE message SET data = replace(data, 'BaseHTTP', 'SECRET')",
    )?;
    let place = home.place(opencode()?)?;
    let sessions = testing::conforms(opencode()?, &place)?;
    assert!(!format!("{sessions:?}").contains("SECRET"));
    assert!(!format!("{:?}", opencode()?.open(&place)?).contains("SECRET"));
    Ok(())
}

#[test]
fn a_database_cut_at_any_page_never_fails_the_place() -> Result {
    crate::sqlite::cuts(opencode()?, &home()?)
}

#[test]
fn the_reasoning_of_a_compaction_is_hidden() -> Result {
    let home = home()?;
    let connection = Connection::open(home.database())?;
    let part = json!({"type": "reasoning", "text": "I sum up.", "time": {"start": 1, "end": 2}});
    let added = connection.execute(
        "INSERT INTO part (id, message_id, session_id, time_created, time_updated, data) \
         SELECT 'prt_reasoning', id, session_id, time_created, time_updated, ?1 FROM message \
         WHERE json_extract(data, '$.summary') = 1",
        [part.to_string()],
    )?;
    assert_eq!(added, 1);
    let sessions = testing::conforms(opencode()?, &home.place(opencode()?)?)?;
    let items = sessions.iter().flat_map(|session| &session.turns).flat_map(|turn| &turn.items);
    let thoughts: Vec<_> = items.filter(|item| item.id.as_deref() == Some("prt_reasoning")).collect();
    assert!(thoughts.is_empty(), "{thoughts:?}");
    Ok(())
}
