//! Shared code of the tests: logs in a folder of their own, child processes, and bytes of files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{
    Keep, Level, LogLayer, LogOptions, LogQuery, LogRow, LogStore, LogWriter, NewRow, Order,
};
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;
pub(crate) type Result<T = ()> = std::result::Result<T, Error>;

/// Bounds that no test meets by chance.
pub(crate) const PLENTY: Keep = Keep { rows: 1_000_000, bytes: 1 << 40 };

/// Logs in a folder that goes with them.
pub(crate) struct Lab {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: LogStore,
}

impl Lab {
    pub(crate) fn new() -> Result<Lab> {
        let folder = tempfile::tempdir()?;
        let store = LogStore::new(folder.path(), &OpenOptions::new());
        Ok(Lab { folder, store })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.store.database().path()
    }

    pub(crate) fn start(&self, options: LogOptions) -> Result<(LogLayer, LogWriter)> {
        Ok(LogWriter::start(&self.store, options)?)
    }

    /// Runs a program that logs, and waits until its rows are there.
    pub(crate) async fn log(&self, options: LogOptions, program: impl FnOnce()) -> Result<Vec<LogRow>> {
        let (layer, writer) = self.start(options)?;
        with(layer, program);
        writer.close().await?;
        self.rows().await
    }

    /// All rows, oldest first.
    pub(crate) async fn rows(&self) -> Result<Vec<LogRow>> {
        let query = LogQuery { order: Order::OldestFirst, limit: 10_000, ..LogQuery::default() };
        Ok(self.store.query(&query).await?)
    }
}

/// Runs a program with a subscriber of this layer alone.
pub(crate) fn with(layer: LogLayer, program: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), program);
}

/// Options with which nothing is written before a test flushes.
pub(crate) fn patient() -> LogOptions {
    LogOptions { batch_interval: Duration::from_secs(3_600), ..LogOptions::default() }
}

pub(crate) fn messages(rows: &[LogRow]) -> Vec<&str> {
    rows.iter().map(|row| row.message.as_str()).collect()
}

/// A row with as little as a row can have.
pub(crate) fn new_row(at_ms: i64, message: &str) -> NewRow {
    NewRow {
        thread_id: None,
        process_id: None,
        at: jiff::Timestamp::from_millisecond(at_ms).expect("a time"),
        level: Level::Info,
        target: String::new(),
        message: message.to_owned(),
        fields: None,
        spans: None,
        module: None,
        file: None,
        line: None,
        is_cut: false,
    }
}

/// The bytes of every file of a folder, by name.
pub(crate) fn bytes(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    Ok(files)
}

/// The files of a folder that have this text in any of their bytes.
pub(crate) fn files_with(folder: &Path, text: &str) -> Result<Vec<String>> {
    let has = |content: &[u8]| content.windows(text.len()).any(|window| window == text.as_bytes());
    Ok(bytes(folder)?.into_iter().filter(|(_, content)| has(content)).map(|(name, _)| name).collect())
}

/// Starts this test binary again, as a child that runs one test alone: the child's part of it.
pub(crate) fn child(test: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env("THREADKEEP_LOGS_CHILD", test).env("THREADKEEP_LOGS_FOLDER", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command)
}

/// Says whether this process is the child of a test, and of which folder.
pub(crate) fn child_of(test: &str) -> Option<PathBuf> {
    let is = std::env::var("THREADKEEP_LOGS_CHILD").is_ok_and(|name| name == test);
    is.then(|| std::env::var_os("THREADKEEP_LOGS_FOLDER")).flatten().map(Into::into)
}

/// Waits for a child that must succeed.
pub(crate) fn succeeded(child: Child) -> Result {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{}: {stdout}{stderr}", output.status).into())
}

/// Waits for a future without any runtime.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}
