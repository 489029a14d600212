//! Codex CLI.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use threadkeep_rollout::{
    AgentHome, Chain, Extractor, ItemsView, Projector, RunOutcome, ThreadKind, TurnItemKind, TurnQuery,
    list_turns,
};
use threadkeep_sessions::{
    Environment, Outcome, Purpose, Relation, Session, SessionStore, TitleSource, store, testing,
};

use crate::facts::{Result, copy};

pub(crate) const HOMES: [&str; 3] = ["home", "home-0.171", "home-tools"];

pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn agent() -> Result<&'static dyn SessionStore> {
    Ok(store("codex").ok_or("known")?)
}

fn read(home: &Path) -> Result<BTreeMap<String, Session>> {
    let sessions = testing::conforms(agent()?, home)?;
    Ok(sessions.into_iter().map(|session| (session.native_id.clone(), session)).collect())
}

/// Returns a copy of an example, which a test may change.
fn copied(name: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    copy(&example(name), folder.path())?;
    Ok(folder)
}

#[test]
fn sessions_are_what_the_rollout_crate_reads() -> Result {
    for name in HOMES {
        let home = AgentHome::open(example(name))?;
        let sessions = read(home.root())?;
        let open = agent()?.open(home.root())?;
        let newest: Vec<_> = open.sessions().iter().map(|found| found.files[0].clone()).collect();
        let (mut extractor, mut projector) = (Extractor::of_home(&home), Projector::of_home(&home));
        let mut used = BTreeMap::<String, (i64, i64, i64, i64)>::new();
        for file in home.discover().files {
            let path = home.absolute(&file.path);
            let projection = projector.project(&path, file.compressed, file.name.as_ref(), None)?;
            let sum = used.entry(projection.thread_id.to_string()).or_default();
            for usage in projection.usage {
                sum.0 += usage.tokens.input;
                sum.1 += usage.tokens.cached_input;
                sum.2 += usage.tokens.output;
                sum.3 += usage.tokens.reasoning;
            }
            let metadata = extractor.extract(&path, file.compressed, file.name.as_ref(), None)?.metadata;
            let session = sessions.get(&metadata.thread_id.to_string()).ok_or("listed")?;
            if !newest.contains(&path) {
                continue;
            }
            let label = format!("{name}: {}", file.path);
            assert_eq!(session.cwd, metadata.cwd, "{label}");
            assert_eq!(session.git_branch, metadata.git_branch, "{label}");
            assert_eq!(session.agent_version, metadata.cli_version, "{label}");
            assert_eq!(session.model, metadata.model, "{label}");
            assert_eq!(session.created_at, metadata.created_at, "{label}");
            assert_eq!(session.updated_at, metadata.updated_at, "{label}");
            assert_eq!(session.kind, metadata.kind, "{label}");
            assert_eq!(session.archived, file.archived, "{label}");
            let parent = metadata.parent_thread_id.or(metadata.forked_from_id).map(|id| id.to_string());
            assert_eq!(session.parent.as_ref().map(|parent| parent.native_id.clone()), parent, "{label}");
            let name = home.thread_names()?.get(metadata.thread_id).map(|name| name.name.clone());
            let title = session.title.as_ref().map(|title| title.text.clone());
            assert_eq!(title, name.clone().or(metadata.title), "{label}");
            let is_named = session.title.as_ref().is_some_and(|title| title.source == TitleSource::User);
            assert_eq!(is_named, name.is_some(), "{label}");
            let chain = Chain::resolve(&home, &file, |_| true)?;
            let mut query = TurnQuery::default();
            (query.limit, query.view) = (1_000, ItemsView::Full);
            let turns = list_turns(&chain, &query)?.turns;
            let read: Vec<_> =
                session.turns.iter().map(|turn| (&turn.id, turn.inherited, &turn.items)).collect();
            let right: Vec<_> = turns.iter().map(|turn| (&turn.id, turn.inherited, &turn.items)).collect();
            assert_eq!(format!("{read:?}"), format!("{right:?}"), "{label}");
            let outcome = match session.outcome() {
                Some(Outcome::Completed) => RunOutcome::Completed,
                Some(Outcome::Interrupted) => RunOutcome::Interrupted,
                Some(Outcome::Failed) => RunOutcome::Failed,
                Some(_) => RunOutcome::Running,
                None => RunOutcome::Unknown,
            };
            let is_marked = metadata.run_outcome != RunOutcome::Unknown;
            assert!(!is_marked || outcome == metadata.run_outcome, "{label}: {outcome}");
        }
        for (id, session) in &sessions {
            let own = session.tokens(Purpose::Conversation, false);
            let read = (own.input, own.cached_input, own.output, own.reasoning.unwrap_or(0));
            assert_eq!(Some(&read), used.get(id), "{name}: {id}");
        }
        assert_eq!(sessions.len(), used.len(), "{name}");
    }
    Ok(())
}

