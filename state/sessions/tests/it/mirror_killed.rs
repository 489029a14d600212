//! A pass that ends in the middle is gone on with, and what a killed process has left is settled.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use threadkeep_sessions::{
    Draft, Environment, FoundSession, Listing, Mirror, OpenStore, ResumeCommand, Session, SessionStore,
    StoreError, store,
};
use uuid::Uuid;

use crate::facts::{Result, homes};
use crate::shared::Example;

/// Sessions of the store.
const SESSIONS: usize = 2_500;

/// Words of each session: with all of them, the disk is waited for more than once.
const WORDS: usize = 4_000;

/// Store with such sessions, which panics when it reads this one.
#[derive(Debug)]
struct Numbered(Option<usize>);

impl SessionStore for Numbered {
    fn name(&self) -> &'static str {
        "numbered"
    }

    fn title(&self) -> &'static str {
        "Numbered"
    }

    fn tested_version(&self) -> &'static str {
        "1"
    }

    fn places(&self, _: &Environment) -> Vec<PathBuf> {
        Vec::new()
    }

    fn open(&self, place: &Path) -> std::result::Result<OpenStore, StoreError> {
        let (mut listing, killed_at) = (Listing::default(), self.0.map(id));
        for number in 0..SESSIONS {
            listing.add(FoundSession::of_files(id(number), vec![place.join("sessions")]));
        }
        Ok(OpenStore::new(listing, move |found| {
            assert_ne!(Some(&found.native_id), killed_at.as_ref(), "killed");
            let mut draft = Draft::new(&found.native_id);
            draft.prompt(None, None, &"word ".repeat(WORDS), 0);
            Ok(draft.finish())
        }))
    }

    fn resume(&self, _: &Session) -> Option<ResumeCommand> {
        None
    }
}

fn id(number: usize) -> String {
    format!("session {number:05}")
}

#[test]
fn a_pass_that_panics_goes_on_where_it_was() -> Result {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("place");
    fs::create_dir(&place)?;
    fs::write(place.join("sessions"), "")?;
    let mirror = Mirror::new(folder.path().join("mirror"));
    let killed = catch_unwind(AssertUnwindSafe(|| mirror.sync(&Numbered(Some(SESSIONS - 1)), &place)));
    assert!(killed.is_err());
    let report = mirror.sync(&Numbered(None), &place)?.ok_or("locked")?;
    assert_eq!(report.found, SESSIONS as u64);
    assert!(report.written < SESSIONS as u64 / 2, "{} were written again", report.written);
    assert_eq!(mirror.sessions("numbered")?.len(), SESSIONS);
    Ok(())
}

/// Mirror of Claude Code's example, in which a killed process has left files.
struct Left {
    example: Example,
    folder: TempDir,
    mirror: Mirror,
    /// Rollout without a row, its thread and its bytes.
    rollout: (PathBuf, Uuid, Vec<u8>),
    /// New version of another rollout, which was not put in its place.
    new: PathBuf,
}

impl Left {
    fn make() -> Result<Self> {
        let claude = store("claude").ok_or("an agent that this build knows")?;
        let (example, folder) = (Example::of(claude, &homes("claude")?.remove(0))?, tempfile::tempdir()?);
        let mirror = Mirror::new(folder.path());
        mirror.sync(claude, &example.place)?.ok_or("locked")?;
        let list = folder.path().join("claude.json");
        let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&list)?)?;
        let rows = document["places"].as_object_mut().and_then(|places| places.values_mut().next());
        let rows = rows.and_then(|rows| rows.as_object_mut()).ok_or("rows")?;
        let (first, second) = (rows.keys().next().cloned(), rows.values().nth(1).cloned());
        let row = rows.remove(&first.ok_or("a row")?).ok_or("a row")?;
        document["states"] = serde_json::json!({});
        fs::write(&list, document.to_string())?;
        let file = |row: &serde_json::Value| {
            folder.path().join("claude").join(row["file"].as_str().unwrap_or("none"))
        };
        let new = file(&second.ok_or("a second row")?).with_extension("new");
        fs::write(&new, "words")?;
        let (path, thread) = (file(&row), serde_json::from_value(row["thread_id"].clone())?);
        let rollout = (path.clone(), thread, fs::read(path)?);
        Ok(Self { example, folder, mirror, rollout, new })
    }

    fn sync(&self) -> Result {
        self.mirror.sync(self.example.store, &self.example.place)?.ok_or("locked")?;
        Ok(())
    }

    /// Returns the number of rollouts, and of other files.
    fn files(&self) -> Result<(usize, usize)> {
        let paths = fs::read_dir(self.folder.path().join("claude"))?.map(|entry| Ok(entry?.path()));
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let rollouts = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "jsonl")).count();
        Ok((rollouts, paths.len() - rollouts))
    }
}

#[test]
fn a_rollout_without_a_row_is_taken_back() -> Result {
    let left = Left::make()?;
    let (before, _) = left.files()?;
    left.sync()?;
    assert_eq!(left.files()?, (before, 0));
    let row = left.mirror.sessions("claude")?.into_iter().find(|row| row.thread_id == left.rollout.1);
    assert_eq!(row.ok_or("its row")?.gone_since, None);
    assert_eq!(left.mirror.sessions("claude")?.len(), before);
    Ok(())
}

#[test]
fn a_rollout_without_a_row_stays_although_its_session_is_gone() -> Result {
    let left = Left::make()?;
    fs::remove_dir_all(left.example.place.join("projects"))?;
    fs::create_dir(left.example.place.join("projects"))?;
    left.sync()?;
    let row = left.mirror.sessions("claude")?.into_iter().find(|row| row.thread_id == left.rollout.1);
    assert!(row.ok_or("its row")?.gone_since.is_some());
    assert!(fs::read(&left.rollout.0)? == left.rollout.2);
    Ok(())
}

#[test]
fn a_deleted_thread_leaves_no_words_of_a_killed_process() -> Result {
    let left = Left::make()?;
    assert!(left.mirror.lock()?.ok_or("locked")?.erase("claude", left.rollout.1)?);
    assert!(!left.rollout.0.exists() && !left.new.exists());
    let deleted = left.mirror.clone().without([left.rollout.1].into());
    for bytes in [&left.rollout.2[..], &left.rollout.2[..900]] {
        fs::write(&left.rollout.0, bytes)?;
        deleted.sync(left.example.store, &left.example.place)?.ok_or("locked")?;
        assert!(!left.rollout.0.exists());
    }
    Ok(())
}

#[test]
fn a_torn_rollout_without_a_row_is_written_again() -> Result {
    let left = Left::make()?;
    fs::write(&left.rollout.0, &left.rollout.2[..left.rollout.2.len() / 2])?;
    left.sync()?;
    assert!(fs::read(&left.rollout.0)? == left.rollout.2);
    Ok(())
}
