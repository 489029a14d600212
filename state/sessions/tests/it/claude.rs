//! Claude Code.

use std::fs;

use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{Purpose, Relation, Session, store};

use crate::facts::{Example, Result, copy, first_form, folder};

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
