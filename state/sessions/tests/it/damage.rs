//! Damaged copies of the examples: cut files, repeated lines, and lines that are no JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tempfile::TempDir;
use threadkeep_sessions::{Environment, Purpose, SessionStore, store};

use crate::facts::{Result, folder};

/// Copy of an example.
pub(crate) struct Copy {
    folder: TempDir,
    store: &'static dyn SessionStore,
}

/// Tokens of a session, input and output of all requests that are its own.
type Sums = BTreeMap<String, i64>;

impl Copy {
    /// Copies an agent's example, of which `home` is the folder that stands for the user's home.
    pub(crate) fn of(agent: &str, home: &str) -> Result<Self> {
        let target = tempfile::tempdir()?;
        copy(&folder(agent).join(home), target.path())?;
        Ok(Self { folder: target, store: store(agent).ok_or("an agent that this build knows")? })
    }

    /// Returns the agent's first place in the copy.
    pub(crate) fn place(&self) -> PathBuf {
        self.store.places(&Environment::new(self.folder.path())).remove(0)
    }

    /// Cuts each file of the sessions anywhere, repeats its lines, and writes rubbish between them.
    /// Nothing panics, no place fails, and no session has more requests or tokens than before.
    pub(crate) fn survives(&self, cases: u32) -> Result {
        let open = self.store.open(&self.place())?;
        let files: BTreeSet<_> = open.sessions().iter().flat_map(|found| found.files.clone()).collect();
        drop(open);
        let files: Vec<_> = files.into_iter().filter(|path| path.is_file()).collect();
        let right = self.sums().map_err(|error| error.to_string())?;
        let damage = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3_u8);
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(&damage, |(file, at, kind)| {
            let path = file.get(&files);
            let whole = fs::read(path)?;
            fs::write(path, damaged(&whole, at.index(whole.len() + 1), kind, path))?;
            let sums = self.sums();
            fs::write(path, whole)?;
            for (id, tokens) in sums? {
                let most = right.get(&id).copied();
                prop_assert!(most.is_none_or(|most| tokens <= most), "{id}: {tokens} tokens of {most:?}");
            }
            Ok(())
        })?;
        Ok(())
    }

    fn sums(&self) -> std::result::Result<Sums, TestCaseError> {
        let failed = |error: threadkeep_sessions::StoreError| TestCaseError::fail(error.to_string());
        let open = self.store.open(&self.place()).map_err(failed)?;
        let mut sums = Sums::new();
        for found in open.sessions() {
            // One document of a session that cannot be read may fail that session.
            let Ok(session) = open.read(found) else { continue };
            let ids: BTreeSet<_> = session.requests.iter().map(|request| &request.id).collect();
            prop_assert_eq!(ids.len(), session.requests.len(), "a request stands twice");
            let tokens = [Purpose::Conversation, Purpose::Subagent, Purpose::Hidden]
                .map(|purpose| session.tokens(purpose, false));
            sums.insert(found.native_id.clone(), tokens.iter().map(|sum| sum.input + sum.output).sum());
        }
        Ok(sums)
    }
}

fn damaged(whole: &[u8], at: usize, kind: u8, path: &Path) -> Vec<u8> {
    let has_lines = path.extension().is_some_and(|extension| extension == "jsonl");
    match kind {
        1 if has_lines => {
            whole.split_inclusive(|&byte| byte == b'\n').flat_map(|line| line.repeat(2)).collect()
        }
        2 if has_lines => {
            let line = whole[..at].iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            [
                &whole[..line],
                b"\x00{\"type\":[\xff}\n{}\n[]\n{\"type\":\"from a later version\"}\n",
                &whole[line..],
            ]
            .concat()
        }
        _ => whole[..at].to_vec(),
    }
}

pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
