//! The files that agents have left, as they are stored.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::files::{RAW_MEMORIES, ROLLOUT_SUMMARIES};
use crate::workspace::{Change, ChangeKind};
use crate::{BoxError, KeptFile, StageOneOutputs};

/// Returns the files of the copy that this agent or an earlier one wrote, in the order of paths.
pub(super) async fn kept_files(
    outputs: &dyn StageOneOutputs,
    staged: &Path,
    written: &[Change],
) -> Result<Vec<KeptFile>, BoxError> {
    let earlier = outputs.kept_files().await?;
    let mut paths: BTreeSet<String> = earlier.into_iter().map(|file| file.path).collect();
    for change in written {
        if change.kind != ChangeKind::Deleted
            && let Some(path) = change.path.to_str()
        {
            paths.insert(path.to_owned());
        }
    }
    let mut files = Vec::new();
    for path in paths.into_iter().filter(|path| !is_generated(path)) {
        if let Some(content) = read(&staged.join(&path))? {
            files.push(KeptFile { path, content });
        }
    }
    Ok(files)
}

fn is_generated(path: &str) -> bool {
    path == RAW_MEMORIES || path.split('/').next() == Some(ROLLOUT_SUMMARIES)
}

/// Reads a regular file; `None` if there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::read(path).map(Some),
        Ok(_) => Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
