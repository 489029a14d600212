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

/// Returns the sessions whose rollouts are in an agent's folder and not known, by their thread ids.
/// They count as gone until a place has them.
pub(super) fn rebuilt(folder: &Path, is_known: impl Fn(Uuid) -> bool) -> BTreeMap<String, Mirrored> {
    let archive = folder.join(MIRROR_ARCHIVE);
    let paths = files::files_with(folder, "jsonl").into_iter().chain(files::files_with(&archive, "jsonl"));
    let session = |path: PathBuf| {
        let name = RolloutName::parse(files::name(&path)).ok()?;
        let file = path.strip_prefix(folder).ok()?.to_str()?.to_owned();
        if is_known(name.thread_id) || !is_whole(&path).unwrap_or_default() {
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
            thread_id: name.thread_id,
            place: PathBuf::new(),
            source: PathBuf::new(),
            file,
            rollout_bytes: None,
            fingerprint: String::new(),
            gone_since: Some(Timestamp::now()),
            deleted: false,
            skipped_lines: 0,
        };
        Some((name.thread_id.to_string(), mirrored))
    };
    paths.filter_map(session).collect()
}

/// Returns true if a rollout has its end, which a power cut may have taken.
fn is_whole(path: &Path) -> io::Result<bool> {
    let (mut file, mut last) = (File::open(path)?, [0]);
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
