//! Places that cannot be read, and lists and rollouts that are damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use threadkeep_rollout::{MAX_LINE, MIRROR_ARCHIVE};
use threadkeep_sessions::{Mirror, MirrorError, Mirrored, OpenStore, SyncReport, store};

use crate::facts::{Result, homes};
use crate::place::Place;
use crate::shared::{Example, each};

/// Files of an agent that are damaged one by one.
const MOST_FILES: usize = 12;

/// Contents in place of a file; `None` for a folder.
const ODD: [Option<&str>; 3] = [None, Some(""), Some("\0no file of an agent\n{\"a\":")];

/// Returns the write-ahead log of a database.
fn log_of(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", path.display()))
}

/// Puts something else in place of a file, and of its log. Returns where the file is now.
fn spoil(path: &Path, odd: Option<&str>) -> Result<PathBuf> {
    let aside = path.with_file_name("aside");
    fs::rename(path, &aside)?;
    if log_of(path).exists() {
        fs::rename(log_of(path), log_of(&aside))?;
    }
    match odd {
        None => fs::create_dir(path)?,
        Some(content) => fs::write(path, content)?,
    }
    Ok(aside)
}

fn repair(path: &Path, aside: &Path, odd: Option<&str>) -> Result {
    if odd.is_none() {
        fs::remove_dir(path)?;
    }
    if log_of(aside).exists() {
        fs::rename(log_of(aside), log_of(path))?;
    }
    Ok(fs::rename(aside, path)?)
}

pub(crate) fn synced(mirror: &Mirror, example: &Example) -> Result<SyncReport> {
    Ok(mirror.sync(example.store, &example.place)?.ok_or("locked")?)
}

pub(crate) fn claude() -> Result<Example> {
    let claude = store("claude").ok_or("an agent that this build knows")?;
    Example::of(claude, &homes("claude")?.remove(0))
}

/// Reads all rollouts of an agent's mirror.
pub(crate) fn rollouts(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut rollouts = BTreeMap::new();
    for folder in [folder, &folder.join(MIRROR_ARCHIVE)] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_file() {
                rollouts.insert(path.clone(), fs::read(path)?);
            }
        }
    }
    Ok(rollouts)
}

/// Returns the ids of the sessions that are not read from a file.
fn others(open: &OpenStore, path: &Path) -> BTreeSet<String> {
    let others = open.sessions().iter().filter(|found| found.files.iter().all(|file| file != path));
    others.map(|found| found.native_id.clone()).collect()
}

#[test]
fn one_odd_file_never_fails_the_place() -> Result {
    each(|example| {
        let open = example.store.open(&example.place)?;
        let files: BTreeSet<_> = open.sessions().iter().flat_map(|found| found.files.clone()).collect();
        let files: Vec<_> = files.into_iter().filter(|path| path.is_file()).collect();
        for path in files.iter().step_by(files.len().div_ceil(MOST_FILES)) {
            let right = others(&open, path);
            for odd in ODD {
                let aside = spoil(path, odd)?;
                let damaged = example.store.open(&example.place);
                let damaged = damaged.map_err(|error| format!("{}: {error}", path.display()))?;
                let ids: BTreeSet<_> =
                    damaged.sessions().iter().map(|found| found.native_id.clone()).collect();
                repair(path, &aside, odd)?;
                if !ids.is_superset(&right) {
                    return Err(format!("{}: other sessions are missing", path.display()).into());
                }
            }
        }
        Ok(())
    })
}

