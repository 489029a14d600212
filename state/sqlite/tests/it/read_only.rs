//! Read-only: nothing is written and no file is created, on a folder that can be written to and on
//! a folder where it is not.

use std::fs;
use std::path::Path;

use threadkeep_sqlite::{Database, DbError, DbState, Durability, OpenError, OpenOptions, inspect};

use crate::support::{
    FILE, Result, V1, V2, V3, bytes, child, child_of, count_notes, open, succeeded, write_note,
};

fn read_only() -> OpenOptions {
    OpenOptions::new().read_only(true)
}

#[tokio::test]
async fn reading_leaves_no_trace() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "one").await?;
    database.close().await?;
    let before = bytes(folder.path())?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    assert!(database.is_read_only());
    assert_eq!(count_notes(&database).await?, 1);
    assert!(matches!(database.begin(Durability::Usual).await, Err(DbError::ReadOnly { .. })));
    assert!(matches!(database.checkpoint().await, Err(DbError::ReadOnly { .. })));
    let elsewhere = tempfile::tempdir()?;
    database.snapshot(&elsewhere.path().join(FILE)).await?;
    database.close().await?;
    assert_eq!(bytes(folder.path())?, before);
    Ok(())
}

#[tokio::test]
async fn reading_beside_a_writer_sees_its_log() -> Result {
    let folder = tempfile::tempdir()?;
    let writer = open(&V2, folder.path()).await?;
    write_note(&writer, "one").await?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    assert_eq!(count_notes(&database).await?, 1);
    write_note(&writer, "two").await?;
    assert_eq!(count_notes(&database).await?, 2);
    Ok(())
}

#[tokio::test]
async fn programs_that_come_and_go_do_not_stop_a_reader() -> Result {
    const TEST: &str = "read_only::programs_that_come_and_go_do_not_stop_a_reader";
    if let Some(folder) = child_of(TEST) {
        for _ in 0..200 {
            let writer = open(&V2, &folder).await?;
            write_note(&writer, "one").await?;
            writer.close().await?;
        }
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    let mut writing = child(TEST, folder.path())?.spawn()?;
    while writing.try_wait()?.is_none() {
        let opened = Database::open(&V2, folder.path(), &read_only()).await;
        let Err(error) = opened else { continue };
        writing.kill()?;
        return Err(error.into());
    }
    succeeded(writing)
}

#[tokio::test]
async fn a_writer_that_comes_later_is_noticed() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    assert_eq!(count_notes(&database).await?, 0);
    let writer = open(&V2, folder.path()).await?;
    write_note(&writer, "one").await?;
    assert!(matches!(database.read(async |_| Ok(())).await, Err(DbError::Changed { .. })));
    Ok(())
}

#[tokio::test]
async fn a_writer_in_the_middle_of_a_read_spoils_its_answer() -> Result {
    let folder = tempfile::tempdir()?;
    let count = "SELECT count(*) FROM notes";
    open(&V2, folder.path()).await?.close().await?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    assert_eq!(
        database.read(async |conn| sqlx::query_scalar::<_, i64>(count).fetch_one(conn).await).await?,
        0
    );
    let read = database.read(async |conn| {
        let before: i64 = sqlx::query_scalar(count).fetch_one(&mut *conn).await?;
        let writer = open(&V2, folder.path()).await.map_err(sqlx::Error::Encode)?;
        write_note(&writer, "one").await.map_err(sqlx::Error::Encode)?;
        writer.close().await.map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(before)
    });
    let error = read.await.expect_err("of which state would it be?");
    assert!(matches!(error, DbError::Changed { .. }), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_read_goes_to_another_task() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "one").await?;
    let (of, wanted) = (database.clone(), String::from("one"));
    let read = tokio::spawn(async move {
        of.read(async |conn| {
            let id: i64 = sqlx::query_scalar("SELECT id FROM notes WHERE text = ?1")
                .bind(&wanted)
                .fetch_one(&mut *conn)
                .await?;
            sqlx::query_scalar::<_, String>("SELECT text FROM notes WHERE id = ?1")
                .bind(id)
                .fetch_one(conn)
                .await
        })
        .await
    });
    assert_eq!(read.await??, "one");
    let error = database.read(async |conn| sqlx::query("SELECT nothing").fetch_one(conn).await).await;
    assert!(matches!(error, Err(DbError::Statement { .. })));
    Ok(())
}

#[tokio::test]
async fn a_writer_in_the_middle_of_a_read_is_not_taken_for_damage() -> Result {
    let folder = tempfile::tempdir()?;
    let writer = open(&V2, folder.path()).await?;
    for _ in 0..50 {
        write_note(&writer, &"x".repeat(5_000)).await?;
    }
    writer.close().await?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    database.read(async |_| Ok(())).await?;
    let whole = fs::read(database.path())?;
    let read = database.read(async |conn| {
        // The pages after the first are being written back by someone else.
        fs::write(database.path(), [&whole[..4096], &vec![0xff; whole.len()]].concat())?;
        let damage = sqlx::query("SELECT * FROM notes").fetch_all(conn).await.expect_err("no pages");
        let said = damage.to_string();
        assert!(said.contains("malformed"), "{said}");
        Err::<(), _>(damage)
    });
    let error = read.await.expect_err("no pages");
    assert!(matches!(error, DbError::Changed { .. }), "{error}");
    assert!(matches!(database.read(async |_| Ok(())).await, Err(DbError::Changed { .. })));
    let copy = folder.path().join("copy");
    assert!(matches!(database.snapshot(&copy).await, Err(DbError::Changed { .. })));
    assert!(!copy.exists());
    Ok(())
}

