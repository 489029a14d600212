//! Real databases in a temporary folder: opened by `threadkeep-sqlite`, read without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use threadkeep_sqlite::{Database, DbError, DbKind, DbSpec, MigrationFile, OpenError, OpenOptions};

use super::Owner;
use super::replay::Replay;
use super::sql::{Script, Statement};
use super::tables::Schema;

/// Database of a crate, in a folder of its own.
pub struct TestDatabase<'a> {
    owner: &'a Owner,
    folder: TempDir,
}

/// Content of a database: its migrations, and every row of every table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Applied versions, in order.
    pub versions: Vec<u32>,
    /// Schema, in one form.
    pub schema: String,
    /// Rows by table, sorted, each written like SQL.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl<'a> TestDatabase<'a> {
    pub fn new(owner: &'a Owner) -> Result<Self> {
        Ok(Self { owner, folder: tempfile::tempdir().context("could not make a temporary folder")? })
    }

    pub fn copy(owner: &'a Owner, database: &Path) -> Result<Self> {
        let copy = Self::new(owner)?;
        std::fs::copy(database, copy.path())?;
        Ok(copy)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self) -> PathBuf {
        self.folder().join(self.owner.krate.database.unwrap_or_default())
    }

    /// Opens and closes the database, as a version of the program would.
    pub fn open(&self, version: u32) -> Result<()> {
        let spec = spec(self.owner, version)?;
        block_on(async {
            Database::open(spec, self.folder(), &OpenOptions::new()).await?.close().await?;
            Ok(())
        })
    }

    /// Connects to the database without `threadkeep-sqlite`.
    pub fn connect(&self) -> Result<Connection> {
        connect(&self.path())
    }

    /// Runs statements on the database, with foreign keys on.
    pub fn run(&self, place: &str, statements: &[Statement]) -> Result<()> {
        run(&self.connect()?, place, statements)
    }

    /// Deletes every row, with foreign keys off.
    pub fn clear(&self) -> Result<()> {
        let connection = self.connect()?;
        connection.pragma_update(None, "foreign_keys", false)?;
        for (name, _) in Schema::read(&connection)?.stored() {
            connection.execute_batch(&format!("DELETE FROM {}", quote(name)))?;
        }
        Ok(())
    }

    pub fn content(&self) -> Result<Content> {
        content(&self.connect()?)
    }

    /// Lists the snapshots that were kept before upgrades.
    pub fn snapshots(&self) -> Result<Vec<PathBuf>> {
        let prefix = format!("{}.before-v", self.owner.krate.database.unwrap_or_default());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.folder())? {
            let path = entry?.path();
            let version = path.file_name().and_then(|name| name.to_str()?.strip_prefix(&prefix));
            found.extend(version.is_some_and(|version| version.parse::<u32>().is_ok()).then_some(path));
        }
        Ok(found)
    }
}

pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Connects to an existing database file.
pub fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .with_context(|| format!("could not open {}", path.display()))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Runs statements; an error names the file and line.
pub fn run(connection: &Connection, place: &str, statements: &[Statement]) -> Result<()> {
    for one in statements {
        connection.execute_batch(&one.text).with_context(|| format!("{place}:{}", one.line))?;
    }
    Ok(())
}

pub fn content(connection: &Connection) -> Result<Content> {
    let mut rows = BTreeMap::new();
    for (name, table) in Schema::read(connection)?.stored() {
        rows.insert(name.clone(), self::rows(connection, name, &table.written())?);
    }
    Ok(Content { versions: versions(connection)?, schema: super::schema::dump(connection)?, rows })
}

