//! Folders that the Linux kernel watches (`inotify`).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::sync::mpsc;

pub(super) use rustix::fs::inotify::ReadFlags;

/// Time in which changes are collected: an agent writes several lines at once.
pub(super) const A_MOMENT: Duration = Duration::from_millis(100);
/// The deepest nesting of folders in a home that is watched. Codex nests three deep.
pub(super) const MAX_DEPTH: usize = 16;
/// Events for new, removed and renamed entries of a folder.
pub(super) const ENTRIES: WatchFlags =
    WatchFlags::CREATE.union(WatchFlags::DELETE).union(WatchFlags::MOVED_FROM).union(WatchFlags::MOVED_TO);
/// The same, and events for writes to files in the folder.
pub(super) const CONTENTS: WatchFlags = ENTRIES.union(WatchFlags::MODIFY).union(WatchFlags::CLOSE_WRITE);

/// Events that wait in this process. The kernel keeps further ones, and reports an overflow.
const MOST_EVENTS: usize = 1_024;

/// Number of the watched folder, event, and name in the folder.
pub(super) type Event = (i32, ReadFlags, String);

/// Folders that the kernel watches, each with a number.
pub(super) struct Kernel {
    watches: Arc<OwnedFd>,
    events: mpsc::Receiver<Event>,
}

impl Kernel {
    pub(super) fn new() -> io::Result<Kernel> {
        let watches = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let (sender, events) = mpsc::channel(MOST_EVENTS);
        let source = Arc::clone(&watches);
        thread::Builder::new().name("threadkeep-watch".to_owned()).spawn(move || read(&source, &sender))?;
        Ok(Kernel { watches, events })
    }

    /// Watches a folder. Returns its number; `None` if there is no such folder.
    pub(super) fn add(&self, folder: &Path, changes: WatchFlags) -> io::Result<Option<i32>> {
        match inotify::add_watch(&*self.watches, folder, changes | WatchFlags::ONLYDIR) {
            Ok(number) => Ok(Some(number)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for an event. Cancel safe.
    pub(super) async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            // The thread ends only if the kernel can no longer be read.
            None => std::future::pending().await,
        }
    }

    /// Returns an event that is there.
    pub(super) fn ready(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

/// Reads events until the receiver is dropped. Blocks, so it runs on a thread of its own.
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
