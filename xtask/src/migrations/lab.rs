//! Real databases in a temporary folder: opened by the plumbing, looked at without it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use threadkeep_sqlite::{Database, DbKind, DbSpec, MigrationFile, OpenError, OpenOptions};

use super::Owner;
use super::replay::Replay;
use super::sql::Statement;
use super::tables::Schema;

/// Stands for a database of a crate, in a folder of its own.
pub struct Lab<'a> {
    owner: &'a Owner,
    folder: TempDir,
}

/// Holds what a database says: its migrations, and every row of every table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The versions that were applied, in order.
    pub versions: Vec<u32>,
    /// The schema, in one form.
    pub schema: String,
    /// The rows by table, sorted, each written like SQL.
    pub rows: BTreeMap<String, Vec<String>>,
}

impl<'a> Lab<'a> {
    /// Makes an empty folder.
    ///
    /// # Errors
    ///
    /// When there is no room for one.
    pub fn new(owner: &'a Owner) -> Result<Self> {
        Ok(Self { owner, folder: tempfile::tempdir().context("there is no room for a temporary folder")? })
    }

    /// Makes a folder with a copy of a database.
    ///
    /// # Errors
    ///
    /// When it cannot be copied.
    pub fn with(owner: &'a Owner, database: &Path) -> Result<Self> {
        let lab = Self::new(owner)?;
        std::fs::copy(database, lab.database())?;
        Ok(lab)
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the database's path.
    pub fn database(&self) -> PathBuf {
        self.folder().join(self.owner.room.database.unwrap_or_default())
    }

    /// Opens the database with the program's own plumbing, as a version of the program would, and closes it.
    ///
    /// # Errors
    ///
    /// What the plumbing says.
    pub fn open(&self, version: u32) -> Result<()> {
        let spec = spec(self.owner, version)?;
        block_on(async {
            Database::open(spec, self.folder(), &OpenOptions::new()).await?.close().await?;
            Ok(())
        })
    }

    /// Connects to the database without the plumbing.
    ///
    /// # Errors
    ///
    /// When it is not there, or SQLite cannot open it.
    pub fn connect(&self) -> Result<Connection> {
        connect(&self.database())
    }

    /// Runs statements on the database, with foreign keys on.
    ///
    /// # Errors
    ///
    /// What SQLite says, with the statement's place.
    pub fn run(&self, place: &str, statements: &[Statement]) -> Result<()> {
        let connection = self.connect()?;
        for statement in statements {
            connection
                .execute_batch(&statement.text)
                .with_context(|| format!("{place}:{}", statement.line))?;
        }
        Ok(())
    }

    /// Deletes every row, whatever points to it.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub fn clear(&self) -> Result<()> {
        let connection = self.connect()?;
        connection.pragma_update(None, "foreign_keys", false)?;
        for (name, _) in Schema::read(&connection)?.tables.iter().filter(|(_, table)| !table.is_virtual) {
            connection.execute_batch(&format!("DELETE FROM {}", quote(name)))?;
        }
        Ok(())
    }

