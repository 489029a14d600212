//! The server: everything that its clients share.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::RawValue;
use threadkeep_app::Fault;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::opening::{self, Access, Index};
use threadkeep_app::settings::DeviceKeys;
use threadkeep_rollout::AgentHome;
use threadkeep_state::{STATE_DB, StateRuntime};
use tokio::sync::{self, Notify, Semaphore, broadcast, watch};

use crate::file_id::FileId;
use crate::indexing::coverage::Coverage;
use crate::params;
use crate::protocol::error::RpcError;
use crate::protocol::initialize::{InitializeParams, InitializeResponse};
use crate::protocol::notification::Notification;

/// Notifications that a client may be behind. After more, it must list again.
const MOST_NOTIFICATIONS: usize = 1_024;
/// Requests that read whole rollouts at the same time.
const MOST_READERS: usize = 2;

/// Requests about device keys at the same time: each may wait for a person, and has a thread.
const MOST_KEY_HOLDERS: usize = 16;

/// JSON document of a command, on its way.
pub type Document = Pin<Box<dyn Future<Output = Result<Value, Fault>>>>;

/// Commands of the program around the server, which are methods, too.
pub trait Commands {
    /// Makes the doctor's report, without questions to the network.
    fn doctor(&self) -> Document;

    /// Makes memories of threads, and consolidates them.
    fn run_memories(&self) -> Document;
}

/// Options of a server.
pub struct Options {
    /// The two directories.
    pub dirs: Dirs,
    /// Directories that the user chose with options.
    pub given: Given,
    /// Settings of device keys.
    pub device_keys: DeviceKeys,
    /// True to let the kernel report changed files, where it can. False looks at the home every
    /// second: for file systems of whose changes the kernel learns nothing.
    pub has_watch: bool,
    /// Commands of the program around it.
    pub commands: Box<dyn Commands>,
}

/// A server of one home. Its tasks run on the `LocalSet` in which it was started.
pub(crate) struct Server {
    pub(crate) dirs: Dirs,
    given: Given,
    pub(crate) device_keys: DeviceKeys,
    pub(crate) has_watch: bool,
    pub(crate) commands: Box<dyn Commands>,
    /// Limits the requests that read whole rollouts, in which most of the memory goes.
    pub(crate) readers: Semaphore,
    /// Limits the requests about device keys.
    pub(crate) key_holders: Semaphore,
    /// Wakes the task that compares threads and goals with what was last reported.
    pub(crate) written: Notify,
    /// Wakes the task that indexes the history.
    pub(crate) changed: Notify,
    /// Wakes the task that indexes the home, after the index was opened again.
    pub(crate) reopened: Notify,
    /// Wakes the task that indexes the home, after the list of added agents has changed.
    pub(crate) mirrored: Notify,
    /// Reason why not everything that was said can be searched.
    history: Mutex<Option<String>>,
    opened: sync::Mutex<Option<Rc<Opened>>>,
    coverage: watch::Sender<Coverage>,
    notifications: broadcast::Sender<Arc<Notification>>,
    stopping: watch::Sender<bool>,
}

/// The home and its index, once they are open.
pub(crate) struct Opened {
    pub(crate) index: Index,
    pub(crate) home: AgentHome,
    /// The index's file when it was opened.
    file: Option<FileId>,
}

impl Opened {
    async fn open(dirs: &Dirs) -> Result<Opened, Fault> {
        let home = dirs.agent_home()?;
        // A damaged index has no substitute: what a client changed there would be lost.
        let index = match file_id(dirs) {
            Some(_) => Index::existing(dirs, &()).await?,
            None => Index::for_reading(dirs, &()).await?,
        };
        Ok(Opened { index, home, file: file_id(dirs) })
    }

    pub(crate) fn state(&self) -> &StateRuntime {
        &self.index.state
    }

    /// Returns the reason why names and other decisions of the user are missing.
    pub(crate) fn incomplete(&self) -> Option<String> {
        let is_temporary = self.index.access == Access::Temporary;
        is_temporary.then(|| "the index cannot be written, so names are missing".to_owned())
    }
}

/// Returns the identity of the index's file; `None` where there is none.
fn file_id(dirs: &Dirs) -> Option<FileId> {
    std::fs::metadata(dirs.sqlite_home.join(STATE_DB.file_name)).ok().as_ref().map(FileId::of)
}

impl Server {
    /// Makes a server. Nothing runs yet.
    pub(crate) fn new(options: Options) -> Server {
        let Options { dirs, given, device_keys, has_watch, commands } = options;
        Server {
            dirs: dirs.absolute(),
            given,
            device_keys,
            has_watch,
            commands,
            readers: Semaphore::new(MOST_READERS),
            key_holders: Semaphore::new(MOST_KEY_HOLDERS),
            written: Notify::new(),
            changed: Notify::new(),
            reopened: Notify::new(),
            mirrored: Notify::new(),
            history: Mutex::new(Some("the history is being indexed".to_owned())),
            opened: sync::Mutex::default(),
            coverage: watch::channel(Coverage::Unknown).0,
            notifications: broadcast::channel(MOST_NOTIFICATIONS).0,
            stopping: watch::channel(false).0,
        }
    }

