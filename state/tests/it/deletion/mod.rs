//! Deleting a thread from every store, whatever happens on the way.

mod again;
mod beside;
mod forks;
mod killed;
mod left;
mod whole;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_memories::StageOneOutputs as _;
use threadkeep_state::StateRuntime;
use threadkeep_state_goals::NewGoal;
use threadkeep_state_logs::{LogOptions, LogQuery, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::common::{Fixture, Result, id, remember, rollout_path, session};

/// Words about the thread in every store.
pub(crate) const MARKER: &str = "ZEBRAQUUX";

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// Two threads with something in every store; the first one has the marker everywhere.
pub(crate) async fn two_threads() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    fixture.write(
        "session_index.jsonl",
        format!("{{\"id\":\"{}\",\"thread_name\":\"{MARKER} named\"}}\n", id(1)),
    )?;
    // Long enough for a checkpoint, which holds words of the conversation too.
    let filler = "{\"timestamp\":\"2026-11-22T13:00:02Z\",\"type\":\"x\",\"payload\":{}}\n".repeat(10_000);
    for (number, words) in [(1, MARKER), (2, "innocent")] {
        fixture.write(&rollout_path(id(number)), session(id(number), words) + &filler)?;
    }
    fixture.index().await?;
    fixture.index_history().await?;
    let state = &fixture.state;
    for (number, words) in [(1, MARKER), (2, "innocent")] {
        state.threads().rename(id(number), Some(words), jiff::Timestamp::now()).await?;
        state.thread_goals().insert(id(number), NewGoal::new(words), now()).await?;
        remember(state, id(number), words).await?;
        state.graph().upsert_edge(id(number), id(number + 10), now()).await?;
        log(state, id(number), words).await?;
    }
    Ok(fixture)
}

/// The first thread is deleted as far as the index goes, and the stores do not know of it.
pub(crate) async fn half_deleted(fixture: &Fixture) -> Result {
    let id = id(1);
    fixture.sql(AssertSqlSafe(format!("INSERT INTO tombstones VALUES ('{id}', 0)"))).await?;
    for store in ["goals", "history", "logs"] {
        fixture
            .sql(AssertSqlSafe(format!("INSERT INTO pending_deletions VALUES ('{id}', '{store}', 0)")))
            .await?;
    }
    Ok(())
}

pub(crate) async fn log(state: &StateRuntime, thread: Uuid, message: &str) -> Result {
    let (layer, writer) = LogWriter::start(state.logs(), LogOptions::default())?;
    let logging = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&logging, || tracing::info!(thread_id = %thread, "{message}"));
    Ok(writer.close().await?)
}

pub(crate) async fn logged(state: &StateRuntime, thread: Uuid) -> Result<usize> {
    Ok(state.logs().query(&LogQuery { threads: vec![thread], ..LogQuery::default() }).await?.len())
}

/// The first thread is in no store any more, and the second is in all.
pub(crate) async fn only_the_second_is_left(state: &StateRuntime) -> Result {
    for (number, there) in [(1, false), (2, true)] {
        let id = id(number);
        assert_eq!(state.threads().get(id).await?.is_some(), there, "{number}: row");
        assert_eq!(state.thread_goals().get(id).await?.is_some(), there, "{number}: goal");
        assert_eq!(state.memories().get(id).await?.is_some(), there, "{number}: memory");
        assert_eq!(!state.graph().children(id).await?.is_empty(), there, "{number}: edges");
        assert_eq!(logged(state, id).await?, usize::from(there), "{number}: logs");
        assert_eq!(state.history().figures(id).await?.is_some(), there, "{number}: history");
    }
    assert!(state.finish_deletions().await?.is_empty());
    Ok(())
}

/// The marker is in no byte of any file.
pub(crate) fn no_residue(folder: &Path) -> Result {
    no_residue_in(folder, |_| true)
}

pub(crate) fn no_residue_in(folder: &Path, is_looked_at: impl Fn(&str) -> bool) -> Result {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().and_then(|name| name.to_str()).is_some_and(&is_looked_at) {
            continue;
        }
        let bytes = std::fs::read(&path)?;
        if bytes.windows(MARKER.len()).any(|window| window.eq_ignore_ascii_case(MARKER.as_bytes())) {
            return Err(format!("{} still has the marker", path.display()).into());
        }
    }
    Ok(())
}
