//! Pipes, sockets and folders in the places of our files: refused at once, and never waited for.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use threadkeep_sqlite::{Database, OpenError, OpenOptions, inspect};

use crate::support::{FILE, Result, V1, V2, bytes, child, child_of, count_notes, open, succeeded};

/// The child's part: opens in every way. In a process of its own, so that a hang can be ended.
async fn is_refused(test: &str) -> Result<bool> {
    let Some(folder) = child_of(test) else { return Ok(false) };
    for options in [OpenOptions::new(), OpenOptions::new().read_only(true)] {
        let error = Database::open(&V2, &folder, &options).await.expect_err("no file is there");
        assert!(matches!(error, OpenError::NotAFile { .. }), "{error}");
    }
    let status = inspect(&V2, &folder).await;
    assert_eq!(status.state.as_str(), "foreign", "{status:?}");
    Ok(true)
}

/// Runs a test's child, and ends it when it hangs.
fn run(test: &str, folder: &Path) -> Result {
    let mut running = child(test, folder)?.spawn()?;
    let started = std::time::Instant::now();
    while running.try_wait()?.is_none() {
        if started.elapsed().as_secs() >= 20 {
            running.kill()?;
            return Err(format!("{test} hangs").into());
        }
        std::thread::yield_now();
    }
    succeeded(running)
}

fn fifo(path: &Path) -> Result {
    let made = std::process::Command::new("mkfifo").arg(path).status()?;
    if made.success() { Ok(()) } else { Err("mkfifo".into()) }
}

#[tokio::test]
async fn a_pipe_or_a_folder_at_any_place() -> Result {
    const NAME: &str = "not_files::a_pipe_or_a_folder_at_any_place";
    if is_refused(NAME).await? {
        return Ok(());
    }
    for created in [false, true] {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let folder = tempfile::tempdir()?;
            if created {
                open(&V2, folder.path()).await?.close().await?;
            }
            let path = folder.path().join(format!("{FILE}{suffix}"));
            let _ = fs::remove_file(&path);
            fifo(&path)?;
            run(NAME, folder.path()).map_err(|error| format!("a pipe at {suffix:?}: {error}"))?;
            fs::remove_file(&path)?;
            fs::create_dir(&path)?;
            run(NAME, folder.path()).map_err(|error| format!("a folder at {suffix:?}: {error}"))?;
            fs::remove_dir(&path)?;
            let _socket = std::os::unix::net::UnixListener::bind(&path)?;
            run(NAME, folder.path()).map_err(|error| format!("a socket at {suffix:?}: {error}"))?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_pipe_behind_a_symlink() -> Result {
    const NAME: &str = "not_files::a_pipe_behind_a_symlink";
    if is_refused(NAME).await? {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let elsewhere = tempfile::tempdir()?;
    fifo(&elsewhere.path().join("pipe"))?;
    std::os::unix::fs::symlink(elsewhere.path().join("pipe"), folder.path().join(FILE))?;
    run(NAME, folder.path())
}

#[tokio::test]
async fn a_pipe_or_a_folder_in_the_place_of_the_lock() -> Result {
    const NAME: &str = "not_files::a_pipe_or_a_folder_in_the_place_of_the_lock";
    if let Some(folder) = child_of(NAME) {
        let before = bytes(&folder)?;
        let error = Database::open(&V2, &folder, &OpenOptions::new()).await.expect_err("no lock");
        let OpenError::NotAFile(path) = &error else { return Err(error.into()) };
        assert_eq!(path, &folder.join(format!("{FILE}.lock")));
        assert_eq!(bytes(&folder)?, before);
        return Ok(());
    }
    for created in [false, true] {
        let folder = tempfile::tempdir()?;
        if created {
            open(&V1, folder.path()).await?.close().await?;
        }
        let lock = folder.path().join(format!("{FILE}.lock"));
        let _ = fs::remove_file(&lock);
        fifo(&lock)?;
        run(NAME, folder.path())?;
        if created {
            // What needs no lock is not kept from working.
            let database = open(&V1, folder.path()).await?;
            assert_eq!(count_notes(&database).await?, 0);
            database.close().await?;
        }
        fs::remove_file(&lock)?;
        fs::create_dir(&lock)?;
        run(NAME, folder.path())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_path_that_is_not_utf_8_is_refused() -> Result {
    use std::os::unix::ffi::OsStrExt as _;

    let home = tempfile::tempdir()?;
    let folder = home.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder)?;
    for options in [OpenOptions::new(), OpenOptions::new().read_only(true)] {
        let error = Database::open(&V2, &folder, &options).await.expect_err("SQLite takes no such path");
        assert!(matches!(&error, OpenError::NotUtf8(path) if *path == folder.join(FILE)), "{error}");
    }
    let status = inspect(&V2, &folder).await;
    assert_eq!(status.state.as_str(), "unreadable", "{status:?}");
    assert!(bytes(&folder)?.is_empty());
    Ok(())
}
