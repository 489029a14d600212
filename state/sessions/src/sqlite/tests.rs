//! Copies of databases that a real writer holds open.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use rusqlite::Connection;

use super::{Copied, copy, integer};
use crate::error::StoreError;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Opens a database in WAL mode. With `pages`, each commit that finds so many pages in the log puts
/// them into the database, and the next one begins the log again.
fn writer(path: &Path, pages: u32) -> Result<Connection> {
    writer_of(Connection::open(path)?, pages)
}

fn writer_of(connection: Connection, pages: u32) -> Result<Connection> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "wal_autocheckpoint", pages)?;
    connection.execute_batch("CREATE TABLE pair (side INTEGER, number INTEGER, filler TEXT)")?;
    Ok(connection)
}

/// Commits a pair of rows: an odd number of rows, or two different sums, was never committed.
fn commit(connection: &mut Connection, number: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for side in 0..2 {
        let filler = "x".repeat(3000);
        transaction.execute("INSERT INTO pair VALUES (?1, ?2, ?3)", (side, number, filler))?;
    }
    transaction.commit()
}

/// Returns the rows and both sums of a copy, which SQLite says is sound.
fn sums(copied: &Copied) -> Result<[i64; 3]> {
    let mut found = [0; 3];
    let sql = "SELECT count(*), total(number) FILTER (WHERE side = 0), \
               total(number) FILTER (WHERE side = 1) FROM pair";
    copied.each(sql, [], |row| {
        found = [0, 1, 2].map(|column| integer(row, column).unwrap_or(-1));
    })?;
    let mut check = Vec::new();
    copied.each("PRAGMA integrity_check", [], |row| check.extend(super::text(row, 0).map(str::to_owned)))?;
    assert_eq!(check, ["ok"]);
    Ok(found)
}

#[test]
fn a_table_that_is_only_in_the_log_is_read() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = writer(&path, 0)?;
    commit(&mut connection, 7)?;
    let alone = Connection::open_with_flags(
        format!("file:{}?immutable=1", path.display()),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    )?;
    assert!(alone.prepare("SELECT * FROM pair").is_err(), "the database alone has no table");
    assert_eq!(sums(&Copied::open(&path)?)?, [2, 7, 7]);
    Ok(())
}

#[test]
fn a_copy_is_sound_while_a_writer_commits() -> Result {
    // A log that only grows, and a log that begins again all the time.
    for pages in [0, 20] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.db");
        let mut connection = writer(&path, pages)?;
        commit(&mut connection, 1)?;
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| -> Result {
            let writing = scope.spawn(|| -> rusqlite::Result<()> {
                let mut number = 1;
                while !stop.load(Ordering::Relaxed) && number < 1000 {
                    number += 1;
                    commit(&mut connection, number)?;
                }
                Ok(())
            });
            let mut read = 0;
            let copies = (0..40).try_for_each(|_| -> Result {
                match Copied::open(&path) {
                    Ok(copied) => {
                        let [rows, left, right] = sums(&copied)?;
                        assert_eq!((left, rows % 2), (right, 0));
                        read += 1;
                    }
                    Err(StoreError::Busy { .. }) if pages > 0 => {}
                    Err(error) => return Err(error.into()),
                }
                Ok(())
            });
            stop.store(true, Ordering::Relaxed);
            writing.join().map_err(|_| "the writer panicked")??;
            copies?;
            assert!(read > 0, "every copy was refused");
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn a_database_above_the_limit_is_refused() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = writer(&path, 0)?;
    commit(&mut connection, 1)?;
    let whole = fs::metadata(&path)?.len() + fs::metadata(folder.path().join("a.db-wal"))?.len();
    assert!(Copied::open_within(&path, whole).is_ok());
    let Err(error) = Copied::open_within(&path, whole - 1) else { return Err("it was copied".into()) };
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains(&whole.to_string()) && message.contains("a.db"), "{message}");
    Ok(())
}

#[test]
fn nothing_beside_the_database_changes() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = writer(&path, 0)?;
    commit(&mut connection, 1)?;
    // Old access times, which any plain read would set to now.
    let old = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let paths = fs::read_dir(folder.path())?.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<std::io::Result<_>>()?;
    assert_eq!(paths.len(), 3, "the database, -wal and -shm: {paths:?}");
    for path in &paths {
        fs::File::open(path)?.set_times(fs::FileTimes::new().set_accessed(old))?;
    }
    let state = || -> Result<BTreeMap<PathBuf, [Option<SystemTime>; 2]>> {
        let times = |metadata: Metadata| [metadata.modified().ok(), metadata.accessed().ok()];
        let entries = fs::read_dir(folder.path())?;
        entries
            .map(|entry| Ok((entry.as_ref().map_err(|_| "entry")?.path(), times(entry?.metadata()?))))
            .collect()
    };
    let contents = || paths.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>();
    let before = state()?;
    drop(Copied::open(&path)?);
    let after = state()?;
    if cfg!(target_os = "linux") {
        assert_eq!(before, after);
    } else {
        assert!(before.keys().eq(after.keys()));
    }
    let bytes = contents()?;
    drop(Copied::open(&path)?);
    assert_eq!(bytes, contents()?);
    Ok(())
}