    /// Stops it: no more requests are read, and the background tasks end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Returns when the server stops.
    pub(crate) async fn stopped(&self) {
        // A server that is gone has stopped.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Does work that never ends, until the server stops.
    pub(crate) async fn until_stopped(&self, work: impl Future<Output = ()>) {
        tokio::select! {
            () = work => {}
            () = self.stopped() => {}
        }
    }

    /// Closes the databases. Call it when no client is served any longer.
    ///
    /// # Errors
    ///
    /// Fails if something that was waiting could not be written.
    pub(crate) async fn close(&self) -> Result<(), Fault> {
        match self.opened.lock().await.take() {
            Some(opened) => Ok(opened.state().clone().close().await?),
            None => Ok(()),
        }
    }

    /// Returns the home and its index. Opens them if that is not done yet, after a failure, and
    /// again when another file has taken the index's place.
    pub(crate) async fn opened(&self) -> Result<Rc<Opened>, Fault> {
        let mut opened = self.opened.lock().await;
        let is_current = |opened: &&Rc<Opened>| opened.file == file_id(&self.dirs);
        if let Some(current) = opened.as_ref().filter(is_current) {
            return Ok(current.clone());
        }
        if opened.take().is_some() {
            self.reopened.notify_one();
        }
        let new = Rc::new(Opened::open(&self.dirs).await?);
        Ok(opened.insert(new).clone())
    }

    /// Returns the home and its index for a change.
    ///
    /// # Errors
    ///
    /// Also fails if the index cannot be written, and once commands use another SQLite home: they
    /// would never see the change.
    pub(crate) async fn writable(&self) -> Result<Rc<Opened>, Fault> {
        let (own, now) = (&self.dirs.sqlite_home, Dirs::find(&self.given)?.absolute().sqlite_home);
        if now != *own {
            let why = format!("{} was taken over to {}", own.display(), now.display());
            return Err(Fault::new(why, "stop this server and start it again, and then make the change"));
        }
        let opened = self.opened().await?;
        if opened.index.access == Access::Write {
            return Ok(opened);
        }
        // It says why it cannot be written. Where it can by now, it is opened again.
        Index::for_writing(&self.dirs).await?.close().await?;
        self.reopen().await;
        self.opened().await
    }

    /// Closes the index and repairs damaged databases. The next request opens the index. Returns
    /// false if nothing was damaged, or if another process uses a database.
    pub(crate) async fn recover(&self) -> bool {
        self.reopen().await;
        opening::recover(&self.dirs).await
    }

    /// Closes the index. The next request opens it.
    async fn reopen(&self) {
        if let Some(old) = self.opened.lock().await.take() {
            // What could not be written is lost with the file.
            let _ = old.state().clone().close().await;
            self.reopened.notify_one();
        }
    }

    /// Returns what the index has of the home.
    pub(crate) fn coverage(&self) -> watch::Receiver<Coverage> {
        self.coverage.subscribe()
    }

    pub(crate) fn set_coverage(&self, coverage: Coverage) {
        self.coverage.send_replace(coverage);
    }

    /// Returns the reason why not everything that was said can be searched.
    pub(crate) fn history_incomplete(&self) -> Option<String> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_history(&self, incomplete: Option<String>) {
        *self.history.lock().unwrap_or_else(PoisonError::into_inner) = incomplete;
    }

    /// Notifies every client.
    pub(crate) fn notify(&self, notification: Notification) {
        // Without a client there is no receiver.
        let _ = self.notifications.send(Arc::new(notification));
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Notification>> {
        self.notifications.subscribe()
    }

    pub(crate) fn has_clients(&self) -> bool {
        self.notifications.receiver_count() > 0
    }

    /// Answers `initialize`. Needs neither the home nor the index.
    pub(crate) fn initialize(&self, given: Option<&RawValue>) -> Result<Box<RawValue>, RpcError> {
        let InitializeParams { client_info: client } = params::read(given)?;
        let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
        params::answer(&InitializeResponse {
            user_agent: format!(
                "threadkeep/{} ({os}; {architecture}) ({}; {})",
                env!("CARGO_PKG_VERSION"),
                client.name,
                client.version
            ),
            codex_home: self.dirs.home.to_string_lossy().into_owned(),
            platform_family: std::env::consts::FAMILY.to_owned(),
            platform_os: os.to_owned(),
        })
    }
}
