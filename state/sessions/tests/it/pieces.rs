//! Sessions that grow while they are mirrored have the rollouts of sessions that are read at once.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use threadkeep_rollout::MIRROR_ARCHIVE;
use threadkeep_sessions::{FoundSession, Mirror, Session, ThreadIds};
use uuid::Uuid;

use crate::facts::Result;
use crate::shared::{Example, each};

/// Ways in which each example grows; `PROPTEST_CASES` sets another number.
const CASES: u32 = 3;
/// Steps before a file is whole.
const STEPS: usize = 3;
/// Files that grow in ways of their own. Further files grow in the same ways.
const WAYS: usize = 16;
/// Parts of a file's lines.
const WHOLE: usize = 1_000;

/// Main file of a session, with the bytes where its lines end.
struct Main {
    path: PathBuf,
    whole: Vec<u8>,
    ends: Vec<usize>,
}

impl Main {
    /// Reads the main files of sessions that are files of lines. Leaves out sessions that others
    /// come from: they were there first.
    fn all(example: &Example) -> Result<Vec<Self>> {
        let open = example.store.open(&example.place)?;
        let parent = |found| Some(open.read(found).ok()?.parent?.native_id);
        let parents: HashSet<_> = open.sessions().iter().filter_map(parent).collect();
        let last = open.sessions().iter().filter(|found| !parents.contains(&found.native_id));
        let mut paths: Vec<_> = last.map(FoundSession::source).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        let read = |path: PathBuf| {
            let whole = fs::read(&path)?;
            let ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            Ok(Self { ends: std::iter::once(0).chain(ends).collect(), path, whole })
        };
        paths.into_iter().map(read).collect()
    }

    /// Makes the file as long as it was after a part of its lines.
    fn cut(&self, part: usize) -> Result {
        let end = self.ends[(self.ends.len() - 1) * part / WHOLE];
        Ok(fs::write(&self.path, &self.whole[..end])?)
    }
}

fn sync(example: &Example, mirror: &Path) -> Result {
    Mirror::new(mirror).sync(example.store, &example.place)?.ok_or("no one else works on it")?;
    Ok(())
}

/// Reads the rollouts of a mirror by name.
fn rollouts(example: &Example, mirror: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let folder = mirror.join(example.store.name());
    let mut all = BTreeMap::new();
    for folder in [folder.join(MIRROR_ARCHIVE), folder] {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_file() {
                let name = path.file_name().ok_or("a name")?.into();
                all.insert(name, fs::read_to_string(path)?);
            }
        }
    }
    Ok(all)
}

/// Reads the user's words of each session by thread.
fn words(example: &Example) -> Result<BTreeMap<Uuid, Vec<String>>> {
    let open = example.store.open(&example.place)?;
    let ids = ThreadIds::new(example.store.name(), []);
    let sessions = open.sessions().iter().filter_map(|found| open.read(found).ok());
    let words =
        |session: &Session| session.turns.iter().filter_map(|turn| Some(turn.prompt()?.to_owned())).collect();
    Ok(sessions.map(|session| (ids.of(session.identity()), words(&session))).collect())
}

fn grows(example: &Example, ways: &[Vec<usize>]) -> Result {
    let files = Main::all(example)?;
    let all = words(example)?;
    let mut rewritten = HashSet::new();
    let (at_once, in_pieces) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let steps = (0..STEPS).map(|step| ways.iter().map(move |way| way[step]));
    for parts in steps {
        for (file, part) in files.iter().zip(parts.cycle()) {
            file.cut(part)?;
        }
        sync(example, in_pieces.path())?;
        // What an agent erases from a session stays in the rollout.
        let is_rewritten =
            |(id, words): &(Uuid, Vec<String>)| all.get(id).is_none_or(|all| !all.starts_with(words));
        rewritten.extend(words(example)?.into_iter().filter(is_rewritten).map(|(id, _)| id.to_string()));
    }
    for file in &files {
        fs::write(&file.path, &file.whole)?;
    }
    sync(example, in_pieces.path())?;
    sync(example, at_once.path())?;
    let (mut right, mut grown) = (rollouts(example, at_once.path())?, rollouts(example, in_pieces.path())?);
    for all in [&mut right, &mut grown] {
        all.retain(|name, _| !rewritten.iter().any(|id| name.to_string_lossy().contains(id)));
    }
    for (name, rollout) in &right {
        let grown = grown.get(name).ok_or_else(|| format!("{} is missing", name.display()))?;
        if grown != rollout {
            let first = rollout.lines().zip(grown.lines()).find(|(one, other)| one != other);
            return Err(format!("{}: {first:?}", name.display()).into());
        }
    }
    let more: Vec<_> = grown.keys().filter(|name| !right.contains_key(*name)).collect();
    if more.is_empty() { Ok(()) } else { Err(format!("{more:?} are left over").into()) }
}

#[test]
fn a_session_that_grew_has_the_rollout_of_one_read_at_once() -> Result {
    let way = proptest::collection::vec(0..=WHOLE, STEPS).prop_map(|mut way| {
        way.sort_unstable();
        way
    });
    let ways = proptest::collection::vec(way, WAYS);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    each(|example| {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let check = |ways: Vec<Vec<usize>>| {
            grows(example, &ways).map_err(|error| TestCaseError::fail(error.to_string()))
        };
        Ok(TestRunner::new(config).run(&ways, check)?)
    })
}
