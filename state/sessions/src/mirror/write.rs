//! Reads sessions and writes their rollouts.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use threadkeep_rollout::{MIRROR_ARCHIVE, RolloutName};

use super::batch::Batch;
use super::checkpoint::{self, Grown, Prefix, Saved};
use super::erased;
use super::error::MirrorError;
use super::mirrored::{Mirrored, Original};
use crate::draft::Counts;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::ids::ThreadIds;
use crate::incremental::{Checkpoint, Reading};
use crate::rollout::to_rollout_with;
use crate::session::Session;
use crate::store::OpenStore;

/// The most sessions that are read at the same time.
const MOST_WORKERS: usize = 4;

/// Session that is new or has changed.
pub(super) struct Changed<'a> {
    pub(super) found: &'a FoundSession,
    /// Row of the list, if it was mirrored before.
    pub(super) known: Option<&'a Mirrored>,
}

impl Changed<'_> {
    /// Returns the path of the rollout that it had.
    fn rollout(&self, folder: &Path) -> Option<PathBuf> {
        let known = self.known.filter(|known| !known.file.is_empty());
        known.map(|known| folder.join(&known.file))
    }
}

/// Sessions of a place that were read.
#[derive(Default)]
pub(super) struct Written<'a> {
    /// Rows of the sessions that have a rollout now.
    pub(super) rows: Vec<Mirrored>,
    /// Number of sessions that were read on from a checkpoint.
    pub(super) continued: u64,
    /// Sessions that could not be read.
    pub(super) failed: Vec<(&'a FoundSession, StoreError)>,
    /// The rollouts.
    pub(super) batch: Batch,
}

/// Writer of the rollouts of a place's sessions.
#[derive(Clone, Copy)]
pub(super) struct Writer<'w> {
    /// The agent's folder of the mirror.
    pub(super) folder: &'w Path,
    pub(super) place: &'w Path,
    pub(super) ids: &'w ThreadIds<'w>,
    pub(super) open: &'w OpenStore,
    /// Bytes from which on a session has a checkpoint.
    pub(super) large: u64,
}

/// Session that was read.
struct Read {
    session: Session,
    /// The new lines, if it was read on from a checkpoint.
    grown: Option<Grown>,
    next: Option<Checkpoint>,
}

