//! One pass over a place: new and changed sessions are written, missing ones are marked as gone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::batch::Batch;
use super::error::MirrorError;
use super::manifest::Manifest;
use super::mirrored::Mirrored;
use super::pending::Pending;
use super::write::{Changed, Writer};
use super::{Mirror, remove_rollout};
use crate::error::StoreError;
use crate::found::{FoundSession, SkippedFile, Unread};
use crate::ids::ThreadIds;
use crate::store::{OpenStore, SessionStore};

/// Sessions that are read before their bytes are looked at.
const PART: usize = 256;

/// Result of a pass.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SyncReport {
    /// Sessions of the place.
    pub found: u64,
    /// Sessions that were read and written.
    pub written: u64,
    /// Of these, sessions that were read on from their last turn.
    pub continued: u64,
    /// Sessions that have gone since the last pass.
    pub gone: u64,
    /// Sessions that went away while they were read.
    pub vanished: u64,
    /// Sessions that could not be read, by the agent's id.
    pub failed: Vec<(String, StoreError)>,
    /// Files that look like sessions and are none.
    pub skipped: Vec<SkippedFile>,
    /// Files and folders that could not be read. Sessions in them are not taken for gone.
    pub unread: Vec<Unread>,
    /// True if `unread` is not empty, and is not that of the last pass.
    pub is_unread_new: bool,
    /// Sessions with more damaged lines than when they were last read: main file and number.
    pub damaged_lines: Vec<(PathBuf, u64)>,
    /// Path to which a damaged list of sessions was moved. The list was rebuilt from the rollouts.
    pub damaged: Option<PathBuf>,
}

impl SyncReport {
    /// Returns the report for a place where nothing has changed.
    pub(super) fn unchanged(sessions: usize) -> Self {
        Self { found: sessions as u64, ..Self::default() }
    }
}

/// A pass over a place, with the mirror's lock held.
pub(super) struct Pass<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) store: &'a dyn SessionStore,
    pub(super) place: &'a Path,
    pub(super) manifest: &'a mut Manifest,
    pub(super) pending: &'a mut Pending,
    pub(super) ids: &'a ThreadIds<'a>,
    /// Files and folders of the place that could not be listed.
    pub(super) unlisted: &'a [(PathBuf, io::Error)],
}

