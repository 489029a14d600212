//! Claude Code.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use threadkeep_rollout::{TurnItem, TurnItemKind};
use threadkeep_sessions::{FoundSession, Outcome, Purpose, Relation, Session, store};

use crate::facts::{Example, Result, copy, first_form, folder};
use crate::vault::Keeper;

#[test]
fn every_fact_is_read() -> Result {
    Example::read("claude", "home")?.each(first_form)
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("claude", "home")?;
    let turns = example.sessions.values().flat_map(|session| &session.turns);
    let outputs: Vec<_> = turns
        .flat_map(|turn| &turn.items)
        .filter_map(|item| match &item.kind {
            TurnItemKind::CommandExecution { command, status, output, .. } => {
                Some((command.join(" "), status.as_deref(), output.as_deref()))
            }
            _ => None,
        })
        .collect();
    assert!(outputs.contains(&("ls".to_owned(), Some("completed"), Some("a.txt"))), "{outputs:?}");
    assert!(outputs.iter().any(|(_, status, _)| *status == Some("failed")), "{outputs:?}");
    assert!(outputs.iter().any(|(_, status, _)| status.is_none()), "a killed one has none: {outputs:?}");
    Ok(())
}

#[test]
fn a_fork_is_the_same_without_its_parent() -> Result {
    let example = Example::read("claude", "home")?;
    let store = store("claude").ok_or("an agent that this build knows")?;
    let place = folder("claude").join("home/.claude");
    let forks = || example.sessions.values().filter_map(|fork| Some((fork, fork.parent.as_ref()?)));
    let mut named = 0;
    for (fork, parent) in forks().filter(|(_, parent)| parent.relation == Relation::Fork) {
        let folder = tempfile::tempdir()?;
        copy(&place, folder.path())?;
        let open = store.open(folder.path())?;
        let find = |id: &str| open.sessions().iter().find(|found| found.native_id == id).cloned();
        let before = find(&fork.native_id).ok_or("the fork")?;
        fs::remove_file(find(&parent.native_id).ok_or("the parent")?.source())?;
        let open = store.open(folder.path())?;
        let after = open.sessions().iter().find(|found| found.native_id == fork.native_id);
        let after = after.ok_or("the fork")?;
        assert_ne!(before.fingerprint, after.fingerprint, "{} is read again", fork.native_id);
        let alone = open.read(after)?;
        let own = |session: &Session| session.tokens(Purpose::Conversation, false);
        assert_eq!((&alone.parent, own(&alone)), (&fork.parent, own(fork)), "{}", fork.native_id);
        assert_eq!(alone.created_at, fork.created_at);
        named += 1;
    }
    assert!(named >= 2, "{named}");
    Ok(())
}

/// Line of a message of version 1.0.128.
fn old(id: &str, minute: u32, kind: &str, words: &str, is_sidechain: bool) -> serde_json::Value {
    json!({
        "type": kind, "uuid": id, "timestamp": format!("2026-11-30T21:{minute:02}:00Z"), "cwd": "/p",
        "version": "1.0.128", "isSidechain": is_sidechain, "message": { "role": kind, "content": words },
    })
}

fn summary(id: &str, title: &str) -> serde_json::Value {
    json!({ "type": "summary", "summary": title, "leafUuid": id })
}

/// Writes sessions of version 1.0.128, as it writes them.
fn old_sessions(place: &Path) -> Result<PathBuf> {
    let project = place.join("projects/p");
    fs::create_dir_all(&project)?;
    let write = |name: &str, lines: &[serde_json::Value]| {
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(project.join(format!("{name}.jsonl")), lines.concat())
    };
    let first = [old("a1", 1, "user", "one", false), old("a2", 2, "assistant", "Done.", false)];
    let [again, answer] = [old("a3", 5, "user", "two", false), old("a4", 6, "assistant", "Done.", false)];
    // It was resumed, and its own earlier title stands within it.
    write(FIRST, &[&first[..], &[summary("a2", "Its first title"), again, answer]].concat())?;
    let own = [old("c1", 8, "user", "fork", false), old("c2", 9, "assistant", "Done.", false)];
    let copies = [old("a1", 8, "user", "one", false), old("a2", 8, "assistant", "Done.", false)];
    let copies =
        [&copies[..], &[old("a3", 8, "user", "two", false), old("a4", 8, "assistant", "Done.", false)]]
            .concat();
    write(FORK, &[&[summary("a4", "Its last title")], &copies[..], &own].concat())?;
    let aside = [old("b1", 3, "user", "look", true), old("b2", 3, "assistant", "Seen.", true)];
    let other = [old("d1", 3, "user", "other", false), old("d2", 4, "assistant", "Done.", false)];
    write(OTHER, &[&other[..1], &aside, &other[1..]].concat())?;
    // A file with nothing but titles, and a title of a sub-agent.
    write(
        "33333333-0000-4000-8000-000000000000",
        &[summary("d2", "Another title"), summary("b2", "Looked")],
    )?;
    Ok(project)
}

