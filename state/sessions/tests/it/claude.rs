//! Claude Code.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{FoundSession, Purpose, Relation, Session, store};

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
