//! Rebuilds a lost list of mirrored sessions from the rollouts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use threadkeep_rollout::{MIRROR_ARCHIVE, RolloutName};
use uuid::Uuid;

use super::mirrored::Mirrored;
use crate::files;

/// First line of a rollout of ours.
#[derive(Deserialize)]
struct Head {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    native_id: String,
}

/// Returns the rollouts in an agent's folder whose threads are wanted, with these.
pub(super) fn rollouts(folder: &Path, is_wanted: impl Fn(Uuid) -> bool) -> Vec<(Uuid, PathBuf)> {
    let archive = folder.join(MIRROR_ARCHIVE);
    let paths = files::files_with(folder, "jsonl").into_iter().chain(files::files_with(&archive, "jsonl"));
    let thread = |path: &Path| RolloutName::parse(files::name(path)).ok().map(|name| name.thread_id);
    let with_thread = paths.filter_map(|path| Some((thread(&path)?, path)));
    with_thread.filter(|(thread, _)| is_wanted(*thread)).collect()
}

/// Returns the sessions of an agent's whole rollouts whose threads are wanted, by these. They count
/// as gone until a place has them.
pub(super) fn rebuilt(folder: &Path, is_wanted: impl Fn(Uuid) -> bool) -> BTreeMap<String, Mirrored> {
    let session = |(thread_id, path): (Uuid, PathBuf)| {
        if !is_whole(&path).unwrap_or_default() {
            return None;
        }
        let mut head = None;
        files::each_line(&path, |_, json| {
            head = serde_json::from_str::<Head>(json).ok();
            Ok(false)
        })
        .ok()?;
        let native_id = head?.payload.native_id;
        let mirrored = Mirrored {
            native_id,
            key: None,
            agent_version: None,
            format: None,
            migrated_from: None,
            updated_at: None,
            thread_id,
            place: PathBuf::new(),
            source: PathBuf::new(),
            file: path.strip_prefix(folder).ok()?.to_str()?.to_owned(),
            rollout_bytes: None,
            fingerprint: String::new(),
            gone_since: Some(Timestamp::now()),
            deleted: false,
            skipped_lines: 0,
        };
        Some((thread_id.to_string(), mirrored))
    };
    rollouts(folder, is_wanted).into_iter().filter_map(session).collect()
}

/// Returns true if a rollout has its end, which a power cut may have taken.
fn is_whole(path: &Path) -> io::Result<bool> {
    let (mut file, mut last) = (File::open(path)?, [0]);
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
