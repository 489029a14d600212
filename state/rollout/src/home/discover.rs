//! Finds the rollouts of a home: lists each folder once, and asks for each file's metadata once.
//!
//! Symbolic links are followed last, so that a file is listed once, under its own path where it has
//! one in the session folders.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use super::file::{ARCHIVE, RolloutFile};
use super::fingerprint::Fingerprint;
use super::name;
use super::problem::{DiscoveryProblem, ProblemReason};
use super::untouched::{Entry, Folder, Kind};
use super::{AgentHome, MIRROR};

/// Folders with rollouts.
pub(super) const FOLDERS: [&str; 2] = ["sessions", ARCHIVE];
/// Smallest number of folders for which a thread is started.
const WORTH_A_THREAD: usize = 4;
/// The deepest nesting of folders that is listed. Agents nest three deep.
const MAX_DEPTH: usize = 16;

/// Time in which a folder can change twice and keep its time: kernels count it in ticks.
const CLOCK_TICK: Duration = Duration::from_millis(20);

/// Result of listing a home.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discovery {
    /// The rollouts, by path.
    pub files: Vec<RolloutFile>,
    /// Problems, by path.
    pub problems: Vec<DiscoveryProblem>,
}

/// Lists a home. Returns true as well if no folder has changed meanwhile.
pub(super) fn list(home: &AgentHome) -> (Discovery, bool) {
    let (mut walk, begun) = (Walk::default(), SystemTime::now());
    let root = home.root();
    // Links are compared with the real root: the home itself may be a link.
    let root = match fs::read_dir(root).and_then(|_| fs::canonicalize(root)) {
        Ok(root) => root,
        Err(error) => {
            walk.unreadable(String::new(), &error);
            return (walk.found, true);
        }
    };
    let mut missing = 0;
    for folder in FOLDERS {
        let found = Found { path: root.join(folder), relative: folder.to_owned(), depth: 0 };
        match fs::symlink_metadata(&found.path) {
            Ok(metadata) if metadata.is_symlink() => walk.top_link(&root, found),
            Ok(_) => walk.top(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing += 1,
            Err(error) => walk.unreadable(folder.to_owned(), &error),
        }
    }
    let mirror = home.mirror.as_ref().and_then(|mirror| fs::canonicalize(mirror).ok());
    if missing == FOLDERS.len() && mirror.is_none() {
        walk.problem(String::new(), ProblemReason::NoSessions);
    }
    if let Some(path) = mirror {
        walk.top(Found { path, relative: MIRROR.to_owned(), depth: 0 });
    }
    walk.list_folders();
    walk.follow_links(&root);
    let is_steady = walk.listed.iter().all(|(folder, before)| {
        changed_at(folder) == *before && before.is_none_or(|before| before + CLOCK_TICK < begun)
    });
    let mut found = walk.found;
    // Nearly always, they are in order already, folder by folder.
    found.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    found.problems.sort_by(|a, b| a.path.cmp(&b.path));
    (found, is_steady)
}

/// Returns the time when an entry of the folder was last added, removed or renamed.
fn changed_at(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder).and_then(|metadata| metadata.modified()).ok()
}

/// Folder or link to list.
struct Found {
    path: PathBuf,
    relative: String,
    depth: usize,
}

#[derive(Default)]
struct Walk {
    found: Discovery,
    /// Folders to list next.
    folders: Vec<Found>,
    links: Vec<Found>,
    /// Folders that were listed, and their times before that.
    listed: Vec<(PathBuf, Option<SystemTime>)>,
    /// Session folders that are listed, and their real paths.
    tops: Vec<(String, PathBuf)>,
    /// Real paths of the files and folders listed so far; `None` until links are followed.
    real: Option<HashSet<PathBuf>>,
}

impl Walk {
    /// Adds a session folder at its real path.
    fn top(&mut self, folder: Found) {
        self.tops.push((folder.relative.clone(), folder.path.clone()));
        self.folders.push(folder);
    }

    /// Adds a session folder that is a link. If it leads out of the home, it is listed like any
    /// other, unless it overlaps with another.
    fn top_link(&mut self, root: &Path, link: Found) {
        let overlaps = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
        match fs::canonicalize(&link.path) {
            Ok(target)
                if target.is_dir()
                    && !overlaps(&target, root)
                    && !self.tops.iter().any(|(_, top)| overlaps(&target, top)) =>
            {
                self.top(Found { path: target, ..link });
            }
            _ => self.links.push(link),
        }
    }

    /// Lists folders and the folders in them, one depth after the other. Several threads share the
    /// folders of one depth, because most of the time goes into system calls. Behind links, one
    /// thread lists them all: it has the set of real paths.
    fn list_folders(&mut self) {
        while !self.folders.is_empty() {
            let mut folders = std::mem::take(&mut self.folders);
            folders.sort_unstable_by(|a, b| a.relative.cmp(&b.relative));
            let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
            let threads = threads.min(folders.len() / WORTH_A_THREAD);
            if threads < 2 || self.real.is_some() {
                folders.iter().for_each(|folder| self.folder(folder));
                continue;
            }
            let next = AtomicUsize::new(0);
            // Returns the places of the listed folders, each with the number of its files.
            let list = || {
                let (mut walk, mut runs) = (Self::default(), Vec::new());
                loop {
                    let (place, before) = (next.fetch_add(1, Ordering::Relaxed), walk.found.files.len());
                    let Some(folder) = folders.get(place) else { return (walk, runs) };
                    walk.folder(folder);
                    runs.push((place, walk.found.files.len() - before));
                }
            };
            let (mut files, mut runs) = (Vec::new(), Vec::new());
            thread::scope(|scope| {
                let walks: Vec<_> = (0..threads).map(|_| scope.spawn(list)).collect();
                for (thread, walk) in walks.into_iter().enumerate() {
                    let (mut walk, found) = walk.join().unwrap_or_else(|panic| resume_unwind(panic));
                    runs.extend(found.into_iter().map(|(place, length)| (place, thread, length)));
                    files.push(walk.found.files.into_iter());
                    self.found.problems.append(&mut walk.found.problems);
                    self.folders.append(&mut walk.folders);
                    self.links.append(&mut walk.links);
                    self.listed.append(&mut walk.listed);
                }
            });
            runs.sort_unstable();
            self.found.files.reserve(files.iter().map(ExactSizeIterator::len).sum());
            for (_, thread, length) in runs {
                self.found.files.extend(files[thread].by_ref().take(length));
            }
        }
    }

