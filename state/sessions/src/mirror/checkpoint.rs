//! Checkpoints of large sessions, next to their rollouts: a session that has grown is read, and its
//! rollout written, on from its last turn.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use threadkeep_rollout::untouched;

use super::error::MirrorError;
use super::remove;
use crate::checksum::Checksum;
use crate::ids::ThreadIds;
use crate::resume::{Checkpoint, Reading};
use crate::rollout::{Before, beginning, to_rollout_after};
use crate::session::Session;

/// The most bytes that are read of one.
const MOST_BYTES: u64 = 64 << 20;

/// Checkpoint of a session, with the part of its rollout before it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    session: Checkpoint,
    rollout: Before,
    /// Checksum of that part.
    checksum: u32,
}

/// Part of a rollout before a checkpoint, which is as it was.
#[derive(Debug)]
pub(super) struct Settled {
    before: Before,
    checksum: Checksum,
}

/// Lines of a rollout from a checkpoint on.
#[derive(Debug)]
pub(super) struct Grown {
    /// Byte where they begin.
    pub(super) from: u64,
    pub(super) rest: Vec<u8>,
    /// Part of the rollout before the next checkpoint.
    next: Option<Settled>,
}

impl Saved {
    /// Reads the checkpoint of a rollout; `None` if there is none, or if it is of another version
    /// of the rollout.
    pub(super) fn read(rollout: &Path) -> Option<(Checkpoint, Settled)> {
        let bytes = untouched::read(&path(rollout), MOST_BYTES).ok()?;
        let saved: Self = serde_json::from_slice(&bytes).ok()?;
        let (before, mut checksum) = (saved.rollout, Checksum::default());
        checksum.add_file(rollout, before.bytes as u64).ok()?;
        (checksum.value() == saved.checksum).then_some((saved.session, Settled { before, checksum }))
    }

    /// Returns the checkpoint of a session that was read; `None` if something that is to come may
    /// change what is before it.
    fn new(session: &Session, mut next: Checkpoint, settled: Settled) -> Option<Self> {
        let Settled { mut before, checksum } = settled;
        let fits = before.fits(session, next.requests());
        next.settle(&std::mem::take(&mut before.requests));
        fits.then_some(Self { session: next, rollout: before, checksum: checksum.value() })
    }
}

impl Settled {
    /// Returns the part of a whole rollout before a checkpoint.
    pub(super) fn of(rollout: &[u8], before: Option<Before>) -> Option<Self> {
        let before = before?;
        let checksum = Checksum::of(rollout.get(..before.bytes)?);
        Some(Self { before, checksum })
    }

    /// Returns the lines of a session that was read on from a checkpoint; `None` if the rollout has
    /// other lines before it.
    pub(super) fn grow(mut self, rollout: &Path, reading: &Reading, ids: &ThreadIds<'_>) -> Option<Grown> {
        let Reading { session, before: Some((turns, requests)), next } = reading else { return None };
        let (before, beginning) = (&self.before, beginning(session, ids));
        if !starts_with(rollout, &beginning).unwrap_or_default() || !before.fits(session, *requests) {
            return None;
        }
        let (from, number) = (before.bytes, next.as_ref().map_or(*turns, Checkpoint::turns));
        let (rest, next) = to_rollout_after(before, session, ids, [*turns, number]);
        let next = next.and_then(|next| {
            self.checksum.add(rest.get(..next.bytes - from)?);
            Some(Self { before: next, checksum: self.checksum })
        });
        Some(Grown { from: from as u64, rest, next })
    }
}

impl Grown {
    /// Returns the part of the rollout before the next checkpoint.
    pub(super) fn take_next(&mut self) -> Option<Settled> {
        self.next.take()
    }
}

/// Writes a checkpoint next to a rollout, if there can be one. It need not survive a power cut: a
/// part of it does not count.
pub(super) fn write(
    rollout: &Path,
    session: &Session,
    next: Option<Checkpoint>,
    settled: Option<Settled>,
) -> Result<(), MirrorError> {
    let Some((next, settled)) = next.zip(settled) else { return Ok(()) };
    let Some(saved) = Saved::new(session, next, settled) else { return Ok(()) };
    let path = path(rollout);
    let bytes = serde_json::to_vec(&saved).map_err(io::Error::other);
    bytes.and_then(|bytes| fs::write(&path, bytes)).map_err(MirrorError::io(path))
}

/// Removes a rollout with its checkpoint, if they are there.
pub(super) fn remove_both(rollout: &Path) -> Result<(), MirrorError> {
    remove(rollout)?;
    remove(&path(rollout))
}

fn path(rollout: &Path) -> PathBuf {
    rollout.with_extension("checkpoint")
}

fn starts_with(path: &Path, beginning: &[u8]) -> io::Result<bool> {
    let mut bytes = vec![0; beginning.len()];
    File::open(path)?.read_exact(&mut bytes)?;
    Ok(bytes == beginning)
}
