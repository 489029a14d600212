//! One pass over a place: new and changed sessions are written, missing ones are marked as gone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::{panic, thread};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use threadkeep_rollout::{MIRROR_ARCHIVE, RolloutName};
use uuid::Uuid;

use super::batch::Batch;
use super::error::MirrorError;
use super::manifest::Manifest;
use super::mirrored::{Mirrored, Unread};
use super::{Mirror, erased, remove};
use crate::error::StoreError;
use crate::files::NO_FILE;
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
    /// Files and folders that could not be read. Sessions in them are not taken for gone.
    pub unread: Vec<Unread>,
    /// True if other files and folders could not be read in the last pass.
    pub is_unread_new: bool,
    /// Sessions with more damaged lines than when they were last read: main file and number.
    pub damaged_lines: Vec<(PathBuf, u64)>,
    /// Damaged list of the agent's sessions, which was made again and now lies here.
    pub damaged: Option<PathBuf>,
}

impl SyncReport {
    /// Returns the report for a place where nothing has changed.
    pub(super) fn unchanged(sessions: usize) -> Self {
        Self { found: sessions as u64, ..Self::default() }
    }
}

pub(super) fn sync(
    mirror: &Mirror,
    store: &dyn SessionStore,
    place: &Path,
    manifest: &mut Manifest,
    ids: &ThreadIds<'_>,
    unlisted: &[(PathBuf, io::Error)],
) -> Result<SyncReport, MirrorError> {
    let folder = mirror.folder.join(store.name());
    super::create_private(&folder)?;
    let open = store.open(place)?;
    let mut report = SyncReport { skipped: open.skipped().to_vec(), ..SyncReport::default() };
    let (mut present, mut wanted) = (BTreeSet::new(), Vec::new());
    for found in open.sessions() {
        report.found += 1;
        present.insert(found.identity().to_owned());
        manifest.identify(place, found);
        let source = found.files.first().cloned().unwrap_or_default();
        let own = ids.of(found.identity());
        let known = manifest.known(place, found.identity());
        if known.is_none_or(|known| known.gone_since.is_some())
            && let Some(other) = manifest.take_over(place, found, own)
        {
            let reason = format!("the same session is in {}", other.display());
            report.skipped.push(SkippedFile { path: source, reason, is_unread: false });
            continue;
        }
        let known = manifest.known(place, found.identity());
        let thread_id = known.map_or(own, |known| known.thread_id);
        if mirror.deleted.contains(&thread_id) {
            if let Some(known) = known.filter(|known| !known.deleted) {
                remove(&folder.join(&known.file))?;
            }
            manifest.set(place, deleted(place, found, thread_id));
            continue;
        }
        wanted.push(found);
    }
    let written = thread::scope(|scope| {
        // Sessions are written while the next ones are read.
        let (sender, receiver) = mpsc::sync_channel(AHEAD);
        let (folder, manifest) = (&folder, &*manifest);
        let writer = scope.spawn(move || write_all(folder, ids, receiver));
        for found in wanted {
            let known = manifest.known(place, found.identity()).filter(|known| !known.deleted);
            if known.is_some_and(|known| is_current(folder, known, found)) {
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
                Err(error) => {
                    let source = found.files.first().cloned().unwrap_or_default();
                    report.unread.push(Unread::new(&source, &error));
                    report.failed.push((found.native_id.clone(), error));
                }
            }
        }
        drop(sender);
        writer.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
    })?;
    report.written = written.len() as u64;
    for mirrored in written {
        let before = manifest.known(place, mirrored.identity()).map_or(0, |known| known.skipped_lines);
        if mirrored.skipped_lines > before {
            report.damaged_lines.push((mirrored.source.clone(), mirrored.skipped_lines));
        }
        manifest.set(place, mirrored);
    }
    report.unread.extend(unlisted.iter().map(|(path, error)| Unread::new(path, error)));
    report.unread.extend(open.unread());
    let known: Vec<_> =
        manifest.places.get(place).into_iter().flat_map(|all| all.values().cloned()).collect();
    for known in known.into_iter().filter(|known| !present.contains(known.identity())) {
        let is_deleted = mirror.deleted.contains(&known.thread_id);
        if is_deleted && !known.deleted {
            remove(&folder.join(&known.file))?;
            manifest.set(place, Mirrored { deleted: true, ..known });
            continue;
        }
        // A place that is not there, like a disk that is not mounted, has deleted nothing.
        if !place.exists() {
            continue;
        }
        if known.deleted && !is_deleted {
            // Neither its agent nor the mirror has it.
            manifest.remove(place, known.identity());
            continue;
        }
        if known.gone_since.is_some() {
            continue;
        }
        match is_gone(&known.source, &report.skipped, unlisted) {
            Ok(true) => {
                report.gone += 1;
                manifest.set(place, Mirrored { gone_since: Some(Timestamp::now()), ..known });
            }
            Ok(false) => {}
            Err(reason) => {
                let unread = Unread::new(&known.source, reason);
                if !report.unread.iter().any(|known| known.path == unread.path) {
                    report.unread.push(unread);
                }
            }
        }
    }
    report.is_unread_new = manifest.set_unread(place, &report.unread);
    Ok(report)
}

/// Returns true if a session that was not found is no longer there, and false if its folder could
/// not be listed. Fails with the reason if its file is there, but cannot be read.
fn is_gone(
    source: &Path,
    skipped: &[SkippedFile],
    unlisted: &[(PathBuf, io::Error)],
) -> Result<bool, String> {
    if unlisted.iter().any(|(path, _)| source.starts_with(path)) {
        return Ok(false);
    }
    match fs::symlink_metadata(source) {
        // A database, or a file of another session by now.
        Ok(metadata) if metadata.is_file() => {
            let file = skipped.iter().find(|file| source.starts_with(&file.path));
            file.map_or(Ok(true), |file| Err(file.reason.clone()))
        }
        Ok(_) => Err(NO_FILE.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error.to_string()),
    }
}

fn deleted(place: &Path, found: &FoundSession, thread_id: Uuid) -> Mirrored {
    Mirrored {
        native_id: found.native_id.clone(),
        key: found.key.clone(),
        agent_version: None,
        thread_id,
        place: place.to_owned(),
        source: found.files.first().cloned().unwrap_or_default(),
        file: String::new(),
        fingerprint: String::new(),
        gone_since: None,
        deleted: true,
        skipped_lines: 0,
    }
}

fn is_current(folder: &Path, known: &Mirrored, found: &FoundSession) -> bool {
    known.fingerprint == found.fingerprint && known.gone_since.is_none() && folder.join(&known.file).exists()
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
        skipped_lines: session.skipped_lines,
    })
}
