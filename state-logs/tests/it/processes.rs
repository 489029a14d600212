//! Several processes on one file, and processes that are killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use threadkeep_sqlite::{Depth, OpenOptions};
use threadkeep_state_logs::{LogOptions, LogQuery, LogStore, LogWriter};
use tracing::info;
use uuid::Uuid;

use crate::support::{Lab, Result, block_on, child, child_of, messages, patient, succeeded, with};

const PROCESSES: usize = 8;
const ROWS: usize = 300;
const SHARED: Uuid = Uuid::from_u128(1);

/// Logs for a thread that all processes share, and for the process itself.
fn log_rows(folder: &Path) -> Result {
    let store = LogStore::new(folder, &OpenOptions::new());
    let (layer, writer) =
        LogWriter::start(&store, LogOptions { batch_rows: 16, queue_rows: 10_000, ..patient() })?;
    with(layer, || {
        for number in 0..ROWS {
            info!(thread_id = %SHARED, number, "shared");
            info!(number, "alone");
        }
    });
    block_on(writer.close())?;
    assert_eq!(writer.dropped(), 0);
    Ok(block_on(store.close())?)
}

#[tokio::test]
async fn eight_processes_log_into_one_new_file() -> Result {
    const NAME: &str = "processes::eight_processes_log_into_one_new_file";
    if let Some(folder) = child_of(NAME) {
        return log_rows(&folder);
    }
    let lab = Lab::new()?;
    let children: Vec<_> =
        (0..PROCESSES).map(|_| Ok(child(NAME, lab.folder.path())?.spawn()?)).collect::<Result<Vec<_>>>()?;
    for child in children {
        succeeded(child)?;
    }
    let all = lab.rows().await?;
    let shared: Vec<_> = all.iter().filter(|row| row.thread_id == Some(SHARED)).collect();
    assert_eq!(shared.len(), 1_000, "the newest of {}", PROCESSES * ROWS);
    assert_eq!(all.len() - shared.len(), PROCESSES * ROWS, "every process has room of its own");
    let mut processes: Vec<_> = all.iter().map(|row| row.process_id).collect();
    processes.sort_unstable();
    processes.dedup();
    assert_eq!(processes.len(), PROCESSES);
    let inventory = lab.store.inventory().await?.ok_or("no database")?;
    assert_eq!((inventory.rows, inventory.dropped_rows), (all.len() as u64, 0));
    assert_eq!(lab.store.database().get().await?.check(Depth::Full).await?, Vec::<String>::new());
    // The rows of one process are in the order in which it logged them.
    for process in processes {
        let numbers = all.iter().filter(|row| row.process_id == process && row.thread_id.is_none());
        let numbers: Vec<_> = numbers.map(|row| row.fields["number"].as_u64()).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_killed_process_loses_what_was_in_its_queue_and_no_more() -> Result {
    const NAME: &str = "processes::a_killed_process_loses_what_was_in_its_queue_and_no_more";
    if let Some(folder) = child_of(NAME) {
        let store = LogStore::new(&folder, &OpenOptions::new());
        let (layer, writer) = LogWriter::start(&store, patient())?;
        with(layer, || {
            (0..10).for_each(|number| info!("flushed {number}"));
            block_on(writer.flush()).expect("it can be written");
            (0..5).for_each(|number| info!("in the queue {number}"));
            let mut stdout = std::io::stdout();
            stdout.write_all(b"ready\n").and_then(|()| stdout.flush()).expect("the parent listens");
            // Until it is killed.
            loop {
                std::thread::park();
            }
        });
    }
    let lab = Lab::new()?;
    for round in 1..=3 {
        let mut running = child(NAME, lab.folder.path())?.spawn()?;
        let mut lines = BufReader::new(running.stdout.take().ok_or("no output")?).lines();
        while !lines.next().ok_or("it ended early")??.ends_with("ready") {}
        running.kill()?;
        running.wait()?;
        let rows = lab.store.query(&LogQuery { limit: 1_000, ..LogQuery::default() }).await?;
        assert_eq!(rows.len(), 10 * round);
        assert!(messages(&rows).iter().all(|message| message.starts_with("flushed ")));
    }
    assert_eq!(lab.store.database().get().await?.check(Depth::Full).await?, Vec::<String>::new());
    Ok(())
}
