//! The index of threads, as a user of the crate works with it.

use std::path::Path;

use anyhow::{Result, ensure};
use threadkeep_state::{
    ListThreads, MemoryMode, STATE_DB, StateError, StateOptions, StateRuntime, ThreadMetadata, ThreadStore,
    ThreadUpsert,
};
use uuid::Uuid;

use super::{Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-state",
    spec: &STATE_DB,
    statements: threadkeep_state::list_statements,
    exercise,
};

const KEPT: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
const DELETED: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba62);

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(async move {
        let state = StateRuntime::open(&StateOptions::new(folder)).await?;
        threads(state.threads()).await?;
        state.close().await?;
        Ok(())
    })
}

async fn threads(threads: &ThreadStore) -> Result<()> {
    let now = "2026-11-23T00:00:00Z".parse()?;
    let mut batch = Vec::new();
    for id in [KEPT, DELETED] {
        let mut metadata = ThreadMetadata::new(id);
        metadata.created_at = Some("2026-11-22T13:23:16.213Z".parse()?);
        metadata.title = Some("Please list the files here".to_owned());
        batch.push(ThreadUpsert::new(
            metadata,
            &format!("sessions/2026/11/22/rollout-{id}.jsonl"),
            false,
            "openai",
        ));
    }
    threads.upsert(&batch).await?;

    threads.rename(KEPT, Some("Exercise")).await?;
    threads.set_memory_mode(KEPT, MemoryMode::Disabled).await?;
    threads.archive(KEPT, now).await?;
    threads.unarchive(KEPT).await?;
    threads.touch(KEPT, now).await?;
    threads.flush_touches().await?;
    let found = ListThreads { search: Some("xercis".to_owned()), ..ListThreads::default() };
    for query in [ListThreads::default(), found] {
        let page = threads.list(&query).await?;
        let thread = page.threads.iter().find(|thread| thread.id == KEPT);
        ensure!(
            thread.is_some_and(|thread| thread.name.as_deref() == Some("Exercise")),
            "{query:?} lacks a thread"
        );
    }

    match threads.delete(DELETED, now).await {
        // A second exercise finds it deleted.
        Ok(()) | Err(StateError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    ensure!(threads.get(DELETED).await?.is_none(), "a deleted thread is there");
    Ok(())
}
