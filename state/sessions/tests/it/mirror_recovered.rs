//! Lost rollouts that are written again from kept copies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_sessions::{Kept, Mirror, Mirrored, SessionCopy, store, stores};
use uuid::Uuid;

use crate::facts::{Result, homes};
use crate::shared::Example;
use crate::vault::{Keeper, files};

/// An agent whose sessions are kept and mirrored, and were then deleted by the agent.
struct Deleted {
    example: Example,
    keeper: Keeper,
    kept: Vec<Kept>,
    mirror: Mirror,
    /// Rollouts before they are lost.
    rollouts: BTreeMap<PathBuf, Vec<u8>>,
    /// Rows before they are lost.
    rows: Vec<Mirrored>,
}

impl Deleted {
    fn of(example: Example) -> Result<Self> {
        let keeper = Keeper::of(example.store, &example.place)?;
        let mirror = Mirror::new(keeper.folder.path().join("mirror"));
        mirror.sync(example.store, &example.place)?.ok_or("locked")?;
        let kept = keeper.keep()?;
        fs::rename(&example.place, aside(&example.place))?;
        fs::create_dir(&example.place)?;
        mirror.sync(example.store, &example.place)?.ok_or("locked")?;
        let rows = mirror.sessions(example.store.name())?;
        assert!(!rows.is_empty() && rows.iter().all(|row| row.gone_since.is_some()));
        let mut deleted = Self { example, keeper, kept, mirror, rollouts: BTreeMap::new(), rows };
        deleted.rollouts = deleted.rollouts()?;
        Ok(deleted)
    }

    fn claude() -> Result<Self> {
        Self::of(Example::of(store("claude").ok_or("claude")?, &homes("claude")?.remove(0))?)
    }

    fn folder(&self) -> PathBuf {
        self.mirror.folder().join(self.example.store.name())
    }

    fn rollouts(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        files(&self.folder())?.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
    }

    fn lost(&self, mirror: &Mirror) -> Result<Vec<Uuid>> {
        let threads: Vec<_> = self.kept.iter().map(|kept| kept.thread_id).collect();
        Ok(mirror.without_rollout(self.example.store.name(), &threads)?)
    }

    /// Returns the number of rollouts that are written again.
    fn recover(&self, mirror: &Mirror) -> Result<u64> {
        self.recover_of(mirror, &self.lost(mirror)?)
    }

    /// Does the same for these threads.
    fn recover_of(&self, mirror: &Mirror, lost: &[Uuid]) -> Result<u64> {
        let mut copies = Vec::new();
        for kept in self.kept.iter().filter(|kept| lost.contains(&kept.thread_id)) {
            let (open, found) = self.keeper.vault.open(self.example.store, kept)?;
            let folder = self.keeper.vault.place(kept);
            copies.push(SessionCopy { place: kept.place.clone(), folder, open, found });
        }
        let mut lock = mirror.lock()?.ok_or("locked")?;
        let (written, failed) = lock.recover(self.example.store, copies)?;
        lock.finish()?;
        assert!(failed.is_empty(), "{failed:?}");
        Ok(written)
    }
}

fn aside(place: &Path) -> PathBuf {
    place.with_extension("aside")
}

#[test]
fn a_lost_mirror_is_what_it_was() -> Result {
    each_deleted(|deleted| {
        let (mirror, agent) = (&deleted.mirror, deleted.example.store.name());
        fs::remove_dir_all(mirror.folder())?;
        let report = mirror.sync(deleted.example.store, &deleted.example.place)?.ok_or("locked")?;
        assert_eq!((report.found, report.written), (0, 0));
        assert_eq!(deleted.recover(mirror)?, deleted.kept.len() as u64);
        assert!(deleted.rollouts()? == deleted.rollouts, "other rollouts than before");
        let paths = |rows: &[Mirrored]| -> Vec<_> {
            rows.iter().map(|row| (row.thread_id, row.source.clone(), row.gone_since.is_some())).collect()
        };
        assert_eq!(paths(&mirror.sessions(agent)?), paths(&deleted.rows));
        assert!(deleted.lost(mirror)?.is_empty());
        // They stay gone, until the place has them again.
        mirror.sync(deleted.example.store, &deleted.example.place)?.ok_or("locked")?;
        assert!(mirror.sessions(agent)?.iter().all(|row| row.gone_since.is_some()));
        fs::remove_dir_all(&deleted.example.place)?;
        fs::rename(aside(&deleted.example.place), &deleted.example.place)?;
        mirror.sync(deleted.example.store, &deleted.example.place)?.ok_or("locked")?;
        assert!(mirror.sessions(agent)?.iter().all(|row| row.gone_since.is_none()));
        if deleted.rollouts()? == deleted.rollouts { Ok(()) } else { Err("they have changed".into()) }
    })
}

