//! Copies the files of a session.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_rollout::{Fingerprint, untouched};
use uuid::Uuid;

use super::kept::{self, Kept, KeptFile, VERSION};
use super::{Vault, VaultError, VaultLock, create_private, leftovers, remove_folder};
use crate::disk::{self, create_file};
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, SessionStore, is_name};

/// Copies that are tried while the agent writes.
const TRIES: usize = 3;

impl VaultLock {
    /// Copies all that a session needs to be read alone, and that its agent needs to resume it. The
    /// copy is read before it replaces an older one.
    ///
    /// # Errors
    ///
    /// [`VaultError`], if a file cannot be read or written, the copy is not whole, or an older one
    /// has more. The older copy then stays.
    pub fn keep(
        &self,
        store: &dyn SessionStore,
        place: &Path,
        open: &OpenStore,
        found: &FoundSession,
        thread_id: Uuid,
    ) -> Result<Kept, VaultError> {
        let agent = store.name();
        if !is_name(agent) {
            return Err(VaultError::NotAnAgent { agent: agent.to_owned() });
        }
        let folder = self.vault.of(agent, thread_id);
        let old = self.vault.get(agent, thread_id)?;
        leftovers::remove(&folder)?;
        create_private(&folder)?;
        let number = old.as_ref().and_then(|old| old.copy.parse::<u64>().ok()).unwrap_or(0) + 1;
        let copy = folder.join(number.to_string());
        let written = write(store, place, open, found, &copy).and_then(|(files, session)| {
            // A copy that cannot be read has nothing.
            let before = old.and_then(|old| self.vault.session(store, &old).ok());
            if before.is_some_and(|before| has_more(&before, &session)) {
                return Err(VaultError::Less { native_id: found.native_id.clone() });
            }
            Ok((files, session.agent_version))
        });
        let (files, agent_version) = match written {
            Ok(written) => written,
            Err(error) => {
                // What stays is removed with the next lock.
                _ = leftovers::remove(&folder);
                return Err(error);
            }
        };
        let kept = Kept {
            version: VERSION,
            agent: agent.to_owned(),
            thread_id,
            native_id: found.native_id.clone(),
            key: found.key.clone(),
            place: place.to_owned(),
            kept_at: Timestamp::now(),
            agent_version,
            fingerprint: found.fingerprint.clone(),
            copy: number.to_string(),
            files,
        };
        kept::write(&folder, &kept)?;
        leftovers::remove(&folder)?;
        Ok(kept)
    }
}

impl Vault {
    /// Reads the session of a copy.
    pub(super) fn session(&self, store: &dyn SessionStore, kept: &Kept) -> Result<Session, VaultError> {
        let (open, found) = self.open(store, kept)?;
        Ok(open.read(&found)?)
    }
}

/// Returns true if a session had something before that is no longer there: turns, the folder, or
/// the start.
pub(super) fn has_more(before: &Session, now: &Session) -> bool {
    before.turns.len() > now.turns.len()
        || before.cwd.is_some() && now.cwd.is_none()
        || before.created_at.is_some() && now.created_at.is_none()
}

/// Files of a copy, and its session.
type Written = (Vec<KeptFile>, Session);

/// Writes a copy, again if the agent changes the files meanwhile, and reads it.
fn write(
    store: &dyn SessionStore,
    place: &Path,
    open: &OpenStore,
    found: &FoundSession,
    copy: &Path,
) -> Result<Written, VaultError> {
    for _ in 0..TRIES {
        remove_folder(copy)?;
        let pieces = open.pieces(found)?;
        let before = states(&pieces);
        let files = copy_all(&pieces, place, copy)?;
        if !before.iter().zip(states(&pieces)).all(|(before, now)| before.is_kept_by(&now)) {
            continue;
        }
        let (copied, in_copy) = find(store, copy, found.identity())?;
        let session = copied.read(&in_copy)?;
        synchronize(copy, &files).map_err(VaultError::io(copy))?;
        return Ok((files, session));
    }
    Err(VaultError::NotWhole { native_id: found.native_id.clone() })
}

