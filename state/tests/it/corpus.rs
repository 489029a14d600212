//! Properties of the index of real rollouts, apart from its rows.

use std::fs;

use crate::common::{Fixture, Result};

#[tokio::test]
async fn credentials_of_a_remote_reach_no_file_of_ours() -> Result {
    let fixture = Fixture::bundled().await?;
    let secret = b"s3cr3t-token";
    let holds = |path: &std::path::Path| -> Result<bool> {
        Ok(fs::read(path)?.windows(secret.len()).any(|window| window == secret))
    };
    let rollout = fixture
        .path("sessions/2026/11/22/rollout-2026-11-22T13-26-05-01a2036f-755a-7811-b14e-4200865829fd.jsonl");
    assert!(holds(&rollout)?, "the corpus has the made-up credentials");

    fixture.index().await?;
    let sqlite_home = fixture.sqlite_home();
    fixture.state.close().await?;
    let mut files = 0;
    for entry in fs::read_dir(sqlite_home)? {
        let path = entry?.path();
        assert!(!holds(&path)?, "{} holds them", path.display());
        files += 1;
    }
    assert!(files > 0);
    Ok(())
}

#[tokio::test]
async fn indexing_changes_no_byte_of_the_home() -> Result {
    let fixture = Fixture::bundled().await?;
    let before = snapshot(&fixture.path(""))?;
    fixture.index().await?;
    fixture.index().await?;
    assert_eq!(snapshot(&fixture.path(""))?, before);
    Ok(())
}

fn snapshot(folder: &std::path::Path) -> Result<Vec<(std::path::PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(snapshot(&path)?);
        } else {
            files.push((path.clone(), fs::read(path)?));
        }
    }
    files.sort();
    Ok(files)
}

#[tokio::test]
async fn an_unchanged_home_is_read_once_and_its_rows_are_written_once() -> Result {
    let fixture = Fixture::bundled().await?;
    fixture.index().await?;
    let mut conn = fixture.raw().await?;
    // Triggers that refuse every write of a thread: a second pass, also if it reads everything
    // again, makes none.
    for sql in [
        "CREATE TRIGGER no_update BEFORE UPDATE ON threads BEGIN SELECT raise(ABORT, 'updated'); END",
        "CREATE TRIGGER no_delete BEFORE DELETE ON threads BEGIN SELECT raise(ABORT, 'deleted'); END",
        "CREATE TRIGGER no_insert BEFORE INSERT ON threads \
           WHEN NOT EXISTS (SELECT 1 FROM threads WHERE id = new.id) BEGIN SELECT raise(ABORT, 'inserted'); END",
    ] {
        sqlx::query(sql).execute(&mut conn).await?;
    }
    let again = fixture.index().await?;
    assert_eq!((again.indexed, again.unchanged), (0, 16));
    let forced = fixture
        .engine(threadkeep_state::backfill::IndexOptions::default())?
        .with(|it| it.force = true)
        .run(|_| ())
        .await?;
    assert_eq!((forced.indexed, forced.failed), (16, 0));
    Ok(())
}