const FIRST: &str = "11111111-0000-4000-8000-000000000000";
const FORK: &str = "22222222-0000-4000-8000-000000000000";
const OTHER: &str = "44444444-0000-4000-8000-000000000000";

#[test]
fn old_titles_are_those_of_the_sessions_that_they_name() -> Result {
    let folder = tempfile::tempdir()?;
    let project = old_sessions(folder.path())?;
    let claude = store("claude").ok_or("an agent that this build knows")?;
    let read = || -> Result<Vec<_>> {
        let open = claude.open(folder.path())?;
        let read = |found: &FoundSession| -> Result<_> {
            let title = open.read(found)?.title.map(|title| title.text);
            Ok((found.native_id.clone(), title, found.fingerprint.clone()))
        };
        open.sessions().iter().map(read).collect()
    };
    let before = read()?;
    let titles: Vec<_> = before.iter().map(|(id, title, _)| (id.as_str(), title.as_deref())).collect();
    let right = [(FIRST, Some("Its last title")), (FORK, None), (OTHER, Some("Another title"))];
    assert_eq!(titles, right);
    // A copy that is read alone has its title.
    let keeper = Keeper::of(claude, folder.path())?;
    for kept in keeper.keep()? {
        let (open, found) = keeper.vault.open(claude, &kept)?;
        let title = open.read(&found)?.title.map(|title| title.text);
        assert_eq!(title.as_deref(), right.iter().find(|(id, _)| *id == kept.native_id).and_then(|it| it.1));
    }
    // A later run writes a title of the fork.
    fs::write(
        project.join("55555555-0000-4000-8000-000000000000.jsonl"),
        summary("c2", "A fork").to_string(),
    )?;
    let after = read()?;
    assert_eq!(after[1].1.as_deref(), Some("A fork"));
    let changed: Vec<_> = before.iter().zip(&after).map(|(before, after)| before.2 != after.2).collect();
    assert_eq!(changed, [false, true, false]);
    Ok(())
}

/// Writes a file of a place with these lines.
fn write(path: &Path, lines: &[serde_json::Value]) -> Result {
    fs::create_dir_all(path.parent().ok_or("a folder")?)?;
    let lines: Vec<_> = lines.iter().map(|line| format!("{line}\n")).collect();
    Ok(fs::write(path, lines.concat())?)
}

/// Message of version 2.1.332.
fn said(id: &str, minute: u32, kind: &str, words: &str) -> serde_json::Value {
    json!({
        "type": kind, "uuid": id, "timestamp": format!("2026-11-30T21:{minute:02}:00Z"), "cwd": "/p",
        "version": "2.1.332", "message": { "role": kind, "content": words },
    })
}

fn with(mut line: serde_json::Value, fields: serde_json::Value) -> serde_json::Value {
    if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields);
    }
    line
}

fn read(place: &Path) -> Result<Vec<Session>> {
    let open = store("claude").ok_or("an agent that this build knows")?.open(place)?;
    Ok(open.sessions().iter().map(|found| open.read(found)).collect::<std::result::Result<_, _>>()?)
}

/// Returns the words of each turn's prompts.
fn prompts(session: &Session) -> Vec<Vec<&str>> {
    let words = |item| match item {
        &TurnItem { kind: TurnItemKind::UserMessage { ref text, .. }, .. } => Some(text.as_str()),
        _ => None,
    };
    session.turns.iter().map(|turn| turn.items.iter().filter_map(words).collect()).collect()
}

#[test]
fn what_the_user_typed_is_a_prompt_whatever_it_begins_with() -> Result {
    let folder = tempfile::tempdir()?;
    let injected = "<system-reminder>nobody typed this";
    let command = "<command-message>foo</command-message>\n<command-name>/foo</command-name>\n\
                   <command-args>some args</command-args>";
    // In the order of fields in which the program writes them.
    let queued = |id: &str, mode: &str, prompt: &str| {
        format!(
            "{{\"parentUuid\":\"a8\",\"isSidechain\":false,\"attachment\":{{\"type\":\"queued_command\",\
             \"prompt\":\"{prompt}\",\"commandMode\":\"{mode}\"}},\"type\":\"attachment\",\"uuid\":\"{id}\",\
             \"timestamp\":\"2026-11-30T21:09:00Z\",\"cwd\":\"/p\"}}\n"
        )
    };
    let lines = [
        with(said("a1", 1, "user", "<system-reminder> typed"), json!({ "promptSource": "sdk" })),
        said("a2", 2, "assistant", "Done."),
        said("a3", 3, "user", injected),
        with(
            said("a4", 4, "user", "[Request interrupted by user] is what I typed"),
            json!({ "promptSource": "typed" }),
        ),
        said("a5", 5, "assistant", "Done."),
        with(said("a6", 6, "user", "<task-notification>done"), json!({ "promptSource": "system" })),
        with(said("a7", 7, "user", command), json!({ "turnOrigin": "sdk" })),
        said("a8", 8, "assistant", "Done."),
    ];
    let path = folder.path().join("projects/p").join(format!("{FIRST}.jsonl"));
    write(&path, &lines)?;
    let queued = queued("q1", "prompt", "and this") + &queued("q2", "task-notification", "nobody");
    fs::OpenOptions::new().append(true).open(path)?.write_all(queued.as_bytes())?;
    let sessions = read(folder.path())?;
    let words = [
        &["<system-reminder> typed"][..],
        &["[Request interrupted by user] is what I typed"],
        &["/foo some args", "and this"],
    ];
    assert_eq!(prompts(&sessions[0]), words);
    assert!(sessions[0].turns.iter().all(|turn| turn.outcome == Outcome::Completed));
    Ok(())
}