#[tokio::test]
async fn a_program_that_only_looks_changes_nothing() -> Result {
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    let database = Database::open(&V2, folder.path(), &read_only()).await?;
    let other = open(&V2, folder.path()).await?;
    assert_eq!(count_notes(&other).await?, 0);
    database.read(async |_| Ok(())).await?;
    other.close().await?;
    database.read(async |_| Ok(())).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_reader_cannot_mend_is_said() -> Result {
    let folder = tempfile::tempdir()?;
    let missing = Database::open(&V2, folder.path(), &read_only()).await;
    assert!(matches!(missing, Err(OpenError::Missing { .. })));
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "one").await?;
    let outdated = Database::open(&V3, folder.path(), &read_only()).await;
    assert!(matches!(outdated, Err(OpenError::Outdated { applied: 1, needed: 3, .. })));
    let left = tempfile::tempdir()?;
    for suffix in ["", "-wal"] {
        fs::copy(folder.path().join(format!("{FILE}{suffix}")), left.path().join(format!("{FILE}{suffix}")))?;
    }
    let before = bytes(left.path())?;
    let unread = Database::open(&V1, left.path(), &read_only()).await;
    assert!(matches!(unread, Err(OpenError::NeedsRecovery { .. })));
    assert_eq!(bytes(left.path())?, before);
    Ok(())
}

/// Makes a folder that the child cannot write to, whichever user runs this test: root's child
/// becomes the user 65534.
#[cfg(unix)]
fn run_unprivileged(test: &str, folder: &Path) -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let bin = tempfile::tempdir()?;
    let program = bin.path().join("it");
    fs::copy(std::env::current_exe()?, &program)?;
    for (path, mode) in [(bin.path(), 0o755), (&program, 0o755)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    let template = child(test, folder)?;
    let mut command = std::process::Command::new(&program);
    command.args(template.get_args()).current_dir("/");
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    if rustix::process::geteuid().is_root() {
        command.gid(65534).uid(65534);
    }
    loop {
        match command.spawn() {
            // Another test's child was forked while our copy was being written, and holds it open
            // until its own exec.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            spawned => return succeeded(spawned?),
        }
    }
}

#[cfg(unix)]
fn set_mode(folder: &Path, of_folder: u32, of_files: u32) -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(of_files))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(of_folder))?;
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_to() -> Result {
    const NAME: &str = "read_only::a_folder_that_cannot_be_written_to";
    if let Some(folder) = child_of(NAME) {
        let error = Database::open(&V2, &folder, &OpenOptions::new()).await.expect_err("not writable");
        assert!(matches!(error, OpenError::NotWritable { .. }), "{error}");
        let database = Database::open(&V2, &folder, &read_only()).await?;
        assert_eq!(count_notes(&database).await?, 1);
        assert!(matches!(database.begin(Durability::Usual).await, Err(DbError::ReadOnly { .. })));
        let status = inspect(&V2, &folder).await;
        assert_eq!((status.state, status.writable), (DbState::Current, false));
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let database = open(&V2, folder.path()).await?;
    write_note(&database, "one").await?;
    // With a log that no process has open, as a kill leaves it ...
    let left = tempfile::tempdir()?;
    for suffix in ["", "-wal", "-shm"] {
        fs::copy(folder.path().join(format!("{FILE}{suffix}")), left.path().join(format!("{FILE}{suffix}")))?;
    }
    database.close().await?;
    // ... and without one.
    for folder in [left.path(), folder.path()] {
        set_mode(folder, 0o555, 0o444)?;
        let before = bytes(folder)?;
        run_unprivileged(NAME, folder)?;
        assert_eq!(bytes(folder)?, before);
        set_mode(folder, 0o755, 0o644)?;
    }
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_read() -> Result {
    const NAME: &str = "read_only::a_file_that_cannot_be_read";
    if let Some(folder) = child_of(NAME) {
        let error = Database::open(&V2, &folder, &OpenOptions::new()).await.expect_err("not readable");
        assert!(matches!(error, OpenError::Database(DbError::Io { .. })), "{error}");
        assert_eq!(inspect(&V2, &folder).await.state.as_str(), "unreadable");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    open(&V2, folder.path()).await?.close().await?;
    set_mode(folder.path(), 0o755, 0o000)?;
    run_unprivileged(NAME, folder.path())?;
    set_mode(folder.path(), 0o755, 0o644)
}
