//! A deleted thread leaves nothing behind.

use threadkeep_state_logs::{LogOptions, LogQuery};
use tracing::{info, info_span};
use uuid::Uuid;

use crate::support::{Lab, Result, files_with, patient, with};

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
        crate::support::block_on(async {
            assert_eq!(lab.store.delete_thread(DELETED).await?, 300);
            Ok::<_, threadkeep_state_logs::LogError>(())
        })
        .expect("it can be deleted");
    });
    assert_eq!(files_with(lab.folder.path(), MARKER)?, [""; 0], "while it is open");
    let left = lab.store.query(&LogQuery { limit: 10_000, ..LogQuery::default() }).await?;
    assert_eq!(left.len(), 300);
    assert!(left.iter().all(|row| row.thread_id == Some(KEPT)));
    writer.close().await?;
    lab.store.close().await?;
    for text in [MARKER, &DELETED.to_string()] {
        assert_eq!(files_with(lab.folder.path(), text)?, [""; 0]);
    }
    assert_eq!(files_with(lab.folder.path(), &KEPT.to_string())?, ["logs_2.sqlite"]);
    assert_eq!(lab.store.delete_thread(DELETED).await?, 0);
    Ok(())
}