/// Calls `check` with the deleted sessions of each home of each store's example.
fn each_deleted(check: impl Fn(&Deleted) -> Result) -> Result {
    for store in stores() {
        for home in homes(store.name())? {
            let deleted = Deleted::of(Example::of(store, &home)?)?;
            check(&deleted).map_err(|error| format!("{}: {error}", home.display()))?;
        }
    }
    Ok(())
}

#[test]
fn one_lost_rollout_is_written_again() -> Result {
    let deleted = Deleted::claude()?;
    let (lost, bytes) = deleted.rollouts.first_key_value().ok_or("a rollout")?;
    let gone_since =
        deleted.rows.iter().map(|row| (row.thread_id, row.gone_since)).collect::<BTreeMap<_, _>>();
    fs::remove_file(lost)?;
    assert_eq!(deleted.recover(&deleted.mirror)?, 1);
    assert!(fs::read(lost)? == *bytes);
    for row in deleted.mirror.sessions("claude")? {
        assert_eq!(row.gone_since, gone_since[&row.thread_id]);
    }
    Ok(())
}

#[test]
fn a_rollout_that_is_there_is_never_replaced() -> Result {
    let deleted = Deleted::claude()?;
    let mut rollouts = deleted.rollouts()?;
    for (path, bytes) in &mut rollouts {
        bytes.extend(b"{}\n");
        fs::write(path, bytes)?;
    }
    // A process that was killed before it wrote the list leaves rollouts without rows.
    let list = deleted.mirror.folder().join("claude.json");
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&list)?)?;
    let rows = document["places"].as_object_mut().and_then(|places| places.values_mut().next());
    let rows = rows.and_then(|rows| rows.as_object_mut()).ok_or("rows")?;
    let mut number = 0;
    rows.retain(|_, _| {
        number += 1;
        number % 2 == 0
    });
    fs::write(&list, document.to_string())?;
    assert!(!deleted.lost(&deleted.mirror)?.is_empty());
    assert_eq!(deleted.recover(&deleted.mirror)?, 0);
    assert!(deleted.rollouts()? == rollouts);
    assert_eq!(deleted.mirror.sessions("claude")?.len(), deleted.rows.len());
    assert!(deleted.lost(&deleted.mirror)?.is_empty());
    Ok(())
}

#[test]
fn a_deleted_thread_stays_deleted() -> Result {
    let deleted = Deleted::claude()?;
    let thread = deleted.kept[0].thread_id;
    fs::remove_dir_all(deleted.mirror.folder())?;
    let lost = deleted.lost(&deleted.mirror)?;
    // It is deleted after the threads were looked at.
    let mirror = deleted.mirror.clone().without([thread].into());
    assert!(lost.contains(&thread) && !deleted.lost(&mirror)?.contains(&thread));
    assert_eq!(deleted.recover_of(&mirror, &lost)?, deleted.kept.len() as u64 - 1);
    let rows = mirror.sessions("claude")?;
    assert!(rows.iter().all(|row| row.thread_id != thread));
    Ok(())
}

#[test]
fn a_session_that_another_place_has_is_not_read_from_its_copy() -> Result {
    let deleted = Deleted::claude()?;
    let other = aside(&deleted.example.place);
    fs::remove_dir_all(deleted.mirror.folder())?;
    let mirror = deleted.mirror.clone().with_places("claude", vec![other.clone()]);
    mirror.sync(deleted.example.store, &other)?.ok_or("locked")?;
    let (lost, _) = deleted.rollouts.first_key_value().ok_or("a rollout")?;
    fs::remove_file(lost)?;
    assert_eq!(deleted.recover(&mirror)?, 0);
    assert!(mirror.sessions("claude")?.iter().all(|row| row.place == other && row.gone_since.is_none()));
    Ok(())
}