impl Writer<'_> {
    /// Reads sessions, several at the same time, and writes their rollouts next to their places.
    pub(super) fn write_all<'a>(self, sessions: &[Changed<'a>]) -> Result<Written<'a>, MirrorError> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut written = Written::default();
            while let Some(changed) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.read(changed) {
                    Ok(read) => {
                        written.continued += u64::from(read.grown.is_some());
                        written.rows.push(self.write(changed, read, &mut written.batch)?);
                    }
                    Err(error) => written.failed.push((changed.found, error)),
                }
            }
            Ok::<_, MirrorError>(written)
        };
        let workers = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_WORKERS);
        let mut all = Written::default();
        let parts: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers.min(sessions.len())).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|payload| resume_unwind(payload)))
                .collect()
        });
        for part in parts {
            let Written { rows, continued, failed, batch } = part?;
            all.rows.extend(rows);
            all.continued += continued;
            all.failed.extend(failed);
            all.batch.add(batch);
        }
        all.rows.sort_by(|one, other| one.identity().cmp(other.identity()));
        all.failed.sort_by(|(one, _), (other, _)| one.native_id.cmp(&other.native_id));
        Ok(all)
    }

    /// Reads a session; a large one on from its checkpoint, if that still holds.
    fn read(&self, changed: &Changed<'_>) -> Result<Read, StoreError> {
        let Self { open, ids, .. } = self;
        let found = changed.found;
        if found.bytes.is_none_or(|bytes| bytes < self.large) {
            return Ok(Read { session: open.read(found)?, grown: None, next: None });
        }
        let path = changed.rollout(self.folder);
        if let Some(path) = &path
            && let Some((from, prefix)) = Saved::read(path)
        {
            let reading = open.read_on(found, Some(from))?;
            let grown = prefix.grow(path, &reading, ids);
            let Reading { session, start, next } = reading;
            // The name of the rollout shows if the session is archived.
            let is_whole = start == Counts::default();
            if is_whole || (grown.is_some() && self.folder.join(self.file_of(&session)) == *path) {
                return Ok(Read { session, grown, next });
            }
        }
        let Reading { session, next, .. } = open.read_on(found, None)?;
        Ok(Read { session, grown: None, next })
    }

    /// Writes a session's rollout.
    fn write(&self, changed: &Changed<'_>, read: Read, batch: &mut Batch) -> Result<Mirrored, MirrorError> {
        let Self { folder, ids, .. } = self;
        let Changed { found, known } = changed;
        let Read { session, grown, next } = read;
        let original = Original::of(&session, ids);
        let mirrored = Mirrored {
            agent_version: session.agent_version.clone(),
            format: session.format.clone(),
            updated_at: session.updated_at,
            fingerprint: found.fingerprint.clone(),
            skipped_lines: session.skipped_lines,
            migrated_from: original.clone(),
            ..Mirrored::new(self.place, found, ids.of(session.identity()))
        };
        let before = known.filter(|known| !known.file.is_empty());
        if original.is_some_and(|original| original.thread_id.is_some())
            && session.own_turns().next().is_none()
        {
            batch.remove(before.map(|before| folder.join(&before.file)));
            return Ok(mirrored);
        }
        match before.zip(grown) {
            Some((before, grown)) => {
                let (path, Grown { from, lines, next: prefix }) = (folder.join(&before.file), grown);
                let old = read_from(&path, from).map_err(MirrorError::io(&path))?;
                batch.write_from(&path, from, &old, &lines)?;
                checkpoint::write(&path, Saved::new(&session, next, prefix).as_ref());
                let rollout_bytes = Some(from + lines.len() as u64);
                Ok(Mirrored { file: before.file.clone(), rollout_bytes, ..mirrored })
            }
            None => self.write_whole(mirrored, before, &session, next, batch),
        }
    }

    /// Returns the name of a session's rollout.
    fn file_of(&self, session: &Session) -> String {
        let begun = session.created_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let (started, thread_id) = (TimeZone::UTC.to_datetime(begun), self.ids.of(session.identity()));
        in_folder(&RolloutName { started, thread_id, segment_id: None }.to_string(), session)
    }

    /// Writes the whole rollout of a session.
    fn write_whole(
        &self,
        mirrored: Mirrored,
        before: Option<&Mirrored>,
        session: &Session,
        next: Option<Checkpoint>,
        batch: &mut Batch,
    ) -> Result<Mirrored, MirrorError> {
        let Self { folder, ids, .. } = self;
        let old = match before.map(|known| folder.join(&known.file)) {
            Some(path) => old_rollout(&path)?,
            None => Vec::new(),
        };
        let session = &*remembered(session, &old);
        let (file, id) = (self.file_of(session), mirrored.thread_id);
        let turn = next.as_ref().map(|next| next.counts().turns);
        let (rollout, state) = to_rollout_with(session, ids, turn);
        // Nothing was erased from a session that has only grown.
        let rewritten = before.filter(|_| !rollout.starts_with(&old));
        let kept = rewritten.and_then(|known| Some((known, erased::kept(&old, session, ids)?)));
        let prefix = Prefix::of(session, ids, &rollout, state).filter(|_| kept.is_none());
        let saved = Saved::new(session, next, prefix);
        let (id, file, rollout) = match kept {
            // The session may begin later now.
            Some((known, kept)) => (known.thread_id, in_folder(name_of(&known.file), session), kept),
            None => (id, file, rollout),
        };
        let path = folder.join(&file);
        if session.archived {
            super::create_private(&folder.join(MIRROR_ARCHIVE))?;
        }
        let is_there = before.is_some_and(|known| known.file == file) && !old.is_empty();
        if is_there {
            batch.write_from(&path, 0, &old, &rollout)?;
        } else if before.is_some() {
            batch.replace(&path, &rollout)?;
        } else {
            batch.create(&path, &rollout)?;
        }
        if saved.is_some() || before.is_some() {
            checkpoint::write(&path, saved.as_ref());
        }
        // The name has the session's start, which an agent may correct.
        batch.remove(before.filter(|before| before.file != file).map(|before| folder.join(&before.file)));
        let rollout_bytes = Some(rollout.len() as u64);
        Ok(Mirrored { file, rollout_bytes, thread_id: id, ..mirrored })
    }
}

/// Returns the path of a rollout with this name.
fn in_folder(name: &str, session: &Session) -> String {
    if session.archived { format!("{MIRROR_ARCHIVE}/{name}") } else { name.to_owned() }
}

/// Returns the name of a rollout.
fn name_of(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}

/// Reads the rollout that a session had; empty if it is not there.
fn old_rollout(path: &Path) -> Result<Vec<u8>, MirrorError> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        // It may have turns that the agent has erased.
        read => read.map_err(MirrorError::io(path)),
    }
}

/// Reads a file's bytes from this one on.
fn read_from(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    let (mut file, mut end) = (File::open(path)?, Vec::new());
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut end)?;
    Ok(end)
}

/// Adds the folder and the start that an old rollout has to a session without them: the agent's map
/// of them was lost.
fn remembered<'a>(session: &'a Session, old: &[u8]) -> Cow<'a, Session> {
    #[derive(Deserialize)]
    struct Head {
        payload: Payload,
    }
    #[derive(Deserialize)]
    struct Payload {
        timestamp: Option<Timestamp>,
        cwd: Option<String>,
    }
    if old.is_empty() || (session.cwd.is_some() && session.created_at.is_some()) {
        return Cow::Borrowed(session);
    }
    let first = old.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let Ok(Head { payload: Payload { timestamp, cwd } }) = serde_json::from_slice(first) else {
        return Cow::Borrowed(session);
    };
    let mut session = session.clone();
    if session.cwd.is_none() {
        session.cwds.extend(cwd.clone());
        session.cwd = cwd;
    }
    session.created_at = session.created_at.or(timestamp);
    Cow::Owned(session)
}
