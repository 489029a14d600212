//! Rules of all stores, checked with each store's example.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tempfile::TempDir;
use threadkeep_sessions::{Environment, SessionStore, stores, testing};

use crate::facts::{Result, copy, homes};

/// Damaged copies of each example; `PROPTEST_CASES` sets another number.
const CASES: u32 = 24;
/// Steps in which a running agent's files grow.
const STEPS: usize = 6;
/// Bytes of a line that no reader takes.
const HUGE: usize = 17 << 20;

/// Private copy of an agent's example.
pub(crate) struct Example {
    pub(crate) store: &'static dyn SessionStore,
    pub(crate) place: PathBuf,
    _home: TempDir,
}

impl Example {
    pub(crate) fn of(store: &'static dyn SessionStore, example: &Path) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let place = store.places(&Environment::new(home.path())).remove(0);
        // An example of Codex is the place itself.
        copy(example, if store.name() == "codex" { &place } else { home.path() })?;
        Ok(Self { store, place, _home: home })
    }

    /// Returns the files that the sessions are read from, but no databases.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let open = self.store.open(&self.place)?;
        let mut files: Vec<_> = open.sessions().iter().flat_map(|found| found.files.clone()).collect();
        files.sort();
        files.dedup();
        let is_database = |path: &Path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format"));
        files.retain(|path| path.is_file() && !is_database(path));
        Ok(files)
    }

    /// Reads all sessions that can be read, as texts.
    fn texts(&self) -> Result<BTreeMap<String, String>> {
        let open = self.store.open(&self.place)?;
        let read = |found| Some(format!("{:?}", open.read(found).ok()?));
        Ok(open.sessions().iter().filter_map(|found| Some((found.native_id.clone(), read(found)?))).collect())
    }

    /// Reads the tokens of all own requests by session and request. A place never fails as a whole;
    /// one session may, if a document of it is damaged. With `of`, reads the sessions of that file.
    fn requests(&self, of: Option<&Path>) -> Result<Requests> {
        let open = self.store.open(&self.place)?;
        let mut requests = Requests::new();
        for found in open.sessions() {
            if of.is_some_and(|path| found.files.iter().all(|file| file != path)) {
                continue;
            }
            let Ok(session) = open.read(found) else { continue };
            for request in session.requests.into_iter().filter(|request| !request.inherited) {
                let tokens = request.tokens.input.saturating_add(request.tokens.output);
                let key = (found.native_id.clone(), request.id);
                if requests.contains_key(&key) {
                    return Err(format!("twice: {key:?}").into());
                }
                requests.insert(key, tokens);
            }
        }
        Ok(requests)
    }
}

/// Tokens of requests, by session and request.
type Requests = BTreeMap<(String, String), i64>;

/// Fails if a request is none of the right ones, or if tokens count twice: a request has more than
/// its own, and more than those of missing requests of its session. Where a store has one sum, and
/// damage hides a part of it, the rest has that part, too.
fn are_among(requests: &Requests, right: &Requests) -> Result {
    let mut more = BTreeMap::<&str, i64>::new();
    for ((session, id), tokens) in requests {
        // A fork whose parent is damaged may keep the parent's requests as its own.
        let known = right.iter().filter(|((_, other), _)| other == id).map(|(_, tokens)| *tokens).max();
        let known = known.ok_or_else(|| format!("{session}: request {id} is none of the right ones"))?;
        *more.entry(session).or_default() += (tokens - known).max(0);
    }
    for (session, more) in more {
        let missing = right.iter().filter(|(key, _)| key.0 == session && !requests.contains_key(key));
        let missing: i64 = missing.map(|(_, tokens)| tokens).sum();
        if more > missing {
            return Err(format!("{session}: {more} tokens count twice, and {missing} are missing").into());
        }
    }
    Ok(())
}

/// Calls `check` with each home of each store's example, and says which one fails.
pub(crate) fn each(check: impl Fn(&Example) -> Result) -> Result {
    for store in stores() {
        for home in homes(store.name())? {
            check(&Example::of(store, &home)?).map_err(|error| format!("{}: {error}", home.display()))?;
        }
    }
    Ok(())
}

#[test]
fn every_store_conforms() -> Result {
    each(|example| Ok(testing::leaves_no_trace(example.store, &example.place)?))
}

#[test]
fn a_place_without_an_agent_has_no_session() -> Result {
    for store in stores() {
        let home = tempfile::tempdir()?;
        let places = [home.path().join("missing"), home.path().join("empty"), home.path().join("file")];
        fs::create_dir(&places[1])?;
        fs::write(&places[2], "{}\n")?;
        for place in places {
            let open = store.open(&place).map_err(|error| format!("{}: {error}", store.name()))?;
            assert!(open.sessions().is_empty(), "{}: {open:?}", store.name());
        }
    }
    Ok(())
}