/// Reads columns of every row of a table, sorted, each row written like SQL.
pub fn rows(connection: &Connection, table: &str, columns: &[&str]) -> rusqlite::Result<Vec<String>> {
    // With the table's name, a missing column is an error; without, SQLite takes it for a string.
    let quoted: Vec<String> =
        columns.iter().map(|column| format!("quote({}.{})", quote(table), quote(column))).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY 1", quoted.join(" || ', ' || "), quote(table));
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn versions(connection: &Connection) -> rusqlite::Result<Vec<u32>> {
    let known = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    if connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    let mut query = connection.prepare("SELECT version FROM _sqlx_migrations ORDER BY version")?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// Checks that a database is whole, and that every foreign key points to a row.
pub fn sound(connection: &Connection) -> Result<()> {
    let whole: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure!(whole == "ok", "integrity_check: {whole}");
    let dangling =
        "SELECT count(*), coalesce(min(\"table\" || ' → ' || parent), '') FROM pragma_foreign_key_check";
    let (count, keys): (i64, String) =
        connection.query_row(dangling, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if count > 0 {
        bail!("foreign_key_check finds {count} rows that point to nothing ({keys})");
    }
    Ok(())
}

/// Describes a crate's database as a version of the program has it.
///
/// The version after the newest is the future: it adds a column to every table, and a table.
pub fn spec(owner: &Owner, version: u32) -> Result<&'static DbSpec> {
    let mut files = Vec::new();
    for migration in owner.folder.migrations.iter().filter(|one| one.version <= version) {
        let sql = String::from_utf8(migration.bytes.clone())
            .with_context(|| format!("{} is not UTF-8", migration.file()))?;
        files.push(file(migration.version, &migration.name, sql));
    }
    if files.len() + 1 == version as usize {
        files.push(file(version, "future", future(owner)?));
    }
    ensure!(files.len() == version as usize, "{} has no migration {version:04}", owner.krate.package);
    Ok(spec_of(owner, files))
}

/// Describes a crate's database with these migrations.
///
/// It lives as long as the process, because `Database::open` takes a constant.
pub fn spec_of(owner: &Owner, files: Vec<MigrationFile>) -> &'static DbSpec {
    let (kind, id) = owner.store.map_or((DbKind::Rebuildable, u32::from_be_bytes(*b"TKxt")), |store| {
        (store.spec.kind, store.spec.application_id)
    });
    let (label, name) = (owner.krate.folder, owner.krate.database.unwrap_or_default());
    Box::leak(Box::new(DbSpec::new(label, name, kind, id, Box::leak(files.into_boxed_slice()))))
}

/// Statements that write 80 MB and then fail: a process that was not killed must not commit.
const STALL: &str = "CREATE TABLE stalled (bytes BLOB); INSERT INTO stalled \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT randomblob(4000) FROM n; \
    SELECT * FROM the_stall_was_not_long_enough;";

/// Describes a database whose migrations stop for ever after a number of statements.
pub fn stalling(owner: &Owner, version: u32, statements: usize) -> Result<&'static DbSpec> {
    let spec = spec(owner, version)?;
    let (mut left, mut files) = (Some(statements), Vec::new());
    for file in spec.migrations {
        let script = Script::parse(file.sql)?;
        let (length, is_last) = (script.statements.len(), files.len() + 1 == spec.migrations.len());
        match left {
            Some(rest) if rest < length || (rest == length && is_last) => {
                let run = script.statements[..rest].iter().map(|statement| statement.text.as_str());
                let sql = run.chain([STALL]).collect::<Vec<_>>().join("\n");
                files.push(self::file(u32::try_from(file.version)?, file.description, sql));
                left = None;
            }
            _ => {
                left = left.map(|rest| rest.saturating_sub(length));
                files.push(*file);
            }
        }
    }
    Ok(spec_of(owner, files))
}

/// Makes one migration that lives as long as the process.
pub fn file(version: u32, name: &str, sql: String) -> MigrationFile {
    let stem = format!("{version:04}_{name}");
    MigrationFile::new(Box::leak(stem.into_boxed_str()), Box::leak(sql.into_boxed_str()))
}

/// Writes the migration of a future program: it only adds.
fn future(owner: &Owner) -> Result<String> {
    let replay = Replay::run(&owner.folder)?;
    let mut sql = "CREATE TABLE future_table (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n\
                   INSERT INTO future_table (id, text) VALUES (1, 'kept');\n"
        .to_owned();
    for (name, _) in replay.schema().stored() {
        let table = quote(name);
        sql += &format!(
            "ALTER TABLE {table} ADD COLUMN future_column TEXT;\nUPDATE {table} SET future_column = 'kept';\n"
        );
    }
    Ok(sql)
}

/// Returns true if an error says that the database needs a newer program.
pub fn is_newer(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Database(DbError::Newer { .. })))
        || matches!(error.downcast_ref(), Some(DbError::Newer { .. }))
}