    fn folder(&mut self, folder: &Found) {
        if folder.depth > MAX_DEPTH {
            return self.problem(folder.relative.clone(), ProblemReason::TooDeep);
        }
        self.listed.push((folder.path.clone(), changed_at(&folder.path)));
        let opened = Folder::open(&folder.path).and_then(|open| Ok((open.entries()?, open)));
        let (entries, open) = match opened {
            Ok(opened) => opened,
            Err(error) => return self.unreadable(folder.relative.clone(), &error),
        };
        let first = self.found.files.len();
        for entry in entries {
            self.entry(folder, &open, &entry);
        }
        // By folder, while other threads list others.
        self.found.files[first..].sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }

    fn entry(&mut self, folder: &Found, open: &Folder, Entry { name, kind }: &Entry) {
        let Some(text) = name.to_str() else {
            let relative = format!("{}/{}", folder.relative, name.to_string_lossy());
            return self.problem(relative, ProblemReason::NameNotUtf8);
        };
        if text.starts_with('.') {
            return;
        }
        let relative = [&folder.relative, "/", text].concat();
        match kind {
            Kind::Folder | Kind::Link => {
                let found = Found { path: open.path_of(name), relative, depth: folder.depth + 1 };
                if *kind == Kind::Folder { self.folders.push(found) } else { self.links.push(found) }
            }
            _ if name::is_rollout(text) => {
                self.file(relative, *kind, || open.path_of(name), || Ok(open.look(name)?.1));
            }
            _ => {}
        }
    }

    /// Adds a file with a rollout's ending.
    fn file(
        &mut self,
        relative: String,
        kind: Kind,
        path: impl Fn() -> PathBuf,
        fingerprint: impl FnOnce() -> io::Result<Fingerprint>,
    ) {
        if kind != Kind::File {
            return self.problem(relative, ProblemReason::NotAFile);
        }
        if let Some(real) = &mut self.real
            && !fs::canonicalize(path()).is_ok_and(|path| real.insert(path))
        {
            return;
        }
        let fingerprint = match fingerprint() {
            Ok(fingerprint) => fingerprint,
            // Deleted or moved since the folder was read: it is not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.unreadable(relative, &error),
        };
        let file = RolloutFile::new(relative, fingerprint);
        if file.name.is_none() {
            self.problem(file.path.clone(), ProblemReason::MalformedName);
        }
        self.found.files.push(file);
    }

    fn follow_links(&mut self, root: &Path) {
        if self.links.is_empty() {
            return;
        }
        // The files so far were found without links, in the session folders.
        let real = |file: &RolloutFile| {
            let (top, rest) = file.path.split_once('/')?;
            let (_, path) = self.tops.iter().find(|(folder, _)| folder == top)?;
            Some(path.join(rest))
        };
        self.real = Some(self.found.files.iter().filter_map(real).collect());
        self.links.sort_unstable_by(|a, b| b.relative.cmp(&a.relative));
        while let Some(link) = self.links.pop() {
            self.follow(root, link);
        }
    }

    fn follow(&mut self, root: &Path, link: Found) {
        let (target, metadata) =
            match fs::canonicalize(&link.path).and_then(|to| Ok((fs::metadata(&to)?, to))) {
                Ok((metadata, target)) => (target, metadata),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return self.unreadable(link.relative, &error);
                }
                Err(_) => return self.problem(link.relative, ProblemReason::BrokenLink),
            };
        let is_ours = target.starts_with(root) || self.tops.iter().any(|(_, top)| target.starts_with(top));
        // The session folders themselves may lie on another disk.
        if !is_ours && link.depth > 0 {
            return self.problem(link.relative, ProblemReason::LeavesHome);
        }
        if metadata.is_dir() {
            let parent = link.path.parent().and_then(|parent| fs::canonicalize(parent).ok());
            if root.starts_with(&target) || parent.is_some_and(|parent| parent.starts_with(&target)) {
                return self.problem(link.relative, ProblemReason::LinkCircle);
            }
            // Files in session folders are listed already.
            let seen = self.tops.iter().any(|(_, top)| target.starts_with(top));
            if !seen && self.real.as_mut().is_some_and(|real| real.insert(target.clone())) {
                let folder = Found { path: target, ..link };
                if folder.depth == 0 {
                    self.top(folder);
                } else {
                    self.folders.push(folder);
                }
                self.list_folders();
            }
        } else if name::is_rollout(link.relative.rsplit('/').next().unwrap_or_default()) {
            let kind = if metadata.is_file() { Kind::File } else { Kind::Other };
            self.file(link.relative, kind, || target.clone(), || Ok(Fingerprint::of(&metadata)));
        }
    }

    fn unreadable(&mut self, path: String, error: &io::Error) {
        self.problem(path, ProblemReason::Unreadable(error.to_string()));
    }

    fn problem(&mut self, path: String, reason: ProblemReason) {
        self.found.problems.push(DiscoveryProblem { path, reason });
    }
}