impl Pass<'_> {
    pub(super) fn run(mut self, open: &OpenStore) -> Result<SyncReport, MirrorError> {
        let mut report = SyncReport { skipped: open.skipped().to_vec(), ..SyncReport::default() };
        report.found = open.sessions().len() as u64;
        for part in self.claim(open, &mut report)?.chunks(PART) {
            let (rows, rollouts) = self.write(open, part, &mut report)?;
            self.note_written(rows, &mut report);
            if self.pending.add(rollouts) {
                self.pending.finish(Some((self.store.name(), self.manifest)))?;
            }
        }
        report.unread.extend(self.unlisted.iter().map(|(path, error)| Unread::new(path, error)));
        report.unread.extend_from_slice(open.unread());
        self.note_missing(open, &mut report)?;
        report.is_unread_new = self.manifest.set_unread(self.place, &report.unread);
        Ok(report)
    }

    fn folder(&self) -> PathBuf {
        self.mirror.folder.join(self.store.name())
    }

    /// Returns the sessions that are mirrored from this place: no other has them, and the user has
    /// not deleted them.
    fn claim<'s>(
        &mut self,
        open: &'s OpenStore,
        report: &mut SyncReport,
    ) -> Result<Vec<&'s FoundSession>, MirrorError> {
        let mut wanted = Vec::new();
        for found in open.sessions() {
            self.manifest.identify(self.place, found);
            let own = self.ids.of(found.identity());
            let known = self.manifest.known(self.place, found.identity());
            if known.is_none_or(|known| known.gone_since.is_some())
                && let Some(other) = self.manifest.take_over(self.place, found, own)
            {
                let reason = format!("the same session is in {}", other.display());
                report.skipped.push(SkippedFile { path: found.source(), reason });
                continue;
            }
            let known = self.manifest.known(self.place, found.identity());
            let thread_id = known.map_or(own, |known| known.thread_id);
            if !self.mirror.deleted.contains(&thread_id) {
                // The file may only have a new name, with the same fingerprint.
                let has_moved =
                    |known: &&Mirrored| known.source.to_string_lossy() != found.source().to_string_lossy();
                if let Some(known) = known.filter(has_moved) {
                    let moved = Mirrored { source: found.source(), ..known.clone() };
                    self.manifest.set(self.place, moved);
                }
                wanted.push(found);
                continue;
            }
            if let Some(known) = known.filter(|known| !known.deleted) {
                remove_rollout(&self.folder(), known)?;
            }
            let deleted = Mirrored { deleted: true, ..Mirrored::new(self.place, found, thread_id) };
            self.manifest.set(self.place, deleted);
        }
        Ok(wanted)
    }

    /// Reads new and changed sessions and writes their rollouts. Returns their rows, and the
    /// rollouts, which wait for the disk.
    fn write(
        &self,
        open: &OpenStore,
        wanted: &[&FoundSession],
        report: &mut SyncReport,
    ) -> Result<(Vec<Mirrored>, Batch), MirrorError> {
        let (folder, place) = (self.folder(), self.place);
        let changed = wanted.iter().filter_map(|found| {
            let known = self.manifest.known(place, found.identity()).filter(|known| !known.deleted);
            let is_current = known.is_some_and(|known| self.is_current(&folder, known, found));
            (!is_current).then_some(Changed { found, known })
        });
        let changed: Vec<_> = changed.collect();
        let writer = Writer { folder: &folder, place, ids: self.ids, open, large: self.mirror.large };
        let written = writer.write_all(&changed)?;
        report.continued += written.continued;
        for (found, error) in written.failed {
            match error {
                // It went away meanwhile: the next pass finds it gone.
                StoreError::Gone { .. } => report.vanished += 1,
                error => {
                    report.unread.push(Unread::new(&found.source(), &error));
                    report.failed.push((found.native_id.clone(), error));
                }
            }
        }
        Ok((written.rows, written.batch))
    }

    fn is_current(&self, folder: &Path, known: &Mirrored, found: &FoundSession) -> bool {
        known.fingerprint == found.fingerprint
            && known.gone_since.is_none()
            && known.has_rollout(folder)
            && known.migrated_from.as_ref().is_none_or(|original| original.is_known(self.ids))
    }

    fn note_written(&mut self, written: Vec<Mirrored>, report: &mut SyncReport) {
        report.written += written.len() as u64;
        for mirrored in written {
            let known = self.manifest.known(self.place, mirrored.identity());
            if mirrored.skipped_lines > known.map_or(0, |known| known.skipped_lines) {
                report.damaged_lines.push((mirrored.source.clone(), mirrored.skipped_lines));
            }
            self.manifest.set(self.place, mirrored);
        }
    }

    /// Marks sessions that are no longer found.
    fn note_missing(&mut self, open: &OpenStore, report: &mut SyncReport) -> Result<(), MirrorError> {
        let present: BTreeSet<_> = open.sessions().iter().map(FoundSession::identity).collect();
        let known = self.manifest.places.get(self.place).into_iter().flat_map(BTreeMap::values);
        let missing: Vec<_> = known.filter(|known| !present.contains(known.identity())).cloned().collect();
        for known in missing {
            let is_deleted = self.mirror.deleted.contains(&known.thread_id);
            if is_deleted && !known.deleted {
                remove_rollout(&self.folder(), &known)?;
                self.manifest.set(self.place, Mirrored { deleted: true, ..known });
                continue;
            }
            // A place that is not there, like a disk that is not mounted, has deleted nothing.
            if !self.place.exists() {
                continue;
            }
            if known.deleted && !is_deleted {
                // Neither its agent nor the mirror has it.
                self.manifest.remove(self.place, known.identity());
                continue;
            }
            if known.gone_since.is_some() {
                continue;
            }
            match absence(&known.source, open, self.unlisted) {
                Absence::Gone => {
                    report.gone += 1;
                    let gone_since = Some(Timestamp::now());
                    self.manifest.set(self.place, Mirrored { gone_since, ..known });
                    self.manifest.open_others(self.place);
                }
                Absence::Unlisted => {}
                Absence::Unreadable(reason) => {
                    let unread = Unread::new(&known.source, reason);
                    if !report.unread.iter().any(|known| known.path == unread.path) {
                        report.unread.push(unread);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reason why a session was not found.
enum Absence {
    /// Its file, or its row in a database, is no longer there.
    Gone,
    /// Its folder could not be listed.
    Unlisted,
    /// Its file is there and cannot be read.
    Unreadable(String),
}

fn absence(source: &Path, open: &OpenStore, unlisted: &[(PathBuf, io::Error)]) -> Absence {
    if unlisted.iter().any(|(path, _)| source.starts_with(path)) {
        return Absence::Unlisted;
    }
    open.obstacle(source).map_or(Absence::Gone, Absence::Unreadable)
}
