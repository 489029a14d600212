//! Recoveries that were interrupted, and older programs on the same files: no decision is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use threadkeep_sqlite::{Database, DbError, DbKind, DbSpec, Durability, OpenError, OpenOptions};
use threadkeep_state::{STATE_DB, StateOptions, StateRuntime};
use uuid::Uuid;

use crate::common::{Fixture, Result, id, rollout_path, session, thread};

const DATABASE: &str = "state_5.sqlite";
const DECISIONS: &str = "state_5.sqlite.decisions";

/// Programs of the first two versions.
static V1: DbSpec = version(1);
static V2: DbSpec = version(2);

const fn version(number: usize) -> DbSpec {
    let (file, id) = (STATE_DB.file_name, STATE_DB.application_id);
    DbSpec::new("state", file, DbKind::Rebuildable, id, STATE_DB.migrations.split_at(number).0)
}

fn recovering(folder: &Path) -> StateOptions {
    StateOptions::new(folder).open_options(OpenOptions::new().recover(|_, _| ()))
}

async fn open(folder: &Path) -> Result<StateRuntime> {
    Ok(StateRuntime::open(&recovering(folder)).await?)
}

/// Two named threads in a closed index.
async fn named() -> Result<(Fixture, PathBuf)> {
    let fixture = Fixture::empty().await?;
    for number in [1, 2] {
        fixture.write(&rollout_path(id(number)), session(id(number), "hello"))?;
    }
    fixture.index().await?;
    for number in [1, 2] {
        rename(&fixture.state, id(number), "first").await?;
    }
    fixture.state.clone().close().await?;
    let folder = fixture.sqlite_home();
    Ok((fixture, folder))
}

async fn rename(state: &StateRuntime, thread: Uuid, name: &str) -> Result {
    Ok(state.threads().rename(thread, Some(name), Timestamp::now()).await?)
}

async fn snapshot(folder: &Path) -> Result<PathBuf> {
    let db = Database::open(&STATE_DB, folder, &OpenOptions::new()).await?;
    let path = db.keep_snapshot(Timestamp::now(), 3).await?;
    db.close().await?;
    Ok(path)
}

fn move_by_hand(folder: &Path, to: &str) -> Result {
    fs::create_dir(folder.join(to))?;
    Ok(fs::rename(folder.join(DATABASE), folder.join(to).join(DATABASE))?)
}

async fn assert_names(folder: &Path, names: [&str; 2]) -> Result {
    let state = open(folder).await?;
    for (number, name) in (1..).zip(names) {
        let thread = state.threads().get(id(number)).await?.ok_or("the thread")?;
        assert_eq!(thread.name.as_deref(), Some(name), "thread {number}");
    }
    let left: Vec<_> =
        fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    assert!(!left.iter().any(|name| name.contains(".recovering")), "{left:?}");
    Ok(state.close().await?)
}

