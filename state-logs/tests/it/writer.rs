//! The queue and its thread: batches, flushing, closing, dropping, and programs whose own runtime
//! is no help.

use std::time::Duration;

use threadkeep_state_logs::{Level, LogError, LogOptions};
use tracing::info;

use crate::support::{Lab, Result, block_on, messages, patient, with};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flush_waits_for_everything_that_was_accepted_before() -> Result {
    let lab = Lab::new()?;
    let (layer, writer) = lab.start(LogOptions { queue_rows: 100_000, batch_rows: 7, ..patient() })?;
    let subscriber = tracing::Dispatch::new(tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::registry(),
        layer,
    ));
    let loggers: Vec<_> = (0..4)
        .map(|number| {
            let (subscriber, writer) = (subscriber.clone(), writer.clone());
            let store = lab.store.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    let message = format!("logger {number}, round {round}");
                    tracing::dispatcher::with_default(&subscriber, || info!("{message}"));
                    writer.flush().await?;
                    let query = threadkeep_state_logs::LogQuery { text: Some(message), ..Default::default() };
                    assert_eq!(store.query(&query).await?.len(), 1);
                }
                Ok::<_, LogError>(())
            })
        })
        .collect();
    for logger in loggers {
        logger.await??;
    }
    assert_eq!(lab.rows().await?.len(), 20);
    assert_eq!(writer.dropped(), 0);
    Ok(())
}

#[test]
fn a_program_without_a_runtime_can_log_and_flush() -> Result {
    let lab = Lab::new()?;
    let (layer, writer) = lab.start(patient())?;
    with(layer, || {
        info!("first");
        block_on(writer.flush()).expect("it can be written");
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    assert_eq!(messages(&runtime.block_on(lab.rows())?), ["first"]);
    block_on(writer.close())?;
    Ok(())
}

#[tokio::test]
async fn a_blocked_runtime_does_not_keep_rows_from_the_file() -> Result {
    let lab = Lab::new()?;
    for (number, options) in [
        LogOptions { batch_interval: Duration::from_millis(1), ..patient() },
        LogOptions { batch_rows: 3, ..patient() },
    ]
    .into_iter()
    .enumerate()
    {
        let (layer, _writer) = lab.start(options)?;
        with(layer, || (0..3).for_each(|row| info!("row {row}")));
        // This thread is the runtime's only one, and it does not yield to it.
        let path = lab.path();
        let count = || -> rusqlite::Result<u32> {
            rusqlite::Connection::open(&path)?
                .query_row("SELECT count(*) FROM log_rows", [], |row| row.get(0))
        };
        while count().unwrap_or(0) < 3 * (number as u32 + 1) {
            std::thread::yield_now();
        }
    }
    Ok(())
}

#[tokio::test]
async fn closing_writes_the_rest_and_what_comes_after_is_dropped_and_counted() -> Result {
    let lab = Lab::new()?;
    let (layer, writer) = lab.start(LogOptions { batch_rows: 2, ..patient() })?;
    let (sender, receiver) = std::sync::mpsc::channel();
    let waiting = writer.clone();
    with(layer, || {
        (0..5).for_each(|row| info!("row {row}"));
        sender.send(block_on(waiting.close())).expect("the receiver is there");
        info!("too late");
    });
    receiver.recv()??;
    assert_eq!(lab.rows().await?.len(), 5);
    assert_eq!(writer.dropped(), 1);
    writer.close().await?;
    writer.flush().await?;
    Ok(())
}

#[tokio::test]
async fn a_writer_that_nobody_holds_ends_by_itself() -> Result {
    let lab = Lab::new()?;
    let (layer, writer) = lab.start(patient())?;
    let store = lab.store.clone();
    with(layer, || info!("the last one"));
    drop(writer);
    while store.query(&Default::default()).await?.is_empty() {
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn rows_that_find_no_room_are_counted_and_the_count_is_stored() -> Result {
    let lab = Lab::new()?;
    // Something that is not ours is in the database's place.
    std::fs::write(lab.path(), "something else")?;
    let (layer, writer) = lab.start(LogOptions { queue_rows: 4, ..patient() })?;
    let subscriber = tracing::Dispatch::new(tracing_subscriber::layer::SubscriberExt::with(
        tracing_subscriber::registry(),
        layer,
    ));
    let log = |message: &str| tracing::dispatcher::with_default(&subscriber, || info!("{message}"));
    log("in the writer's hands");
    let error = writer.flush().await.expect_err("it is not ours");
    assert!(matches!(error, LogError::Unwritten(_)), "{error}");
    for number in 0..10 {
        log(&format!("row {number}"));
    }
    assert_eq!(writer.dropped(), 6);
    writer.flush().await.expect_err("it still is not");

    std::fs::remove_file(lab.path())?;
    writer.flush().await?;
    writer.close().await?;
    let rows = lab.rows().await?;
    let notice = "6 log rows were dropped: there was no room, or the logs could not be written";
    assert_eq!(messages(&rows), ["in the writer's hands", notice, "row 0", "row 1", "row 2", "row 3"]);
    assert_eq!((rows[1].level, rows[1].fields["dropped"].as_u64()), (Level::Warn, Some(6)));
    assert_eq!(rows[1].process_id, Some(writer.process_id()));
    let inventory = lab.store.inventory().await?.ok_or("no database")?;
    assert_eq!(inventory.dropped_rows, 6);
    Ok(())
}

#[tokio::test]
async fn options_that_cannot_be_are_refused() -> Result {
    let lab = Lab::new()?;
    for options in [
        LogOptions { row_bytes: 255, ..LogOptions::default() },
        LogOptions { keep_rows: 0, ..LogOptions::default() },
        LogOptions { keep_bytes: 1_000, ..LogOptions::default() },
        LogOptions { queue_rows: 0, ..LogOptions::default() },
        LogOptions { batch_rows: 0, ..LogOptions::default() },
    ] {
        let refused = threadkeep_state_logs::LogWriter::start(&lab.store, options);
        assert!(matches!(refused, Err(LogError::BadOption { .. })), "{refused:?}");
    }
    Ok(())
}
