//! One pass over a place: new and changed sessions are written, missing ones are marked as gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::{panic, thread};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use threadkeep_rollout::{MIRROR_ARCHIVE, RolloutName};

use super::batch::Batch;
use super::erased;
use super::error::MirrorError;
use super::manifest::{Manifest, Mirrored};
use crate::error::StoreError;
use crate::found::{FoundSession, SkippedFile};
use crate::ids::ThreadIds;
use crate::rollout::to_rollout;
use crate::session::Session;
use crate::store::SessionStore;

/// Sessions that wait for being written.
const AHEAD: usize = 2;

/// Result of a pass.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SyncReport {
    /// Sessions of the place.
    pub found: u64,
    /// Sessions that were read and written.
    pub written: u64,
    /// Sessions that have gone since the last pass.
    pub gone: u64,
    /// Sessions that went away while they were read.
    pub vanished: u64,
    /// Sessions that could not be read, by the agent's id.
    pub failed: Vec<(String, StoreError)>,
    /// Files that look like sessions and are none.
    pub skipped: Vec<SkippedFile>,
}

impl SyncReport {
    /// Returns the report for a place where nothing has changed.
    pub(super) fn unchanged(sessions: usize) -> Self {
        Self { found: sessions as u64, ..Self::default() }
    }
}

pub(super) fn sync(
    folder: &Path,
    store: &dyn SessionStore,
    place: &Path,
    manifest: &mut Manifest,
    ids: &ThreadIds<'_>,
) -> Result<SyncReport, MirrorError> {
    let folder = folder.join(store.name());
    super::create_private(&folder)?;
    let open = store.open(place)?;
    let mut report = SyncReport { skipped: open.skipped().to_vec(), ..SyncReport::default() };
    let mut present = BTreeSet::new();
    for found in open.sessions() {
        manifest.identify(place, found);
    }
    let written = thread::scope(|scope| {
        // Sessions are written while the next ones are read.
        let (sender, receiver) = mpsc::sync_channel(AHEAD);
        let (folder, manifest) = (&folder, &*manifest);
        let writer = scope.spawn(move || write_all(folder, ids, receiver));
        for found in open.sessions() {
            report.found += 1;
            present.insert(found.identity().to_owned());
            let known = manifest.places.get(place).and_then(|sessions| sessions.get(found.identity()));
            if known.is_some_and(|known| is_current(folder, known, found)) {
                continue;
            }
            if let Some(other) = manifest.elsewhere(place, found.identity()) {
                let path = found.files.first().cloned().unwrap_or_default();
                let reason = format!("the same session is in {}", other.display());
                report.skipped.push(SkippedFile { path, reason });
                continue;
            }
            match open.read(found) {
                // A writer that has failed takes nothing.
                Ok(session) => {
                    if sender.send(Read { place, found, session, known }).is_err() {
                        break;
                    }
                }
                // It went away meanwhile: the next pass finds it gone.
                Err(StoreError::Gone { .. }) => report.vanished += 1,
                Err(error) => report.failed.push((found.native_id.clone(), error)),
            }
        }
        drop(sender);
        writer.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
    })?;
    report.written = written.len() as u64;
    written.into_iter().for_each(|mirrored| manifest.set(place, mirrored));
    let gone: Vec<_> =
        manifest.places.get(place).into_iter().flatten().map(|(_, known)| known.clone()).collect();
    // A place that is not there, like a disk that is not mounted, has deleted nothing.
    for known in gone.into_iter().filter(|_| place.exists()) {
        if known.gone_since.is_none() && !present.contains(known.identity()) {
            report.gone += 1;
            manifest.set(place, Mirrored { gone_since: Some(Timestamp::now()), ..known });
        }
    }
    Ok(report)
}

fn is_current(folder: &Path, known: &Mirrored, found: &FoundSession) -> bool {
    let is_same = known.fingerprint == found.fingerprint && known.gone_since.is_none();
    known.deleted || (is_same && folder.join(&known.file).exists())
}

/// Session that was read.
struct Read<'a> {
    place: &'a Path,
    found: &'a FoundSession,
    session: Session,
    /// Row of the list, if it was mirrored before.
    known: Option<&'a Mirrored>,
}

/// Writes the rollouts of sessions. Returns their rows.
fn write_all(
    folder: &Path,
    ids: &ThreadIds<'_>,
    sessions: Receiver<Read<'_>>,
) -> Result<Vec<Mirrored>, MirrorError> {
    let mut batch = Batch::default();
    let write = |read| write(folder, ids, &read, &mut batch);
    let written = sessions.into_iter().map(write).collect::<Result<Vec<_>, _>>()?;
    batch.finish(folder)?;
    Ok(written)
}

/// Writes a session's rollout. A session that has grown is appended to, so that its readers need
/// not begin again.
fn write(
    folder: &Path,
    ids: &ThreadIds<'_>,
    read: &Read<'_>,
    batch: &mut Batch,
) -> Result<Mirrored, MirrorError> {
    let Read { place, found, session, known } = read;
    let id = ids.of(session.identity());
    let begun = session.created_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let started = TimeZone::UTC.to_datetime(begun);
    let name = RolloutName { started, thread_id: id, segment_id: None };
    let file = if session.archived { format!("{MIRROR_ARCHIVE}/{name}") } else { name.to_string() };
    let old = known.and_then(|known| fs::read(folder.join(&known.file)).ok()).unwrap_or_default();
    let kept = known.and_then(|known| Some((known, erased::kept(&old, session, ids)?)));
    let (id, file, rollout) = match kept {
        Some((known, kept)) => (known.thread_id, known.file.clone(), kept),
        None => (id, file, to_rollout(session, ids)),
    };
    let path = folder.join(&file);
    if session.archived {
        super::create_private(&folder.join(MIRROR_ARCHIVE))?;
    }
    let is_there = known.is_some_and(|known| known.file == file) && !old.is_empty();
    match rollout.strip_prefix(old.as_slice()) {
        Some([]) if is_there => {}
        Some(rest) if is_there => batch.append(&path, rest)?,
        _ => batch.replace(&path, &rollout)?,
    }
    // The name has the session's start, which an agent may correct.
    if let Some(before) = known.filter(|before| before.file != file) {
        batch.remove(folder.join(&before.file));
    }
    Ok(Mirrored {
        native_id: session.native_id.clone(),
        key: session.key.clone(),
        thread_id: id,
        place: place.to_path_buf(),
        source: found.files.first().cloned().unwrap_or_default(),
        file,
        agent_version: session.agent_version.clone(),
        fingerprint: found.fingerprint.clone(),
        gone_since: None,
        deleted: false,
    })
}
