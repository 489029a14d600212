//! Copies the files of a session.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use threadkeep_rollout::{Fingerprint, untouched};
use uuid::Uuid;

use super::kept::{self, Kept, KeptFile, VERSION};
use super::{VaultError, VaultLock, create_file, create_private, leftovers, remove_folder};
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::piece::{Piece, PieceKind};
use crate::store::{OpenStore, SessionStore, is_name};

/// Copies that are tried while the agent writes.
const TRIES: usize = 3;
/// Number of files above which the whole file system is synchronized at once.
#[cfg(target_os = "linux")]
const MANY: usize = 16;

impl VaultLock {
    /// Copies all that a session needs to be read alone, and that its agent needs to resume it. The
    /// copy is read before it replaces an older one.
    ///
    /// # Errors
    ///
    /// [`VaultError`], if a file cannot be read or written, or the copy is not whole. An older copy
    /// then stays.
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
        let old = kept::read(&folder)?;
        leftovers::remove(&folder)?;
        create_private(&folder)?;
        let number = old.and_then(|old| old.copy.parse::<u64>().ok()).unwrap_or(0) + 1;
        let copy = folder.join(number.to_string());
        let written = write(store, place, open, found, &copy);
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

/// Files of a copy, and the version of the agent that the session names.
type Written = (Vec<KeptFile>, Option<String>);

/// Writes a copy, again if the agent changes the files meanwhile, and reads it.
fn write(
    store: &dyn SessionStore,
    place: &Path,
    open: &OpenStore,
    found: &FoundSession,
    copy: &Path,
) -> Result<Written, VaultError> {
    let mut files = Vec::new();
    for _ in 0..TRIES {
        remove_folder(copy)?;
        let pieces = open.pieces(found)?;
        let before = states(&pieces);
        files = copy_all(&pieces, place, copy)?;
        // What agents append meanwhile does no harm: the copy is read.
        if states(&pieces) == before {
            break;
        }
    }
    let (copied, in_copy) = find(store, copy, found.identity())?;
    let session = copied.read(&in_copy)?;
    synchronize(copy, &files).map_err(VaultError::io(copy))?;
    Ok((files, session.agent_version))
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

fn states(pieces: &[Piece]) -> Vec<Option<Fingerprint>> {
    let files = pieces.iter().filter(|piece| piece.kind != PieceKind::Folder);
    files.map(|piece| fs::symlink_metadata(&piece.path).ok().map(|it| Fingerprint::of(&it))).collect()
}

fn copy_all(pieces: &[Piece], place: &Path, copy: &Path) -> Result<Vec<KeptFile>, VaultError> {
    let mut files = Vec::new();
    for piece in pieces {
        let path = relative(&piece.path, place)?;
        // A place may be a file.
        let target = if path.as_os_str().is_empty() { copy.to_owned() } else { copy.join(&path) };
        if piece.kind == PieceKind::Folder {
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
    let inside = path.strip_prefix(place).ok();
    let is_plain = |path: &&Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    let outside = || VaultError::Outside { path: path.to_owned(), place: place.to_owned() };
    inside.filter(is_plain).map(Path::to_owned).ok_or_else(outside)
}

/// Waits until the files of a copy are on the disk.
fn synchronize(copy: &Path, files: &[KeptFile]) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if files.len() > MANY {
        return Ok(rustix::fs::syncfs(File::open(copy)?)?);
    }
    let path = |file: &KeptFile| {
        if file.path.as_os_str().is_empty() { copy.to_owned() } else { copy.join(&file.path) }
    };
    files.iter().try_for_each(|file| File::options().append(true).open(path(file))?.sync_data())
}
