//! Watches the folders of a home through the kernel.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use threadkeep_rollout::{AgentHome, SESSION_INDEX};
use tokio::sync::mpsc;

use super::noticed::{Changed, FOLDERS, Noticed, is_rollout};

/// Time in which changes are collected: an agent writes several lines at once.
const A_MOMENT: Duration = Duration::from_millis(100);
/// The deepest nesting of folders. Agents nest three deep.
const MAX_DEPTH: usize = 16;

/// Events that wait to be taken. The kernel keeps more, and says if it could not.
const MOST_EVENTS: usize = 1_024;

/// Number of the watched folder, event, and name in the folder.
type Event = (i32, ReadFlags, String);

/// Watch over a home and all folders with rollouts.
pub(super) struct Inotify {
    home: AgentHome,
    kernel: Arc<OwnedFd>,
    events: mpsc::Receiver<Event>,
    /// Path in the home of each watched folder, by its number.
    folders: HashMap<i32, String>,
    noticed: Noticed,
}

impl Inotify {
    pub(super) fn new(home: &AgentHome) -> io::Result<Inotify> {
        let kernel = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let (sender, events) = mpsc::channel(MOST_EVENTS);
        let source = Arc::clone(&kernel);
        thread::Builder::new().name("threadkeep-watch".to_owned()).spawn(move || read(&source, &sender))?;
        let mut watch = Inotify {
            home: home.clone(),
            kernel,
            events,
            folders: HashMap::new(),
            noticed: Noticed::default(),
        };
        // Not every line that an agent writes into its own databases there.
        watch.add("", WatchFlags::CLOSE_WRITE)?;
        for folder in FOLDERS {
            watch.add_tree(folder, 0)?;
        }
        // What was there before is no change.
        watch.noticed = Noticed::default();
        Ok(watch)
    }

    fn add(&mut self, folder: &str, writes: WatchFlags) -> io::Result<()> {
        let changes = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        let flags = changes | writes | WatchFlags::ONLYDIR;
        match inotify::add_watch(&*self.kernel, self.home.absolute(folder), flags) {
            Ok(number) => {
                self.folders.insert(number, folder.to_owned());
                Ok(())
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Watches a folder with those in it, and notices the files in them: they may have been there
    /// before the watch.
    fn add_tree(&mut self, folder: &str, depth: usize) -> io::Result<()> {
        self.add(folder, WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE)?;
        let Ok(entries) = fs::read_dir(self.home.absolute(folder)) else { return Ok(()) };
        for entry in entries.flatten() {
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let path = format!("{folder}/{name}");
            if kind.is_dir() && depth < MAX_DEPTH {
                self.add_tree(&path, depth + 1)?;
            } else if kind.is_file() && is_rollout(&name) {
                self.noticed.file(path);
            }
        }
        Ok(())
    }

    /// Waits for a change, and collects more for a moment. Cancel safe.
    pub(super) async fn changed(&mut self) -> Changed {
        while self.noticed.is_empty() {
            match self.events.recv().await {
                Some(event) => self.take(event),
                // Only a kernel that cannot be read any more ends the thread.
                None => std::future::pending().await,
            }
        }
        tokio::time::sleep(A_MOMENT).await;
        while let Ok(event) = self.events.try_recv() {
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
            (false, _) if !is_rollout(name) => {}
            (false, true) => self.noticed.anything(),
            (false, false) => self.noticed.file(path),
        }
    }
}

/// Reads events until no one takes them any more. On a thread of its own: it waits in the kernel.
fn read(kernel: &OwnedFd, events: &mpsc::Sender<Event>) {
    let mut buffer = [MaybeUninit::uninit(); 16 << 10];
    let mut reader = Reader::new(kernel, &mut buffer);
    loop {
        let event = match reader.next() {
            Ok(event) => event,
            Err(Errno::INTR) => continue,
            Err(_) => return,
        };
        let name = event.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if events.blocking_send((event.wd(), event.events(), name)).is_err() {
            return;
        }
    }
}