#[test]
fn an_unreadable_map_is_listed_and_the_folders_in_it_stay() -> Result {
    for (agent, map) in [
        ("kimi", "kimi.json"),
        ("kimi-code", "workspaces.json"),
        ("continue", "sessions/sessions.json"),
        ("gemini", "projects.json"),
    ] {
        let example = Example::of(store(agent).ok_or("an agent")?, &homes(agent)?.remove(0))?;
        let map = example.place.join(map);
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path());
        synced(&mirror, &example)?;
        let before = mirrored(&mirror, agent)?;
        for odd in ODD {
            let aside = spoil(&map, odd)?;
            let report = synced(&mirror, &example)?;
            let is_listed = report.unread.iter().any(|unread| Path::new(&unread.path) == map);
            assert!(is_listed, "{agent}: {odd:?}: {:?}", report.unread);
            assert_eq!(mirrored(&mirror, agent)?, before, "{agent}: {odd:?}");
            repair(&map, &aside, odd)?;
        }
        synced(&mirror, &example)?;
        assert_eq!(mirrored(&mirror, agent)?, before, "{agent}");
    }
    Ok(())
}

#[test]
fn a_session_that_is_all_in_one_huge_line_is_listed() -> Result {
    let huge = format!("{{\"type\": \"user\", \"x\": \"{}\"}}\n", "x".repeat(MAX_LINE));
    let pi = json!({ "type": "session", "id": "s" });
    for (agent, path, header) in [
        ("claude", "projects/p/s.jsonl", None),
        ("copilot", "session-state/s/events.jsonl", None),
        ("gemini", "tmp/p/chats/session-1.jsonl", None),
        ("gemini", "tmp/p/chats/session-1.jsonl", Some(json!({ "sessionId": "s" }))),
        ("goose", "s.jsonl", None),
        ("kimi", "sessions/p/s/wire.jsonl", None),
        ("kimi-code", "sessions/p/s/agents/main/wire.jsonl", None),
        ("pi", "sessions/p/s.jsonl", Some(pi)),
        ("qwen", "projects/p/chats/s.jsonl", None),
        ("vibe", "logs/session/s/messages.jsonl", None),
    ] {
        let place = Place::new(agent)?;
        let header = header.map(|header| format!("{header}\n")).unwrap_or_default();
        let path = place.write(path, &format!("{header}{huge}"))?;
        let open = place.open()?;
        let [unread] = open.unread() else { return Err(format!("{agent}: {open:?}").into()) };
        assert_eq!(Path::new(&unread.path), path);
        assert!(unread.reason.ends_with(": longer than 16 MiB"), "{agent}: {}", unread.reason);
        assert!(open.sessions().is_empty() && open.skipped().is_empty(), "{agent}: {open:?}");
    }
    Ok(())
}

/// Returns the name and the first line of each rollout, which have the start and the folder.
fn mirrored(mirror: &Mirror, agent: &str) -> Result<BTreeSet<(String, String)>> {
    let read = |session: Mirrored| {
        let rollout = fs::read_to_string(mirror.folder().join(agent).join(&session.file))?;
        Ok((session.file, rollout.lines().next().unwrap_or_default().to_owned()))
    };
    mirror.sessions(agent)?.into_iter().map(read).collect()
}

#[test]
fn a_session_that_cannot_be_read_is_not_gone() -> Result {
    each(|example| {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path());
        synced(&mirror, example)?;
        let first = mirror.sessions(example.store.name())?.remove(0);
        let is_database = fs::read(&first.source)?.starts_with(b"SQLite format");
        for odd in ODD {
            let aside = spoil(&first.source, odd)?;
            let report = synced(&mirror, example)?;
            assert_eq!(report.gone, 0, "{odd:?}: {:?}", report.unread);
            if is_database {
                assert!(report.is_unread_new && !report.unread.is_empty(), "{odd:?}");
                assert!(!synced(&mirror, example)?.is_unread_new);
                let unread = mirror.unread(example.store.name(), &example.place)?;
                assert_eq!(unread, report.unread);
            }
            repair(&first.source, &aside, odd)?;
            synced(&mirror, example)?;
        }
        assert_eq!(mirror.unread(example.store.name(), &example.place)?, []);
        Ok(())
    })
}

