//! The databases that the tests open, and what they ask of files and processes.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use threadkeep_sqlite::{Database, DbKind, DbSpec, Durability, MigrationFile, OpenOptions, migrations};

/// Result of a test.
pub(crate) type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Whatever went wrong in a test.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The application id of all test databases.
pub(crate) const ID: u32 = 0x7468_7431;

/// The file name of all test databases.
pub(crate) const FILE: &str = "notes_1.sqlite";

const ONE: MigrationFile = MigrationFile::new(
    "0001_notes",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
);
const TWO: MigrationFile = MigrationFile::new(
    "0002_tags",
    "CREATE TABLE tags (note_id INTEGER NOT NULL REFERENCES notes (id), tag TEXT NOT NULL) STRICT;
     CREATE INDEX tags_by_note ON tags (note_id);",
);
const THREE: MigrationFile =
    MigrationFile::new("0003_stars", "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3;");

static FIRST: [MigrationFile; 1] = [ONE];
static SECOND: [MigrationFile; 2] = [ONE, TWO];
static THIRD: [MigrationFile; 3] = [ONE, TWO, THREE];

/// The program's first version.
pub(crate) static V1: DbSpec = spec(&FIRST);
/// Its second.
pub(crate) static V2: DbSpec = spec(&SECOND);
/// Its third.
pub(crate) static V3: DbSpec = spec(&THIRD);

/// A test database with these migrations.
pub(crate) const fn spec(migrations: &'static [MigrationFile]) -> DbSpec {
    DbSpec::new("notes", FILE, DbKind::Rebuildable, ID, migrations)
}

/// The same under another label, so that a test recognises its own telemetry.
pub(crate) static DURABLE: DbSpec = DbSpec::new(
    "durable",
    "durable_1.sqlite",
    DbKind::Durable,
    ID,
    &migrations!["0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"],
);

/// Opens with the defaults.
pub(crate) async fn open(spec: &'static DbSpec, folder: &Path) -> Result<Database> {
    Ok(Database::open(spec, folder, &OpenOptions::new()).await?)
}

/// Writes one note and commits.
pub(crate) async fn write_note(database: &Database, text: &str) -> Result {
    let mut tx = database.begin(Durability::Usual).await?;
    sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind(text.to_owned()).execute(tx.conn()).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts the notes.
pub(crate) async fn count_notes(database: &Database) -> Result<i64> {
    Ok(database
        .read(async |conn| sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(conn).await)
        .await?)
}

/// Returns the journal mode that SQLite reads from the file.
pub(crate) async fn journal_mode(database: &Database) -> Result<String> {
    Ok(database.read(async |conn| sqlx::query_scalar("PRAGMA journal_mode").fetch_one(conn).await).await?)
}

/// Reads every file of a folder: names, and lengths and hashes of the bytes.
pub(crate) fn bytes(folder: &Path) -> Result<BTreeMap<String, (usize, u64)>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let content = if entry.file_type()?.is_file() { std::fs::read(entry.path())? } else { Vec::new() };
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        files.insert(entry.file_name().to_string_lossy().into_owned(), (content.len(), hasher.finish()));
    }
    Ok(files)
}

/// Starts this test binary again, as a child that runs one test alone: the child's part of it.
pub(crate) fn child(test: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env("THREADKEEP_SQLITE_CHILD", test).env("THREADKEEP_SQLITE_FOLDER", folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// Says whether this process is the child of a test, and of which folder.
pub(crate) fn child_of(test: &str) -> Option<std::path::PathBuf> {
    let is = std::env::var("THREADKEEP_SQLITE_CHILD").is_ok_and(|name| name == test);
    is.then(|| std::env::var_os("THREADKEEP_SQLITE_FOLDER")).flatten().map(Into::into)
}

/// Waits for a child that must succeed.
pub(crate) fn succeeded(child: Child) -> Result {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// Polls a future a number of times, each after letting other threads run, and then drops it.
pub(crate) async fn cancelled_after<F: Future>(polls: u32, future: F) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let mut once =
            std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready()));
        if std::future::poll_fn(|context| std::pin::Pin::new(&mut once).poll(context)).await {
            return true;
        }
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
    false
}
