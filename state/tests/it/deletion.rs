//! Deleting a thread from every store, whatever happens on the way.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{Database, DbSpec, DbTelemetry, Tombstone};
use threadkeep_state::backfill::IndexOptions;
use threadkeep_state::{OpenOptions, STATE_DB, StateOptions, StateRuntime};
use threadkeep_state_goals::{GoalError, NewGoal};
use threadkeep_state_logs::{LogOptions, LogQuery, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::common::{Lab, Result, id, rollout_path, session};

/// What is said of the thread in every store.
const MARKER: &str = "ZEBRAQUUX";

const HOUR: Duration = Duration::from_secs(3_600);

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// Two threads with something in every store; the first one has the marker everywhere.
async fn two_threads() -> Result<Lab> {
    let lab = Lab::empty().await?;
    lab.write(
        "session_index.jsonl",
        format!("{{\"id\":\"{}\",\"thread_name\":\"{MARKER} named\"}}\n", id(1)),
    )?;
    // Long enough for a checkpoint, which holds words of the conversation too.
    let filler = "{\"timestamp\":\"2026-11-22T13:00:02Z\",\"type\":\"x\",\"payload\":{}}\n".repeat(10_000);
    for (number, words) in [(1, MARKER), (2, "innocent")] {
        lab.write(&rollout_path(id(number)), session(id(number), words) + &filler)?;
    }
    lab.index().await?;
    let state = &lab.state;
    for (number, words) in [(1, MARKER), (2, "innocent")] {
        state.threads().rename(id(number), Some(words)).await?;
        state.thread_goals().insert(id(number), NewGoal::new(words), now()).await?;
        state.thread_memories().upsert(id(number), words, words, now()).await?;
        state.graph().upsert_edge(id(number), id(number + 10), now()).await?;
        log(state, id(number), words).await?;
    }
    Ok(lab)
}

/// The first thread is deleted as far as the index goes, and the stores do not know of it.
async fn half_deleted(lab: &Lab) -> Result {
    let (digest, id) = (Tombstone::digest(id(1)), id(1));
    lab.sql(AssertSqlSafe(format!("INSERT INTO tombstones VALUES ('{digest}', 0)"))).await?;
    for store in ["goals", "logs"] {
        lab.sql(AssertSqlSafe(format!("INSERT INTO pending_cleanups VALUES ('{id}', '{store}', 0)"))).await?;
    }
    Ok(())
}

async fn log(state: &StateRuntime, thread: Uuid, message: &str) -> Result {
    let (layer, writer) = LogWriter::start(state.logs(), LogOptions::default())?;
    let logging = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&logging, || tracing::info!(thread_id = %thread, "{message}"));
    Ok(writer.close().await?)
}

async fn logged(state: &StateRuntime, thread: Uuid) -> Result<usize> {
    Ok(state.logs().query(&LogQuery { threads: vec![thread], ..LogQuery::default() }).await?.len())
}

/// The first thread is in no store any more, and the second is in all.
async fn only_the_second_is_left(state: &StateRuntime) -> Result {
    for (number, there) in [(1, false), (2, true)] {
        let id = id(number);
        assert_eq!(state.threads().get(id).await?.is_some(), there, "{number}: row");
        assert_eq!(state.thread_goals().get(id).await?.is_some(), there, "{number}: goal");
        assert_eq!(state.thread_memories().get(id).await?.is_some(), there, "{number}: memory");
        assert_eq!(!state.graph().children(id).await?.is_empty(), there, "{number}: edges");
        assert_eq!(logged(state, id).await?, usize::from(there), "{number}: logs");
    }
    assert!(state.finish_cleanups().await?.is_empty());
    Ok(())
}

/// Neither the id nor the marker is in any byte of any file.
fn no_residue(folder: &Path) -> Result {
    no_residue_in(folder, |_| true)
}