#[cfg(unix)]
#[test]
fn the_copy_is_private_and_has_no_name() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let private = super::private_folder()?;
    assert_eq!(fs::metadata(private.path())?.permissions().mode() & 0o777, 0o700);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = writer(&path, 0)?;
    commit(&mut connection, 1)?;
    let copied = Copied::open(&path)?;
    let connection = copied.connection.lock().map_err(|_| "no one panics")?;
    let copy = connection.path().map(Path::new).and_then(Path::parent).ok_or("a path")?;
    assert!(copy.starts_with(std::env::temp_dir()) && !copy.exists(), "{copy:?}");
    drop(connection);
    assert_eq!(sums(&copied)?, [2, 1, 1], "and it can be read");
    // It has none before it is filled, either.
    let (mut file, connection, _) = super::unnamed()??;
    assert_eq!(file.metadata()?.len(), 0);
    let name = connection.path().map(Path::new).ok_or("a path")?;
    assert!(!name.exists() && !name.parent().ok_or("a folder")?.exists());
    copy::copy(&path, &mut file, u64::MAX)?;
    assert!(file.metadata()?.len() > 0 && !name.exists());
    Ok(())
}

#[test]
fn a_database_that_a_killed_agent_left_half_written_is_refused() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = Connection::open(&path)?;
    connection.pragma_update(None, "cache_size", 2)?;
    connection.execute_batch("CREATE TABLE pair (side INTEGER, number INTEGER, filler TEXT)")?;
    commit(&mut connection, 1)?;
    assert_eq!(sums(&Copied::open(&path)?)?, [2, 1, 1]);
    let transaction = connection.transaction()?;
    for _ in 0..100 {
        transaction.execute("INSERT INTO pair VALUES (0, 1, ?1)", ["x".repeat(3000)])?;
    }
    assert!(folder.path().join("a.db-journal").exists());
    assert!(matches!(Copied::open(&path), Err(StoreError::HalfWritten { .. })));
    transaction.commit()?;
    assert!(Copied::open(&path).is_ok());
    Ok(())
}

#[test]
fn what_a_log_has_is_what_sqlite_reads() -> Result {
    // A page size that is not the default one, and a database that shrinks.
    for size in [512, 4096, 65_536] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path)?;
        connection.pragma_update(None, "page_size", size)?;
        let mut connection = writer_of(connection, 0)?;
        for number in 0..40 {
            commit(&mut connection, number)?;
        }
        connection.execute_batch("PRAGMA wal_checkpoint; DELETE FROM pair WHERE number < 30; VACUUM")?;
        connection.pragma_update(None, "cache_size", 2)?;
        let transaction = connection.transaction()?;
        transaction.execute("INSERT INTO pair VALUES (0, 1000, ?1)", ["x".repeat(300_000)])?;
        let sum = (30..40).sum::<i64>();
        assert_eq!(sums(&Copied::open(&path)?)?, [20, sum, sum], "without what was not committed");
    }
    Ok(())
}

#[test]
fn a_log_that_was_begun_again_spoils_a_copy() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    let mut connection = writer(&path, 0)?;
    commit(&mut connection, 1)?;
    let before = copy::state(&path)?;
    commit(&mut connection, 2)?;
    assert!(copy::state(&path)?.allows(&before), "what is appended does no harm");
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))?;
    commit(&mut connection, 3)?;
    assert!(!copy::state(&path)?.allows(&before));
    Ok(())
}

#[test]
fn files_that_are_no_database_are_malformed() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    fs::write(&path, "no database at all, but long enough to be one".repeat(100))?;
    assert!(matches!(Copied::open(&path), Err(StoreError::Malformed { .. })));
    fs::write(&path, "")?;
    let empty = Copied::open(&path)?;
    assert_eq!(empty.columns("pair", &["side"])?, None);
    assert!(matches!(Copied::open(&folder.path().join("none.db")), Err(StoreError::Io { .. })));
    Ok(())
}

#[test]
fn a_missing_column_is_null() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("a.db");
    writer(&path, 0)?;
    let columns = Copied::open(&path)?.columns("pair", &["side", "later", "number"])?;
    assert_eq!(columns.as_deref(), Some("pair.side, NULL, pair.number"));
    Ok(())
}
