//! A deleted thread leaves nothing behind.

use jiff::Timestamp;
use threadkeep_state_logs::{LogOptions, LogQuery};
use tracing::{info, info_span};
use uuid::Uuid;

use crate::support::{Lab, Result, files_with, messages, patient, with};

const DELETED: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
const KEPT: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba62);
const MARKER: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn a_deleted_thread_is_in_no_byte_of_any_file() -> Result {
    let lab = Lab::new()?;
    // Batches of several sizes, evictions in between, and rows that fill pages of their own.
    let (layer, writer) = lab.start(LogOptions { keep_rows: 300, batch_rows: 64, ..patient() })?;
    with(layer, || {
        let deleted = info_span!("session", thread_id = %DELETED, mark = MARKER);
        for number in 0..1_000 {
            deleted.in_scope(|| {
                info!(number, mark = MARKER, "{MARKER} {}", MARKER.repeat(number % 7 * 20));
                // A thread within the other: its rows stay, and say nothing of the one around it.
                if number % 50 == 0 {
                    info_span!(parent: None, "inner", thread_id = %KEPT).in_scope(|| info!(number, "stays"));
                }
            });
            info!(thread_id = %KEPT, number, "stays");
        }
        // The last rows are still in the queue.
        let erased =
            crate::support::block_on(lab.store.deleted_threads().erase(DELETED, Timestamp::UNIX_EPOCH));
        assert!(erased.expect("it can be erased"));
        // A program that works on it keeps logging.
        deleted.in_scope(|| info!(mark = MARKER, "{MARKER}"));
    });
    writer.flush().await?;
    assert_eq!(files_with(lab.folder.path(), MARKER)?, [""; 0], "while it is open");
    let left = lab.store.query(&LogQuery { limit: 10_000, ..LogQuery::default() }).await?;
    assert_eq!(left.len(), 300);
    assert!(left.iter().all(|row| row.thread_id == Some(KEPT)));
    writer.close().await?;
    lab.store.close().await?;
    assert_eq!(files_with(lab.folder.path(), MARKER)?, [""; 0]);
    assert_eq!(files_with(lab.folder.path(), &KEPT.to_string())?, ["logs_2.sqlite"]);
    Ok(())
}

#[tokio::test]
async fn nothing_is_kept_of_a_deleted_thread_until_it_is_restored() -> Result {
    let lab = Lab::new()?;
    // Also where there was no file before.
    assert!(lab.store.deleted_threads().erase(DELETED, Timestamp::UNIX_EPOCH).await?);
    let log = || {
        info!(thread_id = %DELETED, "of the one");
        info!(thread_id = %KEPT, "of the other");
        info!("of neither");
    };
    let rows = lab.log(patient(), log).await?;
    assert_eq!(messages(&rows), ["of the other", "of neither"]);
    // By now the other has a partition, and the one still has none.
    assert_eq!(lab.log(patient(), log).await?.len(), 4);
    assert_eq!(lab.store.inventory().await?.ok_or("no database")?.dropped_rows, 0, "that is no loss");
    assert_eq!(lab.store.deleted_threads().list().await?.len(), 1);

    lab.store.deleted_threads().restore(DELETED).await?;
    assert_eq!(lab.log(patient(), log).await?.len(), 7);
    assert_eq!(lab.store.deleted_threads().list().await?, []);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_from_before_an_upgrade_loses_it_too() -> Result {
    let lab = Lab::new()?;
    let log = || {
        info!(thread_id = %DELETED, "{MARKER}");
        info!(thread_id = %KEPT, "stays");
    };
    lab.log(patient(), log).await?;
    lab.store.close().await?;
    std::fs::copy(lab.path(), lab.folder.path().join("logs_2.sqlite.before-v2"))?;

    assert_eq!(files_with(lab.folder.path(), MARKER)?.len(), 2, "the snapshot has it");
    assert!(lab.store.deleted_threads().erase(DELETED, Timestamp::UNIX_EPOCH).await?);
    assert_eq!(files_with(lab.folder.path(), MARKER)?, [""; 0]);
    assert_eq!(files_with(lab.folder.path(), &KEPT.to_string())?.len(), 2, "the other one is in both");
    Ok(())
}

#[tokio::test]
async fn what_a_reader_keeps_in_the_log_is_told() -> Result {
    let lab = Lab::new()?;
    lab.log(patient(), || info!(thread_id = %DELETED, "{MARKER}")).await?;
    let mut reader = rusqlite::Connection::open(lab.path())?;
    let reading = reader.transaction()?;
    reading.query_row("SELECT count(*) FROM log_rows", [], |_| Ok(()))?;
    assert!(!lab.store.deleted_threads().erase(DELETED, Timestamp::UNIX_EPOCH).await?);
    reading.finish()?;
    assert!(lab.store.deleted_threads().erase(DELETED, Timestamp::UNIX_EPOCH).await?);
    assert_eq!(files_with(lab.folder.path(), MARKER)?, [""; 0]);
    Ok(())
}
