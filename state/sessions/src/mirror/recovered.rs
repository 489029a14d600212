//! Writes lost rollouts again from copies of their sessions, which the agent no longer has.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::MirrorError;
use super::manifest::Manifest;
use super::mirrored::Mirrored;
use super::write::{Changed, Writer};
use super::{Mirror, MirrorLock};
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::store::{OpenStore, SessionStore};

/// Copy of a session, outside of its agent's place.
#[derive(Debug)]
pub struct SessionCopy {
    /// Place of the agent where the session was.
    pub place: PathBuf,
    /// Folder of the copy, which stands for the place.
    pub folder: PathBuf,
    /// The folder, opened.
    pub open: OpenStore,
    /// The session in it.
    pub found: FoundSession,
}

impl Mirror {
    /// Returns those of an agent's threads that should have a rollout and have none.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the list cannot be read.
    pub fn without_rollout(&self, agent: &str, threads: &[Uuid]) -> Result<Vec<Uuid>, MirrorError> {
        let (manifest, folder) = (Manifest::read(&self.folder, agent)?, self.folder.join(agent));
        let asked: HashSet<_> = threads.iter().collect();
        let known = manifest.sessions().filter(|known| asked.contains(&known.thread_id));
        let there: HashSet<_> =
            known.filter(|known| known.has_rollout(&folder)).map(|known| known.thread_id).collect();
        let is_lost = |thread: &Uuid| !there.contains(thread) && !self.deleted.contains(thread);
        Ok(threads.iter().copied().filter(is_lost).collect())
    }
}

impl MirrorLock {
    /// Reads sessions from copies. They are in the mirror after [`finish`](Self::finish). A session
    /// that has a rollout, or that another place has, keeps what it has. The others count as gone
    /// until a place has them. Returns the number of rollouts, and the sessions that could not be
    /// read, by the agent's id.
    ///
    /// # Errors
    ///
    /// [`MirrorError`], if the mirror cannot be read or written.
    pub fn recover(
        &mut self,
        store: &dyn SessionStore,
        copies: impl IntoIterator<Item = SessionCopy>,
    ) -> Result<(u64, Vec<(String, StoreError)>), MirrorError> {
        let agent = store.name();
        let ids = self.ids(agent)?;
        let (mirror, mut manifest) = (&self.mirror, self.pending.take(agent)?);
        let folder = mirror.folder.join(agent);
        super::create_private(&folder)?;
        let (mut recovered, mut failed) = (0, Vec::new());
        for SessionCopy { place, folder: copy, open, found } in copies {
            let thread = ids.of(found.identity());
            let is_gone = |known: &Mirrored| known.gone_since.is_some();
            let is_elsewhere = manifest.known(&place, found.identity()).is_none_or(is_gone)
                && manifest.take_over(&place, &found, thread).is_some();
            let known = manifest.known(&place, found.identity()).cloned();
            let has_rollout = |known: &Mirrored| known.deleted || known.has_rollout(&folder);
            if is_elsewhere || mirror.deleted.contains(&thread) || known.as_ref().is_some_and(has_rollout) {
                continue;
            }
            let changed = [Changed { found: &found, known: known.as_ref() }];
            // A copy does not grow.
            let writer = Writer { folder: &folder, place: &place, ids: &ids, open: &open, large: u64::MAX };
            let written = writer.write_all(&changed)?;
            self.pending.add(written.batch);
            failed.extend(written.failed.into_iter().map(|(found, error)| (found.native_id.clone(), error)));
            for row in written.rows {
                let source =
                    row.source.strip_prefix(&copy).map_or_else(|_| PathBuf::new(), |path| place.join(path));
                let gone_since =
                    known.as_ref().map_or_else(|| Some(Timestamp::now()), |known| known.gone_since);
                recovered += u64::from(!row.is_copy());
                // The fingerprint is that of the copy's files.
                manifest.set(&place, Mirrored { source, gone_since, fingerprint: String::new(), ..row });
            }
        }
        self.pending.put_back(agent, manifest);
        Ok((recovered, failed))
    }
}
