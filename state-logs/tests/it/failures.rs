//! Logs fail soft: whatever is wrong with their database, the program goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{DbTelemetry, OpenOptions, install_telemetry};
use threadkeep_state_logs::{LogError, LogOptions, LogStore, LogWriter};
use tracing::info;

use crate::support::{Lab, Result, bytes, child, child_of, messages, patient, succeeded, with};

/// Number of openings that found another program's file in the place of the logs, and of rows that
/// were dropped.
#[derive(Default)]
struct Refusals {
    openings: AtomicU64,
    drops: AtomicU64,
}

impl DbTelemetry for Refusals {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        let is_ours = [("db", "logs"), ("error", "foreign")].iter().all(|tag| tags.contains(tag));
        if name == names::OPEN && is_ours {
            self.openings.fetch_add(value, Ordering::Relaxed);
        }
        if name == names::LOG_DROPS && tags == [("db", "logs")] {
            self.drops.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn duration(&self, _: &'static str, _: Duration, _: Tags<'_>) {}
}

#[tokio::test]
async fn a_file_of_someone_else_is_left_alone_and_the_failure_is_told_and_counted() -> Result {
    const NAME: &str = "failures::a_file_of_someone_else_is_left_alone_and_the_failure_is_told_and_counted";
    let Some(folder) = child_of(NAME) else {
        // The process's one sink is installed, so it has a process of its own.
        let folder = tempfile::tempdir()?;
        return succeeded(child(NAME, folder.path())?.spawn()?);
    };
    let refusals = Arc::new(Refusals::default());
    install_telemetry(refusals.clone())?;
    let store = LogStore::new(&folder, &OpenOptions::new());
    let other = rusqlite::Connection::open(store.database().path())?;
    other.execute_batch("CREATE TABLE theirs (text TEXT); INSERT INTO theirs VALUES ('keep this')")?;
    drop(other);
    let before = bytes(&folder)?;

    let (layer, writer) = LogWriter::start(&store, patient())?;
    assert_eq!(writer.trouble(), None);
    with(layer, || (0..10).for_each(|row| info!("row {row}")));
    writer.flush().await.expect_err("it is not ours");
    let trouble = writer.trouble().ok_or("no trouble")?;
    assert!(trouble.contains("logs_2.sqlite"), "{trouble}");
    assert!(matches!(writer.close().await, Err(LogError::Unwritten(_))));
    assert!(matches!(store.query(&Default::default()).await, Err(LogError::Open(_))));
    assert_eq!(writer.dropped(), 10);
    assert_eq!(bytes(&folder)?, before);
    assert!(refusals.openings.load(Ordering::Relaxed) >= 2);
    assert_eq!(refusals.drops.load(Ordering::Relaxed), 10);
    Ok(())
}

#[tokio::test]
async fn a_damaged_file_and_a_missing_folder_stop_nobody() -> Result {
    let lab = Lab::new()?;
    lab.log(patient(), || info!("sound")).await?;
    lab.store.close().await?;
    let mut content = std::fs::read(lab.path())?;
    content[100..].fill(0xAA);
    std::fs::write(lab.path(), content)?;
    let missing = LogStore::new(&lab.folder.path().join("nowhere"), &OpenOptions::new());
    for store in [&lab.store, &missing] {
        let (layer, writer) = LogWriter::start(store, patient())?;
        with(layer, || info!("goes on"));
        writer.flush().await.expect_err("it cannot be written");
        assert!(writer.trouble().is_some());
        writer.close().await.expect_err("nor now");
        assert_eq!(writer.dropped(), 1);
    }
    assert!(!lab.folder.path().join("nowhere").exists());
    Ok(())
}

#[tokio::test]
async fn what_writing_the_logs_logs_is_not_logged() -> Result {
    const NAME: &str = "failures::what_writing_the_logs_logs_is_not_logged";
    /// Logs whenever a database does something, as a program's sink may.
    struct Loud;
    impl threadkeep_sqlite::DbTelemetry for Loud {
        fn counter(&self, name: &'static str, _: u64, tags: threadkeep_sqlite::telemetry::Tags<'_>) {
            tracing::error!(target: "sqlx::query", name, ?tags, "counted");
        }
        fn duration(
            &self,
            name: &'static str,
            _: std::time::Duration,
            _: threadkeep_sqlite::telemetry::Tags<'_>,
        ) {
            tracing::trace!(target: "tokio::task", name, "timed");
        }
    }
    let Some(folder) = child_of(NAME) else {
        let folder = tempfile::tempdir()?;
        return succeeded(child(NAME, folder.path())?.spawn()?);
    };
    install_telemetry(std::sync::Arc::new(Loud))?;
    let store = LogStore::new(&folder, &OpenOptions::new());
    let mut options = patient();
    options.filter = "trace".parse()?;
    let (layer, writer) = LogWriter::start(&store, options)?;
    // For every thread of the process, that of the writer as well.
    tracing::subscriber::set_global_default(tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::registry(),
        layer,
    ))?;
    for round in 0..5 {
        info!("round {round}");
        writer.flush().await?;
        store.close().await?;
        // Without its seal, the database is checked when it is opened again.
        std::fs::write(folder.join("logs_2.sqlite.lock"), "")?;
    }
    let rows: Vec<_> =
        store.query(&Default::default()).await?.into_iter().rev().map(|row| row.message).collect();
    assert_eq!(rows, ["round 0", "round 1", "round 2", "round 3", "round 4"]);
    // The same events from elsewhere are the program's own: that of the query, which had to open
    // the database.
    writer.flush().await?;
    let rows = store.query(&Default::default()).await?;
    assert_eq!(rows.iter().filter(|row| row.message == "counted").count(), 1);
    Ok(())
}

#[tokio::test]
async fn a_row_that_cannot_be_written_takes_no_other_with_it() -> Result {
    let lab = Lab::new()?;
    lab.log(patient(), || info!("first")).await?;
    rusqlite::Connection::open(lab.path())?.execute_batch(
        "CREATE TRIGGER refuse BEFORE INSERT ON log_rows WHEN new.message = 'row 3' \
         BEGIN SELECT raise(ABORT, 'not this one'); END",
    )?;
    let (layer, writer) = lab.start(patient())?;
    with(layer, || (1..=5).for_each(|row| info!("row {row}")));
    writer.flush().await?;
    assert_eq!(writer.dropped(), 1);
    writer.close().await?;
    let rows = lab.rows().await?;
    let notice = "1 log row was dropped: there was no room, or the logs could not be written";
    assert_eq!(messages(&rows), ["first", "row 1", "row 2", "row 4", "row 5", notice]);
    Ok(())
}

#[tokio::test]
async fn an_interval_without_end_is_none_that_anybody_sees() -> Result {
    let lab = Lab::new()?;
    let options =
        LogOptions { batch_interval: Duration::MAX, keep_age: Duration::MAX, ..LogOptions::default() };
    assert_eq!(messages(&lab.log(options, || info!("written at the end")).await?), ["written at the end"]);
    Ok(())
}