    /// Reads everything that the database says.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub fn content(&self) -> Result<Content> {
        content(&self.connect()?)
    }

    /// Lists the snapshots that were kept before upgrades.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn snapshots(&self) -> Result<Vec<PathBuf>> {
        let prefix = format!("{}.before-v", self.owner.room.database.unwrap_or_default());
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.folder())? {
            let entry = entry?;
            if entry
                .file_name()
                .to_string_lossy()
                .strip_prefix(&prefix)
                .is_some_and(|version| version.parse::<u32>().is_ok())
            {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

/// Runs a future to its end.
///
/// # Errors
///
/// What the future gives, or that there can be no runtime.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Connects to a database file that is there.
///
/// # Errors
///
/// What SQLite says.
pub fn connect(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .with_context(|| format!("could not open {}", path.display()))?;
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Reads everything that a database says.
///
/// # Errors
///
/// What SQLite says.
pub fn content(connection: &Connection) -> Result<Content> {
    let schema = Schema::read(connection)?;
    let mut rows = BTreeMap::new();
    for (name, table) in schema.tables.iter().filter(|(_, table)| !table.is_virtual) {
        rows.insert(name.clone(), self::rows(connection, name, &table.written())?);
    }
    Ok(Content { versions: versions(connection)?, schema: super::schema::dump(connection)?, rows })
}

/// Reads columns of every row of a table, sorted, each row written like SQL.
///
/// # Errors
///
/// What SQLite says.
pub fn rows(connection: &Connection, table: &str, columns: &[&str]) -> rusqlite::Result<Vec<String>> {
    // With its table's name, a column that is gone is an error; alone in quotes, it would be taken for a string.
    let quoted: Vec<String> =
        columns.iter().map(|column| format!("quote({}.{})", quote(table), quote(column))).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY 1", quoted.join(" || ', ' || "), quote(table));
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Quotes a name.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Lists the versions that were applied; none when nothing was.
fn versions(connection: &Connection) -> rusqlite::Result<Vec<u32>> {
    let known = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    if connection.query_row(known, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    let mut query = connection.prepare("SELECT version FROM _sqlx_migrations ORDER BY version")?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// Describes what is wrong with a database file, if anything is.
///
/// # Errors
///
/// When SQLite cannot even look.
pub fn damage(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let whole: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Ok(Some(format!("integrity_check says: {whole}")));
    }
    let dangling =
        "SELECT count(*), coalesce(min(\"table\" || ' → ' || parent), '') FROM pragma_foreign_key_check";
    let (count, keys): (i64, String) =
        connection.query_row(dangling, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((count > 0).then(|| format!("foreign_key_check finds {count} rows that point to nothing ({keys})")))
}

/// Makes the description of a crate's database with its first migrations, as a version of the program would have it.
///
/// One more than there are stands for a program of the future: it adds a column to every table, and a table.
///
/// # Errors
///
/// When there is no such version, or a file is not UTF-8.
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
    ensure!(files.len() == version as usize, "{} has no migration {version:04}", owner.room.package);
    Ok(spec_of(owner, files))
}

/// Makes the description of a crate's database with these migrations.
///
/// It lives as long as the process: the plumbing wants its descriptions to be constants.
pub fn spec_of(owner: &Owner, files: Vec<MigrationFile>) -> &'static DbSpec {
    let (kind, id) = owner.store.map_or((DbKind::Rebuildable, u32::from_be_bytes(*b"TKxt")), |store| {
        (store.spec.kind, store.spec.application_id)
    });
    let (label, name) = (owner.room.folder, owner.room.database.unwrap_or_default());
    Box::leak(Box::new(DbSpec::new(label, name, kind, id, Box::leak(files.into_boxed_slice()))))
}

/// Makes one migration that lives as long as the process.
pub fn file(version: u32, name: &str, sql: String) -> MigrationFile {
    MigrationFile::new(
        Box::leak(format!("{version:04}_{name}").into_boxed_str()),
        Box::leak(sql.into_boxed_str()),
    )
}

/// Writes the migration that a program of the future might bring: it only adds.
fn future(owner: &Owner) -> Result<String> {
    let replay = Replay::run(&owner.folder)?;
    let mut sql = "CREATE TABLE future_table (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;\n\
                   INSERT INTO future_table (id, text) VALUES (1, 'kept');\n"
        .to_owned();
    for (name, _) in replay.schema().tables.iter().filter(|(_, table)| !table.is_virtual) {
        let table = quote(name);
        sql += &format!(
            "ALTER TABLE {table} ADD COLUMN future_column TEXT;\nUPDATE {table} SET future_column = 'kept';\n"
        );
    }
    Ok(sql)
}

/// Says whether an error is the plumbing's, that the database needs a newer program.
pub fn is_newer(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::Newer { .. }))
        || matches!(error.downcast_ref(), Some(threadkeep_sqlite::DbError::Newer { .. }))
}