#[test]
fn sessions_are_what_the_agent_itself_lists() -> Result {
    let rows = fs::read(example("../state/rollout/tests/it/expected.json"))?;
    let rows: BTreeMap<String, Value> = serde_json::from_slice(&rows)?;
    let sessions = read(&example("home"))?;
    assert_eq!(sessions.len(), rows.len());
    for (path, row) in rows {
        let session = sessions.get(row["id"].as_str().ok_or("an id")?).ok_or("listed")?;
        assert_eq!(
            json!(session.created_at.map(jiff::Timestamp::as_millisecond)),
            row["created_at_ms"],
            "{path}"
        );
        assert_eq!(json!(session.git_branch), row["git_branch"], "{path}");
        assert_eq!(json!(session.agent_version), row["cli_version"], "{path}");
        assert_eq!(session.archived, path.starts_with("archived"), "{path}");
        let parent = session.parent.as_ref().filter(|parent| parent.relation == Relation::Subagent);
        assert_eq!(json!(parent.map(|parent| &parent.native_id)), row["parent_thread_id"], "{path}");
    }
    Ok(())
}

/// Thread of two files, the second of which is the newest.
const IN_PARTS: &str = "01a2210d-b132-7381-bc18-6ed9d8ca83fb";
/// Fork that builds on a file of its parent.
const FORK: &str = "01a2210d-9d37-7423-a046-e24442514814";
const PARENT: &str = "01a2210d-9acc-7093-ac93-51f122512875";
const FORK_THAT_WENT_ON: &str = "01a2210d-a562-7173-be59-7575bdc0d713";

#[test]
fn parts_and_bases_are_files_of_a_session() -> Result {
    let home = copied("home-0.171")?;
    let open = agent()?.open(home.path())?;
    let files = |id: &str| -> Vec<String> {
        let found = open.sessions().iter().find(|found| found.native_id == id);
        let paths = found.into_iter().flat_map(|found| &found.files);
        paths.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect()
    };
    assert!(files(IN_PARTS)[0].contains('_') && files(IN_PARTS)[1].contains(IN_PARTS));
    assert_eq!(files(IN_PARTS).len(), 2);
    assert!(files(FORK)[0].contains(FORK) && files(FORK)[1].contains(PARENT), "{:?}", files(FORK));
    assert_eq!(files(FORK)[2], "session_index.jsonl");
    let fork = &read(home.path())?[FORK_THAT_WENT_ON];
    assert_eq!(fork.turns.iter().map(|turn| turn.inherited).collect::<Vec<_>>(), [true, false]);
    assert_eq!(fork.parent.as_ref().map(|parent| parent.relation), Some(Relation::Fork));
    Ok(())
}

