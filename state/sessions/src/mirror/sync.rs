//! One pass over a place: new and changed sessions are written, missing ones are marked as gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
    let (mut present, mut batch) = (BTreeSet::new(), Batch::default());
    for found in open.sessions() {
        report.found += 1;
        present.insert(found.native_id.clone());
        let known = manifest.places.get(place).and_then(|sessions| sessions.get(&found.native_id));
        if known.is_some_and(|known| is_current(&folder, known, found)) {
            continue;
        }
        if let Some(other) = manifest.elsewhere(place, &found.native_id) {
            let path = found.files.first().cloned().unwrap_or_default();
            let reason = format!("the same session is in {}", other.display());
            report.skipped.push(SkippedFile { path, reason });
            continue;
        }
        match open.read(found) {
            Ok(session) => {
                let mirrored = write(&folder, ids, found, &session, known, &mut batch)?;
                report.written += 1;
                manifest.set(place, mirrored);
            }
            // It went away meanwhile: the next pass finds it gone.
            Err(StoreError::Gone { .. }) => report.vanished += 1,
            Err(error) => report.failed.push((found.native_id.clone(), error)),
        }
    }
    batch.finish(&folder)?;
    let gone: Vec<_> =
        manifest.places.get(place).into_iter().flatten().map(|(_, known)| known.clone()).collect();
    // A place that is not there, like a disk that is not mounted, has deleted nothing.
    for known in gone.into_iter().filter(|_| place.exists()) {
        if known.gone_since.is_none() && !present.contains(&known.native_id) {
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

/// Writes a session's rollout. A session that has grown is appended to, so that its readers need
/// not begin again.
fn write(
    folder: &Path,
    ids: &ThreadIds<'_>,
    found: &FoundSession,
    session: &Session,
    known: Option<&Mirrored>,
    batch: &mut Batch,
) -> Result<Mirrored, MirrorError> {
    let id = ids.of(&session.native_id);
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
    super::create_private(path.parent().unwrap_or(folder))?;
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
        thread_id: id,
        source: found.files.first().cloned().unwrap_or_default(),
        file,
        agent_version: session.agent_version.clone(),
        fingerprint: found.fingerprint.clone(),
        gone_since: None,
        deleted: false,
    })
}