#[cfg(unix)]
#[test]
fn sessions_below_a_folder_that_cannot_be_read_are_not_gone() -> Result {
    let (example, folder) = (claude()?, tempfile::tempdir()?);
    let mirror = Mirror::new(folder.path());
    let found = synced(&mirror, &example)?.found;
    let projects = example.place.join("projects");
    // Unlike a folder without permission, root cannot read a circle of links, either.
    fs::rename(&projects, example.place.join("aside"))?;
    std::os::unix::fs::symlink(&projects, &projects)?;
    let report = synced(&mirror, &example)?;
    assert_eq!((report.found, report.gone), (0, 0));
    let unread: Vec<_> = report.unread.iter().map(|unread| Path::new(&unread.path)).collect();
    assert!(report.is_unread_new && unread == [projects.as_path()], "{:?}", report.unread);
    fs::remove_file(&projects)?;
    fs::create_dir(&projects)?;
    assert_eq!(synced(&mirror, &example)?.gone, found, "an empty folder has none");
    Ok(())
}

#[test]
fn a_damaged_or_missing_list_is_made_again() -> Result {
    each(|example| {
        let (agent, folder) = (example.store.name(), tempfile::tempdir()?);
        let mirror = Mirror::new(folder.path());
        let found = synced(&mirror, example)?.found;
        let list = folder.path().join(format!("{agent}.json"));
        fs::write(&list, "{")?;
        let names = |sessions: &[Mirrored]| -> BTreeSet<_> {
            let name = |known: &Mirrored| (known.native_id.clone(), known.thread_id, known.file.clone());
            sessions.iter().map(name).collect()
        };
        let rebuilt = mirror.sessions(agent)?;
        assert!(rebuilt.iter().all(|known| known.gone_since.is_some()));
        let report = synced(&mirror, example)?;
        let damaged = report.damaged.ok_or("the damaged list")?;
        assert_eq!((fs::read(damaged)?, report.found), (b"{".to_vec(), found));
        let sessions = mirror.sessions(agent)?;
        assert!(sessions.iter().all(|known| known.gone_since.is_none()));
        assert_eq!(names(&sessions), names(&rebuilt));
        assert_eq!(synced(&mirror, example)?.damaged, None);
        fs::remove_file(&list)?;
        assert_eq!(names(&mirror.sessions(agent)?), names(&rebuilt));
        assert_eq!(synced(&mirror, example)?.damaged, None);
        assert_eq!(names(&mirror.sessions(agent)?), names(&rebuilt));
        Ok(())
    })
}

#[test]
fn a_rollout_that_was_cut_is_written_again_with_and_without_the_list() -> Result {
    for is_listed in [true, false] {
        let (example, folder) = (claude()?, tempfile::tempdir()?);
        let mirror = Mirror::new(folder.path());
        synced(&mirror, &example)?;
        let whole = rollouts(&folder.path().join("claude"))?;
        for (number, (path, bytes)) in whole.iter().enumerate() {
            fs::write(path, &bytes[..bytes.len() * (number % 3) / 3])?;
        }
        if !is_listed {
            fs::remove_file(folder.path().join("claude.json"))?;
        }
        synced(&mirror, &example)?;
        assert!(rollouts(&folder.path().join("claude"))? == whole, "listed: {is_listed}");
    }
    Ok(())
}

#[test]
fn only_agents_are_forgotten() -> Result {
    let folder = tempfile::tempdir()?;
    let (inside, beside) = (folder.path().join("mirror"), folder.path().join("beside"));
    fs::create_dir_all(inside.join("claude"))?;
    fs::create_dir(&beside)?;
    let mirror = Mirror::new(&inside);
    let lock = mirror.lock()?.ok_or("locked")?;
    assert!(mirror.lock()?.is_none());
    let path = beside.to_str().ok_or("UTF-8")?;
    for name in ["", ".", "..", "../beside", path, "claude/", "claude/..", "Claude"] {
        assert!(matches!(lock.forget(name), Err(MirrorError::NotAnAgent { .. })), "{name}");
        assert!(!mirror.has(name), "{name}");
    }
    assert!(beside.exists() && mirror.has("claude"));
    lock.forget("claude")?;
    assert!(!mirror.has("claude") && inside.exists());
    Ok(())
}
