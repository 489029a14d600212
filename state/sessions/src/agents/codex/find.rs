//! Finds the files of each thread.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use threadkeep_rollout::{AgentHome, Fact, Lines, RolloutFile, SESSION_INDEX};
use uuid::Uuid;

use super::Home;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;

/// Thread, with its files.
#[derive(Debug)]
pub(super) struct Thread {
    /// Files of the thread, each part once, the newest first.
    pub(super) files: Vec<RolloutFile>,
    /// Files of other threads on which they build.
    bases: Vec<PathBuf>,
}

impl Thread {
    /// Returns the files of other threads on which it builds.
    pub(super) fn bases(&self) -> impl Iterator<Item = &PathBuf> {
        self.bases.iter()
    }

    /// Returns the session. The thread's name is in a file of all threads: only the name counts.
    fn found(&self, home: &Home, id: &str) -> FoundSession {
        let own = self.files.iter().map(|file| home.files.absolute(&file.path));
        let mut found = FoundSession::of_files(id, own.chain(self.bases.iter().cloned()).collect());
        if let Some(name) = Uuid::try_parse(id).ok().and_then(|id| home.names.get(id)) {
            let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.name.as_bytes());
            found.fingerprint.push_str(&format!(" {}", name.simple()));
            found.files.push(home.files.root().join(SESSION_INDEX));
        }
        let own_bytes = self.files.iter().map(|file| file.fingerprint.len).sum();
        found.bytes = Some(own_bytes);
        found
    }
}

/// Identity of a file, from its first line and its name.
struct Head {
    file: RolloutFile,
    /// File on which it builds.
    base: Option<Uuid>,
}

/// Returns the threads of a home, by their ids, and lists them.
pub(super) fn threads(home: &Home) -> (Listing, BTreeMap<String, Thread>) {
    let (mut listing, discovery) = (Listing::default(), home.files.discover());
    for problem in discovery.problems.into_iter().filter(|problem| !problem.path.is_empty()) {
        listing.skip(home.files.absolute(&problem.path), problem.reason);
    }
    let mut by_thread: BTreeMap<Uuid, Vec<Head>> = BTreeMap::new();
    for file in discovery.files {
        if let Some((id, head)) = head(&home.files, file, &mut listing) {
            by_thread.entry(id).or_default().push(head);
        }
    }
    for (id, heads) in &mut by_thread {
        heads.sort_by(|one, other| rank(other, *id).cmp(&rank(one, *id)));
        // Of copies of a part, the first one counts.
        let mut parts = HashSet::new();
        heads.retain(|head| parts.insert(head.file.file_id().unwrap_or(*id)));
    }
    let by_file: HashMap<Uuid, (&RolloutFile, Option<Uuid>)> = by_thread
        .iter()
        .flat_map(|(id, heads)| heads.iter().map(move |head| (*id, head)))
        .map(|(id, head)| (head.file.file_id().unwrap_or(id), (&head.file, head.base)))
        .collect();
    let with_bases = by_thread.iter().map(|(id, heads)| {
        let (mut bases, mut seen) = (Vec::new(), HashSet::new());
        seen.extend(heads.iter().map(|head| head.file.file_id().unwrap_or(*id)));
        let mut next: Vec<Uuid> = heads.iter().filter_map(|head| head.base).collect();
        while let Some(base) = next.pop() {
            if let Some((file, older)) = by_file.get(&base).filter(|_| seen.insert(base)) {
                bases.push(home.files.absolute(&file.path));
                next.extend(older);
            }
        }
        let files = heads.iter().map(|head| head.file.clone()).collect();
        (id.hyphenated().to_string(), Thread { files, bases })
    });
    let threads: BTreeMap<_, _> = with_bases.collect();
    for (id, thread) in &threads {
        listing.add(thread.found(home, id));
    }
    (listing, threads)
}

/// Reads a file's first line. Lists a file that has no thread; of a file that was listed before,
/// this reason is the better one.
fn head(home: &AgentHome, file: RolloutFile, listing: &mut Listing) -> Option<(Uuid, Head)> {
    let path = home.absolute(&file.path);
    let (mut id, mut base, mut unread) = (None, None, None);
    match Lines::open(&path, file.compressed) {
        Err(error) => unread = Some(error.to_string()),
        Ok(_) if file.fingerprint.len == 0 => unread = Some("the file is empty".to_owned()),
        Ok(mut lines) => {
            if let Ok(Some(Ok(line))) = lines.next_line()
                && let Fact::SessionMeta(meta) = line.fact()
            {
                (id, base) = (meta.id, meta.history_base.map(|base| base.file_id));
            }
        }
    }
    let id = id.or(file.name.map(|name| name.thread_id));
    if let (Some(id), None) = (id, &unread) {
        return Some((id, Head { file, base }));
    }
    listing.skipped.retain(|known| known.path != path);
    match unread {
        Some(reason) => listing.unread(path, reason),
        None => listing.skip(path, "neither its name nor its first line has an id"),
    }
    None
}

/// Returns the claim of a file to be the thread's newest: its name has the thread's id, then the
/// newest part, then a plain file, a current one, the longest one.
fn rank(head: &Head, id: Uuid) -> impl Ord + use<'_> {
    let file = &head.file;
    let name = file.name.filter(|name| name.thread_id == id);
    let segment = name.and_then(|name| name.segment_id);
    (name.is_some(), segment, !file.compressed, !file.archived, file.fingerprint.len, Reverse(&file.path))
}

/// Returns the pieces that are not a thread's own: files of other threads on which it builds, and
/// its lines in the file with the names of all threads.
pub(super) fn pieces(found: &FoundSession, bases: &[PathBuf]) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for path in found.files.iter().skip(1) {
        if path.ends_with(SESSION_INDEX) {
            let of_thread = |json: &str| json.contains(&found.native_id);
            pieces.push(Piece::shared_part(path, files::lines_with(path, of_thread)?));
        } else if bases.contains(path) {
            pieces.push(Piece::shared(path));
        }
    }
    Ok(pieces)
}