#[test]
fn lines_that_repeat_count_once() -> Result {
    each(|example| {
        // A rollout's counts are those of a counter, whose lines no agent writes again.
        if example.store.name() == "codex" {
            return Ok(());
        }
        let right = example.requests(None)?;
        for path in example.files()? {
            if path.extension().is_none_or(|extension| extension != "jsonl") {
                continue;
            }
            let whole = fs::read(&path)?;
            fs::write(&path, whole.repeat(2))?;
            let requests = example.requests(Some(&path))?;
            fs::write(&path, &whole)?;
            are_among(&requests, &right).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    })
}

#[test]
fn damage_never_doubles_a_request() -> Result {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    each(|example| {
        let files = example.files()?;
        if files.is_empty() {
            return Ok(());
        }
        let right = example.requests(None)?;
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let damage = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8);
        TestRunner::new(config).run(&damage, |(file, at, kind)| {
            let path = file.get(&files);
            let whole = fs::read(path)?;
            let at = at.index(whole.len() + 1);
            let is_codex = example.store.name() == "codex";
            // A rollout's counts are those of a counter, whose lines no agent writes again.
            let repeats = matches!(kind, 1 | 2) && is_codex;
            // It begins with its header, which alone says what a fork inherits.
            let header = whole.iter().position(|&byte| byte == b'\n').map_or(whole.len(), |end| end + 1);
            let at = if is_codex && kind == 3 { at.max(header) } else { at };
            let is_lines = path.extension().is_some_and(|extension| extension == "jsonl");
            fs::write(path, damaged(&whole, at, if is_lines && !repeats { kind } else { 0 }))?;
            let requests = example.requests(Some(path));
            fs::write(path, &whole)?;
            let checked = requests.and_then(|requests| are_among(&requests, &right));
            checked.map_err(|error| TestCaseError::fail(error.to_string()))
        })?;
        Ok(())
    })
}

/// Returns a file that is cut, repeats lines, or has lines that no agent writes.
fn damaged(whole: &[u8], at: usize, kind: u8) -> Vec<u8> {
    let line = whole[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let odd = b"\x00{\"type\":[\xff}\n{}\n[]\n{\"type\":\"from a later version\"}\n";
    match kind {
        1 => [whole, &whole[..line]].concat(),
        2 => whole.split_inclusive(|&byte| byte == b'\n').flat_map(|line| line.repeat(2)).collect(),
        3 => [&whole[..line], odd, &whole[line..]].concat(),
        _ => whole[..at].to_vec(),
    }
}

#[test]
fn a_running_agent_is_read_while_it_writes() -> Result {
    each(|example| {
        let (right, texts) = (example.requests(None)?, example.texts()?);
        let mut files = Vec::new();
        for path in example.files()? {
            let whole = fs::read(&path)?;
            File::create(&path)?;
            files.push((path, whole));
        }
        let (start, started) = mpsc::channel();
        let agent = thread::spawn(move || -> std::io::Result<()> {
            for step in 0..STEPS {
                if started.recv().is_err() {
                    break;
                }
                for (path, whole) in &files {
                    let part = whole.len() * step / STEPS..whole.len() * (step + 1) / STEPS;
                    File::options().append(true).open(path)?.write_all(&whole[part])?;
                }
            }
            Ok(())
        });
        for _ in 0..STEPS {
            start.send(())?;
            are_among(&example.requests(None)?, &right)?;
        }
        agent.join().map_err(|_| "the agent panicked")??;
        if example.texts()? == texts { Ok(()) } else { Err("other sessions than at once".into()) }
    })
}

#[test]
fn huge_lines_are_skipped() -> Result {
    each(|example| {
        let right = example.requests(None)?;
        let mut lines = example.files()?;
        lines.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
        let Some(path) = lines.first() else { return Ok(()) };
        let whole = fs::read(path)?;
        let huge = format!("{{\"type\": \"user\", \"x\": \"{}\"}}\n", "x".repeat(HUGE));
        fs::write(path, [&whole[..], huge.as_bytes()].concat())?;
        if example.requests(None)? == right { Ok(()) } else { Err("other requests".into()) }
    })
}

#[cfg(unix)]
#[test]
fn links_in_a_store_are_not_followed() -> Result {
    each(|example| {
        let texts = example.texts()?;
        let mut folders = vec![example.place.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                }
            }
            std::os::unix::fs::symlink(&example.place, folder.join("loop"))?;
            std::os::unix::fs::symlink(folder.join("nowhere"), folder.join("link.jsonl"))?;
        }
        if example.texts()? == texts { Ok(()) } else { Err("other sessions".into()) }
    })
}
