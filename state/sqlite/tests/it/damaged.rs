//! Damage that shows only in use, in a database that was closed cleanly.

use std::fs;
use std::path::Path;

use threadkeep_sqlite::{Database, DbError, Durability, OpenError, OpenOptions};

use crate::support::{FILE, Result, V1, count_notes, open, write_note};

#[tokio::test]
async fn damage_that_is_found_in_use_is_repaired_at_the_next_opening() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    for _ in 0..10 {
        write_note(&database, &"x".repeat(1_000_000)).await?;
    }
    database.close().await?;
    let file = folder.path().join(FILE);
    let length = fs::metadata(&file)?.len();
    assert!(length > 8 << 20, "only the content of a small database is part of its seal: {length}");
    // The disk changes a page, and the file keeps its time.
    let time = fs::metadata(&file)?.modified()?;
    let mut bytes = fs::read(&file)?;
    let at = bytes.len() / 2;
    bytes[at..at + 200_000].fill(0xa5);
    fs::write(&file, bytes)?;
    fs::File::options().write(true).open(&file)?.set_modified(time)?;

    let recovering = OpenOptions::new().recover(|_, _| ());
    let database = Database::open(&V1, folder.path(), &recovering).await?;
    assert!(database.recovery().is_none(), "it looks as it was left");
    let read = count_long_notes(&database).await;
    assert!(matches!(read, Err(DbError::Corrupt(..))), "{read:?}");
    database.close().await?;
    let database = Database::open(&V1, folder.path(), &recovering).await?;
    let moved = database.recovery().and_then(|recovery| recovery.moved_to.clone());
    assert!(moved.is_some_and(|moved| moved.exists()), "it was moved aside");
    assert_eq!(count_notes(&database).await?, 0);
    database.write::<(), DbError>(Durability::Usual, async |_| Ok(())).await?;
    Ok(database.close().await?)
}

/// Reads every note whole.
async fn count_long_notes(database: &Database) -> std::result::Result<i64, DbError> {
    const ALL: &str = "SELECT count(*) FROM notes WHERE text LIKE '%y%'";
    database.read(async |conn| sqlx::query_scalar(ALL).fetch_one(conn).await).await
}

#[tokio::test]
async fn damage_that_comes_while_a_small_database_is_open_is_not_sealed() -> Result {
    let folder = tempfile::tempdir()?;
    let recovering = OpenOptions::new().recover(|_, _| ());
    let database = Database::open(&V1, folder.path(), &recovering).await?;
    for _ in 0..60 {
        write_note(&database, &"x".repeat(3_000)).await?;
    }
    database.close().await?;
    for writes in [false, true] {
        let database = Database::open(&V1, folder.path(), &recovering).await?;
        assert_eq!((database.recovery().is_some(), count_notes(&database).await?), (false, 60));
        // The disk changes pages that the connection has in its memory.
        let file = folder.path().join(FILE);
        let whole = fs::read(&file)?;
        let mut bytes = whole.clone();
        bytes[40_960..81_920].fill(0xa5);
        fs::write(&file, &bytes)?;
        if writes {
            write_note(&database, "one more").await?;
        }
        database.close().await?;
        let database = Database::open(&V1, folder.path(), &recovering).await?;
        assert!(database.recovery().is_some(), "it was sealed with its damage; a write: {writes}");
        database.close().await?;
        fs::write(&file, whole)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_emptied_while_it_is_open_is_damaged() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "a note").await?;
    database.close().await?;
    let database = open(&V1, folder.path()).await?;
    fs::File::options().write(true).open(folder.path().join(FILE))?.set_len(0)?;
    let read = count_notes(&database).await;
    let said = read.err().ok_or("there is no note to count")?.to_string();
    assert!(said.ends_with("the file is damaged: another program has emptied it"), "{said}");
    Ok(database.close().await?)
}

/// Replaces the time of the last check in a seal by a time long ago.
fn make_old(folder: &Path) -> Result {
    let lock = folder.join(format!("{FILE}.lock"));
    let seal = fs::read_to_string(&lock)?;
    let (content, check) = seal.split_once(" checked ").ok_or("the database is sealed")?;
    let owed = if check.ends_with(" owed\n") { " owed" } else { "" };
    Ok(fs::write(lock, format!("{content} checked 1{owed}\n"))?)
}

