//! Writes the rollouts of sessions that were read.

use std::fs;
use std::path::Path;
use std::sync::mpsc::Receiver;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use threadkeep_rollout::{MIRROR_ARCHIVE, RolloutName};

use super::batch::Batch;
use super::erased;
use super::error::MirrorError;
use super::mirrored::Mirrored;
use crate::found::FoundSession;
use crate::ids::ThreadIds;
use crate::rollout::to_rollout;
use crate::session::Session;

/// Session that was read.
pub(super) struct Read<'a> {
    pub(super) found: &'a FoundSession,
    pub(super) session: Session,
    /// Row of the list, if it was mirrored before.
    pub(super) known: Option<&'a Mirrored>,
}

/// Writes the rollouts of a place's sessions. Returns their rows.
pub(super) fn write_all(
    folder: &Path,
    place: &Path,
    ids: &ThreadIds<'_>,
    sessions: Receiver<Read<'_>>,
) -> Result<Vec<Mirrored>, MirrorError> {
    let mut batch = Batch::default();
    let write = |read| write(folder, place, ids, &read, &mut batch);
    let written = sessions.into_iter().map(write).collect::<Result<Vec<_>, _>>()?;
    batch.finish(folder)?;
    Ok(written)
}

/// Writes a session's rollout. A session that has grown is appended to, so that its readers need
/// not begin again.
fn write(
    folder: &Path,
    place: &Path,
    ids: &ThreadIds<'_>,
    read: &Read<'_>,
    batch: &mut Batch,
) -> Result<Mirrored, MirrorError> {
    let Read { found, session, known } = read;
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
        file,
        agent_version: session.agent_version.clone(),
        fingerprint: found.fingerprint.clone(),
        skipped_lines: session.skipped_lines,
        ..Mirrored::new(place, found, id)
    })
}