#[test]
fn the_parent_of_a_fork_is_the_last_session_that_copied_lines_name() -> Result {
    let folder = tempfile::tempdir()?;
    let project = folder.path().join("projects/p");
    let copied = |line: serde_json::Value, own: &str, from: &str| {
        with(line, json!({ "sessionId": own, "requestSessionId": from }))
    };
    let one = [said("a1", 1, "user", "one"), copied(said("a2", 2, "assistant", "Done."), FIRST, FIRST)];
    let two = |own: &str| {
        [
            said("a1", 1, "user", "one"),
            copied(said("a2", 2, "assistant", "Done."), own, FIRST),
            said("b1", 3, "user", "two"),
        ]
    };
    let answer = |own: &str| copied(said("b2", 4, "assistant", "Done."), own, FORK);
    let own = [said("c1", 5, "user", "three"), copied(said("c2", 6, "assistant", "Done."), OTHER, OTHER)];
    write(&project.join(format!("{FIRST}.jsonl")), &one)?;
    write(&project.join(format!("{FORK}.jsonl")), &[&two(FORK)[..], &[answer(FORK)]].concat())?;
    write(&project.join(format!("{OTHER}.jsonl")), &[&two(OTHER)[..], &[answer(OTHER)], &own].concat())?;
    let sessions = read(folder.path())?;
    let parents: Vec<_> = sessions
        .iter()
        .map(|session| session.parent.as_ref().map(|parent| parent.native_id.as_str()))
        .collect();
    assert_eq!(parents, [None, Some(FIRST), Some(FORK)]);
    assert_eq!(sessions[2].inherited_turns(), 2);
    Ok(())
}

#[test]
fn a_branch_in_which_nothing_was_said_begins_with_its_first_line() -> Result {
    let folder = tempfile::tempdir()?;
    let project = folder.path().join("projects/p");
    let lines = [said("a1", 1, "user", "one"), said("a2", 2, "assistant", "Done.")];
    write(&project.join(format!("{FIRST}.jsonl")), &lines)?;
    let from = json!({ "sessionId": FORK, "forkedFrom": { "sessionId": FIRST, "messageUuid": "a2" } });
    let copies = lines.map(|line| with(line, from.clone()));
    let own = json!({ "type": "system", "subtype": "local_command", "uuid": "b1", "sessionId": FORK, "timestamp": "2026-11-30T21:30:00Z" });
    write(&project.join(format!("{FORK}.jsonl")), &[&copies[..], &[own]].concat())?;
    let branch = read(folder.path())?.remove(1);
    let at = "2026-11-30T21:30:00Z".parse().ok();
    assert_eq!((branch.created_at, branch.updated_at, branch.own_turns().count()), (at, at, 0));
    Ok(())
}

#[test]
fn sub_agents_have_their_own_parents_and_outlive_the_file_of_the_session() -> Result {
    let folder = tempfile::tempdir()?;
    let project = folder.path().join("projects/p");
    let agents = project.join(FIRST).join("subagents");
    write(&project.join(format!("{FIRST}.jsonl")), &[said("a1", 1, "user", "one")])?;
    for (id, parent) in [("agent-0a", None), ("agent-0b", Some("0a")), ("agent-0c", Some("gone"))] {
        let line = with(said(id, 2, "user", "look"), json!({ "isSidechain": true }));
        write(&agents.join(format!("{id}.jsonl")), &[line])?;
        write(&agents.join(format!("{id}.meta.json")), &[json!({ "parentAgentId": parent })])?;
    }
    let parents = || -> Result<Vec<_>> {
        let sessions = read(folder.path())?.into_iter();
        Ok(sessions.filter_map(|session| Some((session.native_id, session.parent?.native_id))).collect())
    };
    let right = [("agent-0a", FIRST), ("agent-0b", "agent-0a"), ("agent-0c", FIRST)];
    let right = right.map(|(id, parent)| (id.to_owned(), parent.to_owned()));
    assert_eq!(parents()?, right);
    fs::remove_file(project.join(format!("{FIRST}.jsonl")))?;
    assert_eq!(parents()?, right);
    Ok(())
}