#[test]
fn a_name_changes_only_its_own_session() -> Result {
    let home = copied("home-0.171")?;
    let before = agent()?.open(home.path())?.sessions().to_vec();
    let names = home.path().join("session_index.jsonl");
    let line = json!({"id": PARENT, "thread_name": "Newest", "updated_at": "2027-01-01T00:00:00Z"});
    fs::write(&names, format!("{}{line}\n", fs::read_to_string(&names)?))?;
    let after = agent()?.open(home.path())?.sessions().to_vec();
    let changed: Vec<_> = after.iter().filter(|found| !before.contains(found)).collect();
    assert_eq!(changed.iter().map(|found| found.native_id.as_str()).collect::<Vec<_>>(), [PARENT]);
    assert_eq!(read(home.path())?[PARENT].title.as_ref().map(|title| title.text.as_str()), Some("Newest"));
    Ok(())
}

#[test]
fn archives_copies_and_compressed_files_are_one_session_each() -> Result {
    let home = copied("home")?;
    let sessions = read(home.path())?;
    let day = home.path().join("sessions/2026/11/22");
    for (number, path) in fs::read_dir(&day)?.enumerate() {
        let path = path?.path();
        let name = path.file_name().ok_or("a name")?.to_string_lossy().into_owned();
        match number % 3 {
            0 => {
                fs::write(
                    day.join(format!("{name}.zst")),
                    zstd::encode_all(fs::read(&path)?.as_slice(), 3)?,
                )?;
                fs::remove_file(&path)?;
            }
            1 => {
                fs::copy(&path, home.path().join("archived_sessions").join(name))?;
            }
            _ => {
                fs::copy(&path, day.join(format!("copy of {name}")))?;
            }
        }
    }
    let again = read(home.path())?;
    assert_eq!(format!("{again:?}"), format!("{sessions:?}"));
    Ok(())
}

#[test]
fn files_without_a_thread_are_skipped() -> Result {
    let home = tempfile::tempdir()?;
    let day = home.path().join("sessions/2026/01/01");
    fs::create_dir_all(&day)?;
    fs::write(day.join("rollout-odd.jsonl"), "{\"type\":\"event_msg\",\"payload\":{}}\n")?;
    fs::write(day.join(format!("rollout-2026-01-01T00-00-00-{PARENT}.jsonl")), "")?;
    let message = json!({"timestamp": "2026-01-01T00:00:01Z", "type": "event_msg",
        "payload": {"type": "user_message", "message": "hi"}});
    fs::write(day.join(format!("rollout-2026-01-01T00-00-00-{FORK}.jsonl")), format!("{message}\n{{\"half"))?;
    let open = agent()?.open(home.path())?;
    assert_eq!(open.sessions().iter().map(|found| found.native_id.as_str()).collect::<Vec<_>>(), [FORK]);
    assert_eq!((open.skipped().len(), open.unread().len()), (1, 1), "{open:?}");
    let session = open.read(&open.sessions()[0])?;
    assert_eq!(session.first_prompt(), Some("hi"));
    fs::remove_dir_all(&day)?;
    assert!(open.read(&open.sessions()[0]).is_err(), "it is gone");
    Ok(())
}

#[test]
fn its_place_and_its_command() -> Result {
    let environment = Environment::new("/home/me");
    assert_eq!(agent()?.places(&environment), [Path::new("/home/me/.codex")]);
    assert_eq!(agent()?.places(&environment.with("CODEX_HOME", "/c")), [Path::new("/c")]);
    let sessions = read(&example("home"))?;
    for session in sessions.values() {
        let command = agent()?.resume(session);
        assert_eq!(command.is_none(), session.archived || session.kind == ThreadKind::Subagent);
        let id = session.native_id.as_str();
        assert!(command.is_none_or(|command| command.arguments == ["resume", id]));
    }
    assert!(sessions.values().any(|session| session.archived));
    let items = sessions.values().flat_map(|session| &session.turns).flat_map(|turn| &turn.items);
    assert!(items.into_iter().any(|item| matches!(&item.kind,
        TurnItemKind::CommandExecution { output: Some(output), .. } if !output.is_empty())));
    Ok(())
}
