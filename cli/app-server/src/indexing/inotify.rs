//! Watches the folders of a home through the kernel.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use rustix::fs::inotify::WatchFlags;
use threadkeep_rollout::{AgentHome, MIRROR, SESSION_INDEX};

use super::kernel::{A_MOMENT, CONTENTS, ENTRIES, Event, Kernel, MAX_DEPTH, ReadFlags};
use super::noticed::{Changed, FOLDERS, Noticed, is_rollout, place_of};

/// Watch over a home and all folders with rollouts, also those of the mirror.
pub(super) struct Inotify {
    home: AgentHome,
    kernel: Kernel,
    /// Path in the home of each watched folder, by its number.
    folders: HashMap<i32, String>,
    noticed: Noticed,
}

impl Inotify {
    pub(super) fn new(home: &AgentHome) -> io::Result<Inotify> {
        let mut watch = Inotify {
            home: home.clone(),
            kernel: Kernel::new()?,
            folders: HashMap::new(),
            noticed: Noticed::default(),
        };
        // Not every line that an agent writes into its own databases there.
        watch.add("", ENTRIES | WatchFlags::CLOSE_WRITE)?;
        for folder in FOLDERS {
            watch.add_tree(folder, 0)?;
        }
        watch.add_mirror()?;
        // What was there before is no change.
        watch.noticed = Noticed::default();
        Ok(watch)
    }

    /// Watches the mirror, which the first session of another agent creates.
    pub(super) fn see_mirror(&mut self) {
        if self.add_mirror().is_err() {
            tracing::info!(target: "threadkeep", "the sessions of other agents cannot be watched");
        }
    }

    fn add_mirror(&mut self) -> io::Result<()> {
        let is_watched = self.folders.values().any(|folder| folder == MIRROR);
        if self.home.mirror().is_none() || is_watched { Ok(()) } else { self.add_tree(MIRROR, 0) }
    }

    fn add(&mut self, folder: &str, changes: WatchFlags) -> io::Result<()> {
        if let Some(number) = self.kernel.add(&self.place(folder), changes)? {
            self.folders.insert(number, folder.to_owned());
        }
        Ok(())
    }

    fn place(&self, folder: &str) -> PathBuf {
        place_of(&self.home, folder)
    }

    /// Watches a folder with those in it, and notices the files in them: they may have been there
    /// before the watch.
    fn add_tree(&mut self, folder: &str, depth: usize) -> io::Result<()> {
        self.add(folder, CONTENTS)?;
        let Ok(entries) = fs::read_dir(self.place(folder)) else { return Ok(()) };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let path = format!("{folder}/{name}");
            if kind.is_dir() && depth < MAX_DEPTH {
                self.add_tree(&path, depth + 1)?;
            } else if kind.is_file() && is_rollout(folder, &name) {
                self.noticed.file(path);
            }
        }
        Ok(())
    }

    /// Waits for a change, and collects more for a moment. Cancel safe.
    pub(super) async fn changed(&mut self) -> Changed {
        while self.noticed.is_empty() {
            let event = self.kernel.next().await;
            self.take(event);
        }
        tokio::time::sleep(A_MOMENT).await;
        while let Some(event) = self.kernel.ready() {
            self.take(event);
        }
        self.noticed.take()
    }

    fn take(&mut self, (number, event, name): Event) {
        let name = name.as_str();
        if event.contains(ReadFlags::QUEUE_OVERFLOW) {
            return self.noticed.anything();
        }
        if event.contains(ReadFlags::IGNORED) {
            self.folders.remove(&number);
            return;
        }
        let Some(folder) = self.folders.get(&number) else { return };
        let is_gone = event.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM);
        if folder.is_empty() {
            match name {
                SESSION_INDEX if !is_gone => self.noticed.file(name.to_owned()),
                SESSION_INDEX | "config.toml" => self.noticed.anything(),
                _ if FOLDERS.contains(&name) => {
                    // The folder may be new.
                    if self.add_tree(name, 0).is_err() {
                        tracing::info!(target: "threadkeep", "a folder of the home cannot be watched");
                    }
                    self.noticed.anything();
                }
                _ => {}
            }
            return;
        }
        let path = format!("{folder}/{name}");
        match (event.contains(ReadFlags::ISDIR), is_gone) {
            (true, false) => {
                if self.add_tree(&path, 1).is_err() {
                    self.noticed.anything();
                }
            }
            (true, true) => self.noticed.anything(),
            (false, _) if !is_rollout(folder, name) => {}
            (false, true) => self.noticed.anything(),
            (false, false) => self.noticed.file(path),
        }
    }
}