#[tokio::test]
async fn damage_that_comes_while_a_larger_database_is_open_is_found_within_a_minute() -> Result {
    let folder = tempfile::tempdir()?;
    let recovering = OpenOptions::new().recover(|_, _| ());
    let database = Database::open(&V1, folder.path(), &recovering).await?;
    for _ in 0..60 {
        write_note(&database, &"x".repeat(100_000)).await?;
    }
    database.close().await?;
    let file = folder.path().join(FILE);
    let whole = fs::read(&file)?;
    assert!((1 << 20..8 << 20).contains(&whole.len()), "{}", whole.len());
    // The last check is long ago when the database is closed, or only afterwards.
    for was_old in [true, false] {
        if was_old {
            make_old(folder.path())?;
        }
        let database = Database::open(&V1, folder.path(), &recovering).await?;
        assert_eq!((database.recovery().is_some(), count_notes(&database).await?), (false, 60));
        let mut bytes = whole.clone();
        bytes[2_000_000..4_000_000].fill(0xa5);
        fs::write(&file, &bytes)?;
        write_note(&database, "one more").await?;
        database.close().await?;
        if !was_old {
            make_old(folder.path())?;
        }
        let database = Database::open(&V1, folder.path(), &recovering).await?;
        assert!(database.recovery().is_some(), "it was sealed with its damage; closed late: {was_old}");
        database.close().await?;
        fs::write(&file, &whole)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_check_that_a_seal_owes_is_made_once() -> Result {
    let folder = tempfile::tempdir()?;
    let database = open(&V1, folder.path()).await?;
    for _ in 0..20 {
        write_note(&database, &"x".repeat(100_000)).await?;
    }
    database.close().await?;
    let database = open(&V1, folder.path()).await?;
    write_note(&database, "one more").await?;
    database.close().await?;
    let seal = || fs::read_to_string(folder.path().join(format!("{FILE}.lock")));
    assert!(seal()?.ends_with(" owed\n"), "it was checked a moment ago");
    make_old(folder.path())?;
    open(&V1, folder.path()).await?.close().await?;
    assert!(!seal()?.ends_with(" owed\n") && !seal()?.contains("checked 1\n"), "{}", seal()?);
    Ok(())
}

/// Beginnings of a database, as damage may leave them.
const BEGINNINGS: [fn(&mut Vec<u8>); 4] = [
    |bytes| bytes[..4_096].fill(b'l'),
    |bytes| bytes[3] = b'l',
    |bytes| bytes[..4_096].copy_from_slice(&[0xc3, 0x28, 0xa0, 0xff].repeat(1_024)),
    |bytes| bytes[..16].fill(0),
];

#[tokio::test]
async fn a_database_that_is_cut_and_lost_its_header_is_damaged_and_not_foreign() -> Result {
    let recovering = OpenOptions::new().recover(|_, _| ());
    for (number, damage) in BEGINNINGS.into_iter().enumerate() {
        for length in [10, 2_000, 6_000] {
            let folder = tempfile::tempdir()?;
            let database = open(&V1, folder.path()).await?;
            write_note(&database, "a note").await?;
            database.close().await?;
            let file = folder.path().join(FILE);
            let mut bytes = fs::read(&file)?;
            damage(&mut bytes);
            bytes.truncate(length);
            fs::write(&file, bytes)?;
            let database = Database::open(&V1, folder.path(), &recovering).await?;
            let moved = database.recovery().is_some_and(|recovery| recovery.moved_to.is_some());
            assert!(moved, "damage {number}, {length} bytes");
            database.close().await?;
            fs::write(&file, b"the file of another program, put here by hand".repeat(1 + length / 40))?;
            let refused = Database::open(&V1, folder.path(), &recovering).await;
            let is_foreign = matches!(refused, Err(OpenError::Foreign { .. }));
            assert!(is_foreign, "damage {number}, {length} bytes");
        }
    }
    Ok(())
}