fn no_residue_in(folder: &Path, is_looked_at: impl Fn(&str) -> bool) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().and_then(|name| name.to_str()).is_some_and(&is_looked_at) {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let (text, raw) = (id(1).to_string(), id(1).into_bytes());
        for marker in [MARKER.as_bytes(), text.as_bytes(), &raw] {
            let found = bytes.windows(marker.len()).any(|window| window.eq_ignore_ascii_case(marker));
            if found {
                return Err(
                    format!("{} still has {}", path.display(), String::from_utf8_lossy(marker)).into()
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_deleted_thread_is_left_in_any_page_of_any_database() -> Result {
    let lab = two_threads().await?;
    assert_eq!(lab.state.delete_thread(id(1), now()).await?, []);
    only_the_second_is_left(&lab.state).await?;
    // Also what index runs see of it again is not kept.
    lab.index().await?;
    lab.engine(Default::default())?.force(true).run(|_| ()).await?;
    lab.append("session_index.jsonl", "\n")?;
    lab.index().await?;
    let folder = lab.sqlite_home();
    lab.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn those_that_a_deleted_thread_spawned_name_it_no_more_until_it_is_back() -> Result {
    let lab = two_threads().await?;
    let parent = id(1);
    // Nobody has to write an id as we do.
    let spelled = parent.to_string().to_uppercase();
    let spawned =
        format!("{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{spelled}\",\"depth\":1}}}}}}");
    let child = session(id(3), "work").replace("\"source\":\"cli\"", &format!("\"source\":{spawned}"));
    assert!(child.contains(&spelled), "the child's rollout names its parent");
    let child = child.replace("\"source\":", &format!("\"parent_thread_id\":\"{parent}\",\"source\":"));
    lab.write(&rollout_path(id(3)), child)?;
    lab.index().await?;
    let threads = lab.state.threads();
    let before = threads.get(id(3)).await?.ok_or("the child")?;
    assert_eq!(before.parent_thread_id, Some(parent));

    lab.state.delete_thread(parent, now()).await?;
    for forced in [false, true] {
        lab.engine(Default::default())?.force(forced).run(|_| ()).await?;
        let after = threads.get(id(3)).await?.ok_or("the child")?;
        assert_eq!(after.parent_thread_id, None);
        let source = after.source.ok_or("a source")?;
        assert_eq!(source, before.source.as_deref().ok_or("a source")?.replace(&spelled, "deleted"));
        assert!(lab.state.audit(&lab.home()?, |_, _| ()).await?.differences.is_empty());
    }
    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(threads.get(id(3)).await?, Some(before));
    assert!(lab.state.audit(&lab.home()?, |_, _| ()).await?.differences.is_empty());

    lab.state.delete_thread(parent, now()).await?;
    let folder = lab.sqlite_home();
    lab.state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn a_thread_that_is_brought_back_takes_goals_and_logs_again() -> Result {
    let lab = two_threads().await?;
    let new = || NewGoal::new("again");
    lab.state.delete_thread(id(1), now()).await?;
    let refused = lab.state.thread_goals().insert(id(1), new(), now()).await;
    assert!(matches!(refused, Err(GoalError::Forgotten { .. })));
    log(&lab.state, id(1), "late").await?;
    assert_eq!(logged(&lab.state, id(1)).await?, 0);

    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert_eq!(lab.state.finish_cleanups().await?, []);
    lab.state.thread_goals().insert(id(1), new(), now()).await?;
    log(&lab.state, id(1), "again").await?;
    assert_eq!(logged(&lab.state, id(1)).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_note_that_a_thread_came_back_before_is_no_deletion() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    half_deleted(&lab).await?;
    lab.sql("DELETE FROM tombstones").await?;
    lab.state.clone().close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    assert_eq!(logged(&state, id(1)).await?, 1);
    assert!(state.finish_cleanups().await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_works_on_the_thread_meanwhile_leaves_nothing_of_it() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    // Another process, as it were: with connections of its own.
    let other = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let (layer, writer) = LogWriter::start(other.logs(), LogOptions::default())?;
    let logging = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let is_over = Arc::new(AtomicBool::new(false));
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let working = tokio::spawn({
        let (other, is_over) = (other.clone(), Arc::clone(&is_over));
        async move {
            let mut begun = Some(begun);
            while !is_over.load(Ordering::SeqCst) {
                // What is refused is what is asked for.
                let _ = other.thread_goals().replace(id(1), NewGoal::new(MARKER), now()).await;
                let _ = other.threads().rename(id(1), Some(MARKER)).await;
                let _ = other.graph().upsert_edge(id(1), id(9), now()).await;
                let _ = other.thread_memories().upsert(id(1), MARKER, MARKER, now()).await;
                tracing::dispatcher::with_default(
                    &logging,
                    || tracing::info!(thread_id = %id(1), "{MARKER}"),
                );
                let _ = begun.take().map(|begun| begun.send(()));
            }
        }
    });
    has_begun.await?;
    let state = lab.state.clone();
    let left = tokio::spawn(async move { state.delete_thread(id(1), now()).await }).await??;
    is_over.store(true, Ordering::SeqCst);
    working.await?;
    writer.close().await?;
    other.close().await?;
    lab.state.close().await?;
    // Something may have been in the way; then the next one finishes.
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert_eq!(state.finish_cleanups().await?, [], "{left:?}");
    state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn what_was_deleted_stays_so_when_the_index_is_lost() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    lab.state.delete_thread(id(1), now()).await?;
    lab.state.clone().close().await?;
    std::fs::remove_file(folder.join("state_5.sqlite"))?;

    let lab = lab.reopened().await?;
    lab.index().await?;
    assert!(lab.state.threads().get(id(1)).await?.is_none());
    assert!(lab.state.threads().get(id(2)).await?.is_some());
    lab.index_with(IndexOptions { include_deleted: true }).await?;
    assert!(lab.state.threads().get(id(1)).await?.is_some());
    assert_eq!(lab.state.finish_cleanups().await?, []);
    lab.state.thread_goals().insert(id(1), NewGoal::new("again"), now()).await?;
    Ok(())
}

#[tokio::test]
async fn the_snapshots_that_upgrades_have_left_forget_it_too() -> Result {
    for version in 1..STATE_DB.migrations.len() {
        let lab = two_threads().await?;
        let folder = lab.sqlite_home();
        lab.state.clone().close().await?;
        // The index of then, with both threads.
        std::fs::remove_file(folder.join("state_5.sqlite"))?;
        let DbSpec { label, file_name, kind, application_id, migrations, .. } = STATE_DB;
        let first =
            Box::leak(Box::new(DbSpec::new(label, file_name, kind, application_id, &migrations[..version])));
        let old = Database::open(first, &folder, &OpenOptions::new()).await?;
        let mut tx = old.begin().await?;
        for (id, words) in [(id(1), MARKER), (id(2), "innocent")] {
            sqlx::query(
                "INSERT INTO threads (id, rollout_path, created_at_ms, updated_at_ms, model_provider, title, tokens_used, \
                   rollout_archived, user_name) VALUES (?1, ?2, 0, 0, 'mock', ?3, 0, 0, ?3)",
            )
            .bind(id.to_string())
            .bind(rollout_path(id))
            .bind(words)
            .execute(tx.conn())
            .await?;
        }
        tx.commit().await?;
        old.close().await?;

        let lab = lab.reopened().await?;
        assert!(
            no_residue_in(&folder, |name| name.contains(".before-v")).is_err(),
            "it is looked for where it is"
        );
        assert_eq!(lab.state.delete_thread(id(1), now()).await?, []);
        lab.state.close().await?;
        no_residue(&folder)?;
        let snapshot = folder.join(format!("state_5.sqlite.before-v{}", STATE_DB.migrations.len()));
        let restored = tempfile::tempdir()?;
        std::fs::copy(&snapshot, restored.path().join(file_name))?;
        let old = Database::open(first, restored.path(), &OpenOptions::new()).await?;
        let mut reader = old.reader().await?;
        let names: Vec<String> =
            sqlx::query_scalar("SELECT user_name FROM threads").fetch_all(reader.conn()).await?;
        assert_eq!(names, ["innocent"], "the program of version {version} still reads it");
    }
    Ok(())
}

#[tokio::test]
async fn archiving_deletes_nothing() -> Result {
    let lab = two_threads().await?;
    for number in [1, 2] {
        lab.state.threads().archive(id(number), now()).await?;
        assert!(lab.state.thread_goals().get(id(number)).await?.is_some());
        assert!(lab.state.thread_memories().get(id(number)).await?.is_some());
        assert_eq!(logged(&lab.state, id(number)).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_cannot_be_cleaned_is_cleaned_when_it_can() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    lab.state.clone().close().await?;
    let goals = folder.join("goals_1.sqlite");
    let theirs = std::fs::read(&goals)?;
    std::fs::write(&goals, "for a while this is another program's")?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let left = state.delete_thread(id(1), now()).await?;
    assert_eq!(
        left.iter().map(|left| (left.thread_id, left.store.as_str())).collect::<Vec<_>>(),
        [(id(1), "goals")]
    );
    assert!(left[0].reason.contains("goals_1.sqlite"), "{}", left[0].reason);
    assert_eq!(logged(&state, id(1)).await?, 0, "the other store was cleaned");
    state.close().await?;

    std::fs::write(&goals, theirs)?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    only_the_second_is_left(&state).await?;
    state.close().await?;
    no_residue(&folder)
}

#[tokio::test]
async fn a_store_that_is_locked_does_not_keep_the_state_from_opening() -> Result {
    let lab = two_threads().await?;
    let folder = lab.sqlite_home();
    half_deleted(&lab).await?;
    lab.state.clone().close().await?;
    let mut locks = Vec::new();
    for file in ["goals_1.sqlite", "logs_2.sqlite"] {
        let mut lock = SqliteConnection::connect(&format!("sqlite:{}", folder.join(file).display())).await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await?;
        locks.push(lock);
    }
    // Waiting would outlast any patience: it is asked for longer than a test may take.
    let patient = OpenOptions::new().busy_timeout(HOUR).write_timeout(HOUR);
    let state = StateRuntime::open(&StateOptions::new(&folder).open_options(patient)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some(), "it is left for later");
    let left = state.delete_thread(id(2), now()).await?;
    let left: Vec<_> = left.iter().map(|left| (left.thread_id, left.store.as_str())).collect();
    assert_eq!(left, [(id(1), "goals"), (id(1), "logs"), (id(2), "goals"), (id(2), "logs")]);
    state.close().await?;
    for lock in locks {
        lock.close().await?;
    }
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_none());
    assert_eq!(logged(&state, id(1)).await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_only_a_newer_program_can_clean_is_left_to_it() -> Result {
    let lab = two_threads().await?;
    lab.sql("INSERT INTO pending_cleanups VALUES ('01a2036c-0000-7000-8000-000000000001', 'pictures', 0)")
        .await?;
    let folder = lab.sqlite_home();
    lab.state.clone().close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let left = state.finish_cleanups().await?;
    assert_eq!(left.iter().map(|left| left.store.as_str()).collect::<Vec<_>>(), ["pictures"]);
    assert!(left[0].reason.contains("no pictures"), "{}", left[0].reason);
    assert_eq!(state.delete_thread(id(1), now()).await?.len(), 1, "and everything else is done");
    Ok(())
}

#[tokio::test]
async fn a_read_only_runtime_leaves_what_is_to_be_cleaned() -> Result {
    let lab = two_threads().await?;
    half_deleted(&lab).await?;
    let folder = lab.sqlite_home();
    lab.state.clone().close().await?;
    let options = threadkeep_state::OpenOptions::new().read_only(true);
    let state = StateRuntime::open(&StateOptions::new(&folder).open_options(options)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_some());
    state.close().await?;
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert!(state.thread_goals().get(id(1)).await?.is_none());
    Ok(())
}

/// Stops the process, without ending it, at one step of a deletion.
struct StopAt {
    step: usize,
    seen: AtomicUsize,
}

impl DbTelemetry for StopAt {
    fn counter(&self, name: &'static str, _value: u64, _tags: Tags<'_>) {
        if name == names::CLEANUP && self.seen.fetch_add(1, Ordering::SeqCst) == self.step {
            let _ = std::io::stdout().write_all(b"\nSTOPPED\n").and_then(|()| std::io::stdout().flush());
            loop {
                std::thread::park();
            }
        }
    }

    fn duration(&self, _name: &'static str, _duration: Duration, _tags: Tags<'_>) {}
}

const KILLED: &str = "deletion::a_kill_between_any_two_steps_is_finished_at_the_next_open";

/// The child: deletes the thread, and stops at a step.
async fn delete_and_stop(folder: &Path) -> Result {
    let step = std::env::var("THREADKEEP_TEST_STEP")?.parse()?;
    let sink = StopAt { step, seen: AtomicUsize::new(0) };
    let options = StateOptions::new(folder).telemetry(Arc::new(sink));
    let state = StateRuntime::open(&options).await?;
    state.delete_thread(id(1), now()).await?;
    Err("it did not stop".into())
}

#[tokio::test]
async fn a_kill_between_any_two_steps_is_finished_at_the_next_open() -> Result {
    if let Some(folder) = std::env::var_os("THREADKEEP_TEST_FOLDER") {
        return delete_and_stop(Path::new(&folder)).await;
    }
    // The thread is taken out of the index; then its goal is deleted, and that is struck out; then its logs; then what the
    // index's snapshots have of it.
    for step in 0..7 {
        let lab = two_threads().await?;
        let folder = lab.sqlite_home();
        lab.state.clone().close().await?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", KILLED, "--nocapture", "--test-threads=1"])
            .env("THREADKEEP_TEST_FOLDER", &folder)
            .env("THREADKEEP_TEST_STEP", step.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = BufReader::new(child.stdout.take().ok_or("a pipe")?);
        let stopped = stdout.lines().map_while(std::result::Result::ok).any(|line| line == "STOPPED");
        child.kill()?;
        child.wait()?;
        assert!(stopped, "step {step} was never reached");

        let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
        // The next one may be killed, too, and nobody comes to close what only a deletion has opened.
        no_residue_in(&folder, |name| !name.starts_with("state_5.sqlite") || name.contains(".before-v"))?;
        only_the_second_is_left(&state).await?;
        state.close().await?;
        no_residue(&folder)?;
    }
    Ok(())
}
