//! Makes files and folders durable.

use std::fs::File;
use std::path::Path;
use std::thread;

use super::error::{At, WorkspaceError};

/// Largest number of threads that sync.
const AT_ONCE: usize = 16;

/// Syncs files and folders, several at once: a file system with a journal then writes it once for
/// all of them.
pub(super) fn sync(paths: &[impl AsRef<Path> + Sync]) -> Result<(), WorkspaceError> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all()).at("sync", path);
    for some in paths.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|path| scope.spawn(move || sync(path.as_ref()))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("syncing does not panic"))
        })?;
    }
    Ok(())
}
