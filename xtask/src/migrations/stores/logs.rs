//! The logs, as a program and its user work with them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{
    LOGS_DB, Level, LevelMatch, LogOptions, LogQuery, LogRow, LogStore, LogWriter, Order,
};
use tracing_subscriber::layer::SubscriberExt as _;

use super::{DELETED, KEPT, Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-state-logs",
    spec: &LOGS_DB,
    queues: &[],
    statements: threadkeep_state_logs::statements,
    exercise,
};

/// Fewer than an exercise logs, so that rows are evicted.
const KEPT_ROWS: u64 = 20;

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(async move {
        let store = LogStore::new(folder, &OpenOptions::new());
        let before = store.last_id().await?;
        write(&store).await?;
        read(&store, before).await?;
        delete(&store).await?;
        store.close().await?;
        Ok(())
    })
}

async fn write(store: &LogStore) -> Result<()> {
    let options = LogOptions { keep_rows: KEPT_ROWS, batch_rows: 7, ..LogOptions::default() };
    let (layer, writer) = LogWriter::start(store, options)?;
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for number in 0..KEPT_ROWS + 5 {
            tracing::info_span!("exercise", thread_id = %KEPT)
                .in_scope(|| tracing::warn!(number, "a thread's"));
            tracing::info!(thread_id = %DELETED, prompt = "never stored", "of a thread that will be deleted");
            tracing::info!("of the process");
        }
    });
    writer.close().await?;
    ensure!(writer.dropped() == 0, "rows were dropped");
    Ok(())
}

async fn read(store: &LogStore, before: i64) -> Result<()> {
    let mut all = LogQuery { after_id: Some(before), limit: 1_000, ..LogQuery::default() };
    let rows = store.query(&all).await?;
    ensure!(rows.len() as u64 == 3 * KEPT_ROWS, "there are {} new rows", rows.len());
    all.order = Order::OldestFirst;
    let mut forwards = store.query(&all).await?;
    forwards.reverse();
    ensure!(forwards == rows, "the two orders have different rows");

    let (from, to) = (rows.iter().map(|row| row.at).min(), rows.iter().map(|row| row.at).max());
    let to = to.context("there are rows")?.checked_add(Duration::from_millis(1))?;
    let narrowed = LogQuery {
        level: Some(LevelMatch::AtLeast(Level::Warn)),
        from,
        to: Some(to),
        module: Some("xtask::migrations".to_owned()),
        file: Some("logs.rs".to_owned()),
        text: Some("NUMBER".to_owned()),
        threads: vec![KEPT, DELETED],
        ..all.clone()
    };
    let is_kept = |row: &LogRow| row.thread_id == Some(KEPT);
    for query in [narrowed.clone(), LogQuery { order: Order::NewestFirst, ..narrowed }] {
        let found = store.query(&query).await?;
        ensure!(
            found.len() as u64 == KEPT_ROWS && found.iter().all(is_kept),
            "{query:?} finds {}",
            found.len()
        );
    }
    let threadless = store.query(&LogQuery { threadless: true, ..all }).await?;
    ensure!(threadless.len() as u64 == KEPT_ROWS, "there are {} threadless rows", threadless.len());
    Ok(())
}

async fn delete(store: &LogStore) -> Result<()> {
    ensure!(
        store.deleted_threads().erase(DELETED, "2026-11-23T00:00:00Z".parse()?).await?,
        "something of a deleted thread is left"
    );
    let left = store.query(&LogQuery { threads: vec![DELETED], ..LogQuery::default() }).await?;
    ensure!(left.is_empty(), "a deleted thread has rows");
    ensure!(!store.deleted_threads().list().await?.is_empty(), "a deleted thread has no tombstone");
    store.deleted_threads().restore(DELETED).await?;
    let before = store.inventory().await?.context("there is a database")?;
    // Older than any row that is meant to stay.
    let expired = store.expire("2000-01-01T00:00:00Z".parse()?, Duration::ZERO).await?;
    let after = store.inventory().await?.context("there is a database")?;
    ensure!(before.rows == after.rows + expired, "the counts are not those of the rows");
    ensure!(after.rows >= 2 * KEPT_ROWS && after.logged_bytes > 0, "{after:?}");
    Ok(())
}
