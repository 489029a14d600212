//! Looking at logs: nothing is made, nothing is changed.

use threadkeep_sqlite::{OpenError, OpenOptions};
use threadkeep_state_logs::{LogQuery, LogStore};
use tracing::info;

use crate::support::{Lab, Result, bytes, messages, patient};

#[tokio::test]
async fn a_database_that_is_not_there_has_no_rows_and_is_not_made() -> Result {
    let lab = Lab::new()?;
    let read_only = LogStore::new(lab.folder.path(), &OpenOptions::new().read_only(true));
    for store in [&lab.store, &read_only] {
        assert_eq!(store.query(&LogQuery::default()).await?, []);
        assert_eq!((store.last_id().await?, store.inventory().await?), (0, None));
        store.deleted_threads().restore(uuid::Uuid::nil()).await?;
        assert_eq!(store.deleted_threads().list().await?, []);
        assert_eq!(store.expire(jiff::Timestamp::now(), std::time::Duration::ZERO).await?, 0);
    }
    assert_eq!(std::fs::read_dir(lab.folder.path())?.count(), 0);
    Ok(())
}

#[tokio::test]
async fn a_read_only_home_is_read_without_a_byte_changed() -> Result {
    let lab = Lab::new()?;
    lab.log(patient(), || (0..3).for_each(|row| info!("row {row}"))).await?;
    lab.store.close().await?;
    let before = bytes(lab.folder.path())?;

    let store = LogStore::new(lab.folder.path(), &OpenOptions::new().read_only(true));
    let rows = store.query(&LogQuery { text: Some("ROW 1".to_owned()), ..LogQuery::default() }).await?;
    assert_eq!(messages(&rows), ["row 1"]);
    assert_eq!(store.inventory().await?.ok_or("no database")?.rows, 3);
    assert!(store.last_id().await? > 0);
    let erased = store.deleted_threads().erase(uuid::Uuid::nil(), jiff::Timestamp::UNIX_EPOCH).await;
    assert!(matches!(erased, Err(OpenError::Database(_))));
    let (_layer, writer) = threadkeep_state_logs::LogWriter::start(&store, patient())?;
    writer.close().await?;
    store.close().await?;
    assert_eq!(bytes(lab.folder.path())?, before);
    Ok(())
}