/// Opens a copy, and finds its session.
pub(super) fn find(
    store: &dyn SessionStore,
    copy: &Path,
    identity: &str,
) -> Result<(OpenStore, FoundSession), VaultError> {
    let open = store.open(copy)?;
    let found = open.sessions().iter().find(|found| found.identity() == identity).cloned();
    let found = found.ok_or_else(|| VaultError::NotWhole { native_id: identity.to_owned() })?;
    Ok((open, found))
}

/// State of a file that is copied.
struct State {
    is_log: bool,
    file: Option<Fingerprint>,
}

impl State {
    /// Returns true if a copy made between two states is whole. Lines that are appended to a log
    /// meanwhile do no harm.
    fn is_kept_by(&self, later: &Self) -> bool {
        let lengths = self.file.as_ref().zip(later.file.as_ref()).map(|(file, later)| (file.len, later.len));
        self.file == later.file || (self.is_log && lengths.is_some_and(|(before, after)| before < after))
    }
}

/// Returns the states of the files that are copied as they are.
fn states(pieces: &[Piece]) -> Vec<State> {
    let files = pieces.iter().filter(|piece| piece.is_file() && piece.bytes.is_none());
    let state = |piece: &Piece| State {
        is_log: piece.path.extension().is_some_and(|end| end == "jsonl"),
        file: fs::symlink_metadata(&piece.path).ok().map(|metadata| Fingerprint::of(&metadata)),
    };
    files.map(state).collect()
}

fn copy_all(pieces: &[Piece], place: &Path, copy: &Path) -> Result<Vec<KeptFile>, VaultError> {
    let mut files = Vec::new();
    for piece in pieces {
        let path = relative(&piece.path, place)?;
        let target = copy.join(&path);
        if !piece.is_file() {
            create_private(&target)?;
            continue;
        }
        target.parent().map_or(Ok(()), create_private)?;
        let mut file = create_file(&target).map_err(VaultError::io(&target))?;
        let bytes = match &piece.bytes {
            Some(bytes) => {
                file.write_all(bytes).map(|()| bytes.len() as u64).map_err(VaultError::io(target))?
            }
            None => copy_file(&piece.path, &mut file, &target)?,
        };
        files.push(KeptFile { path, bytes, kind: piece.kind });
    }
    Ok(files)
}

fn copy_file(from: &Path, to: &mut File, target: &Path) -> Result<u64, VaultError> {
    let mut source = untouched::open(from).map_err(StoreError::io(from))?;
    let is_file = source.metadata().map_err(StoreError::io(from))?.is_file();
    if !is_file {
        let error = io::Error::new(io::ErrorKind::InvalidInput, crate::files::NOT_A_FILE);
        return Err(StoreError::io(from)(error).into());
    }
    io::copy(&mut source, to).map_err(VaultError::io(target))
}

/// Returns a path in the place.
fn relative(path: &Path, place: &Path) -> Result<PathBuf, VaultError> {
    let inside = path.strip_prefix(place).ok().filter(|path| kept::is_inside(path));
    let outside = || VaultError::Outside { path: path.to_owned(), place: place.to_owned() };
    inside.map(Path::to_owned).ok_or_else(outside)
}

/// Waits until the files of a copy and its folders are on the disk.
fn synchronize(copy: &Path, files: &[KeptFile]) -> io::Result<()> {
    let paths: Vec<_> = files.iter().map(|file| copy.join(&file.path)).collect();
    disk::synchronize(copy, &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    // The folders of the thread and the agent, and the vault.
    let mut folders: BTreeSet<&Path> = copy.ancestors().skip(1).take(3).collect();
    for path in &paths {
        folders.extend(path.ancestors().skip(1).take_while(|folder| folder.starts_with(copy)));
    }
    folders.into_iter().try_for_each(disk::sync_folder)
}