#[tokio::test]
async fn a_recovery_killed_after_moving_the_database_begins_again() -> Result {
    for with_decisions in [true, false] {
        let (_fixture, folder) = named().await?;
        move_by_hand(&folder, "damaged-20261128T120000-1")?;
        if !with_decisions {
            fs::remove_file(folder.join(DECISIONS))?;
        }
        assert_names(&folder, ["first"; 2]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_or_empty_database_comes_from_its_snapshot() -> Result {
    for is_empty in [false, true] {
        for with_decisions in [true, false] {
            let (_fixture, folder) = named().await?;
            fs::create_dir(folder.join("damaged-20261128T120000-1"))?;
            fs::copy(folder.join(DATABASE), folder.join("damaged-20261128T120000-1").join(DATABASE))?;
            let state = open(&folder).await?;
            rename(&state, id(1), "second").await?;
            state.close().await?;
            snapshot(&folder).await?;
            let state = open(&folder).await?;
            rename(&state, id(2), "second").await?;
            state.close().await?;
            fs::remove_file(folder.join(DATABASE))?;
            if is_empty {
                fs::write(folder.join(DATABASE), "")?;
            }
            if !with_decisions {
                fs::remove_file(folder.join(DECISIONS))?;
            }
            assert_names(&folder, ["second", if with_decisions { "second" } else { "first" }]).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_edited_snapshot_yields_to_the_file_of_decisions() -> Result {
    let (fixture, folder) = named().await?;
    snapshot(&folder).await?;
    let fixture = fixture.reopened().await?;
    // The deletion removes the thread from the snapshot, whose triggers note that.
    fixture.state.delete_thread(id(1), Timestamp::now()).await?;
    fixture.state.restore_thread(id(1), Timestamp::now()).await?;
    fixture.index().await?;
    rename(&fixture.state, id(1), "second").await?;
    fixture.state.clone().close().await?;
    fs::remove_file(folder.join(DATABASE))?;
    assert_names(&folder, ["second", "first"]).await
}

#[tokio::test]
async fn an_older_snapshot_yields_to_the_file_of_decisions() -> Result {
    for is_restored_by_hand in [false, true] {
        let (_fixture, folder) = named().await?;
        let older = tempfile::tempdir()?;
        let state = StateRuntime::open(&StateOptions::new(older.path())).await?;
        state.close().await?;
        fs::remove_file(older.path().join(DATABASE))?;
        let db = Database::open(&V2, older.path(), &OpenOptions::new()).await?;
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            let insert = "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, \
                 rollout_archived, run_outcome, user_name, user_named_at_ms) \
                 VALUES (?1, '', 0, 0, '', 0, 'unknown', 'older', 1)";
            sqlx::query(insert).bind(id(1).to_string()).execute(conn).await?;
            Ok(())
        })
        .await?;
        db.close().await?;
        let place = if is_restored_by_hand { DATABASE } else { "state_5.sqlite.before-v3" };
        fs::remove_file(folder.join(DATABASE))?;
        fs::rename(older.path().join(DATABASE), folder.join(place))?;
        assert_names(&folder, ["first"; 2]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_older_programs_decide_reaches_the_file() -> Result {
    let (fixture, folder) = named().await?;
    let refused = Database::open(&V1, &folder, &OpenOptions::new()).await;
    assert!(matches!(refused, Err(OpenError::Database(DbError::Newer { .. }))), "{refused:?}");
    for number in [1, 2] {
        let db = Database::open(&V2, &folder, &OpenOptions::new()).await?;
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            let rename =
                "UPDATE threads SET user_name = ?2, user_named_at_ms = user_named_at_ms + 1 WHERE id = ?1";
            sqlx::query(rename)
                .bind(id(number).to_string())
                .bind(format!("by {number}"))
                .execute(conn)
                .await?;
            Ok(())
        })
        .await?;
        db.close().await?;
    }
    let fixture = fixture.reopened().await?;
    let text = fs::read_to_string(folder.join(DECISIONS))?;
    for number in [1, 2] {
        assert!(text.contains(&format!("by {number}")), "{text}");
    }
    fixture.state.clone().close().await?;
    fs::remove_file(folder.join(DATABASE))?;
    assert_names(&folder, ["by 1", "by 2"]).await
}

const KILLED: &str = "recovered::a_kill_at_any_step_of_a_recovery_costs_no_decision";

/// Returns true once a recovery has come to a step.
fn has_reached(folder: &Path, step: usize) -> bool {
    let exists = |name: &str| folder.join(name).exists();
    match step {
        0 => !exists(DATABASE),
        1 => exists("state_5.sqlite.recovering"),
        2 => exists("state_5.sqlite.recovering-wal"),
        3 => exists("state_5.sqlite.recovering.before-v3") || exists("state_5.sqlite.decisions.partial"),
        4 => exists("state_5.sqlite.recovering") && !exists("state_5.sqlite.recovering-wal"),
        5 => {
            exists(DATABASE)
                && folder.read_dir().is_ok_and(|mut all| {
                    all.any(|entry| {
                        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("damaged-"))
                    })
                })
        }
        _ => false,
    }
}

#[tokio::test]
async fn a_kill_at_any_step_of_a_recovery_costs_no_decision() -> Result {
    if let Some(folder) = std::env::var_os("THREADKEEP_TEST_RECOVERS") {
        let state = open(Path::new(&folder)).await?;
        return Ok(state.close().await?);
    }
    for with_decisions in [true, false] {
        for step in 0..6 {
            let (fixture, folder) = named().await?;
            // Everything in it can still be read.
            fixture.sql("CREATE TABLE damage (x)").await?;
            if !with_decisions {
                fs::remove_file(folder.join(DECISIONS))?;
            }
            let mut child = Command::new(std::env::current_exe()?)
                .args(["--exact", KILLED, "--nocapture", "--test-threads=1"])
                .env("THREADKEEP_TEST_RECOVERS", &folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()?;
            while !has_reached(&folder, step) && child.try_wait()?.is_none() {
                std::thread::yield_now();
            }
            child.kill()?;
            child.wait()?;
            assert_names(&folder, ["first"; 2]).await?;
        }
    }
    Ok(())
}

/// Decisions in the databases of the first two versions.
const OLDER: [(&DbSpec, &str); 2] = [
    (
        &V1,
        "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, tokens_used, \
           rollout_archived, run_outcome, user_name) VALUES (?1, '', 0, 0, '', 0, 0, 'unknown', 'older')",
    ),
    (
        &V2,
        "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, \
           rollout_archived, run_outcome, user_name, user_named_at_ms) VALUES (?1, '', 0, 0, '', 0, 'unknown', 'older', 1)",
    ),
];

#[tokio::test]
async fn the_decisions_in_a_damaged_older_database_are_salvaged() -> Result {
    for (spec, insert) in OLDER {
        let folder = tempfile::tempdir()?;
        let db = Database::open(spec, folder.path(), &OpenOptions::new()).await?;
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            sqlx::query(insert).bind(id(1).to_string()).execute(&mut *conn).await?;
            for insert in [
                "INSERT INTO agents (thread_id, closed_by, created_at_ms, updated_at_ms) VALUES (?1, ?1, 1, 2)",
                "INSERT INTO tombstones (thread_id, deleted_at_ms) VALUES (?1, 1)",
            ] {
                let thread = if insert.contains("agents") { id(2) } else { id(3) };
                sqlx::query(insert).bind(thread.to_string()).execute(&mut *conn).await?;
            }
            Ok(())
        })
        .await?;
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'rollouts'";
        let root: i64 = db.read(async |conn| sqlx::query_scalar(root).fetch_one(conn).await).await?;
        db.close().await?;
        let mut bytes = fs::read(folder.path().join(DATABASE))?;
        let end = usize::try_from(root)? * 4_096;
        bytes[end - 4_096..end].fill(0xa5);
        fs::write(folder.path().join(DATABASE), bytes)?;

        let options = OpenOptions::new().recover(|_, _| ());
        let db = Database::open(&STATE_DB, folder.path(), &options).await?;
        let recovery = db.recovery().ok_or("it was damaged")?;
        assert_eq!((recovery.salvaged, recovery.refused), (3, 0), "{spec:?}");
        db.close().await?;
        let state = open(folder.path()).await?;
        let thread = state.threads().get(id(1)).await?.ok_or("the thread")?;
        assert_eq!(thread.name.as_deref(), Some("older"));
        assert_eq!(state.threads().deleted(9).await?.len(), 1);
        state.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn damaged_databases_that_may_have_words_are_listed() -> Result {
    let fixture = Fixture::empty().await?;
    fixture.state.threads().upsert(&[thread(1, 0)?]).await?;
    assert!(fixture.state.damaged_databases().is_empty());
    let folder = fixture.sqlite_home();
    fs::create_dir(folder.join("damaged-20261128T120000-1"))?;
    fs::create_dir(folder.join("damaged-20261128T120000-2"))?;
    let moved = folder.join("damaged-20261128T120000-2").join("logs_2.sqlite");
    fs::write(&moved, "words")?;
    assert_eq!(fixture.state.damaged_databases(), [moved]);
    Ok(())
}
