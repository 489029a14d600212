//! The index of threads, as a user of the crate works with it.

use std::path::Path;

use anyhow::{Result, ensure};
use threadkeep_state::{ListThreads, STATE_DB, StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert};

use super::{Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-state",
    spec: &STATE_DB,
    statements: threadkeep_state::list_statements,
    exercise,
};

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(work(folder))
}

async fn work(folder: &Path) -> Result<()> {
    let state = StateRuntime::open(&StateOptions::new(folder)).await?;
    let threads = state.threads();
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61".parse()?;
    let mut metadata = ThreadMetadata::new(id);
    metadata.created_at = Some("2026-11-22T13:23:16.213Z".parse()?);
    metadata.title = Some("Please list the files here".to_owned());
    let path = "sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl";
    threads.upsert(&[ThreadUpsert::new(metadata, path, false, "openai")]).await?;
    threads.rename(id, Some("Exercise")).await?;
    threads.archive(id, "2026-11-23T00:00:00Z".parse()?).await?;
    let archived = ListThreads { archived: true, ..ListThreads::default() };
    let page = threads.list(&archived).await?;
    let found = page.threads.iter().find(|thread| thread.id == id);
    ensure!(
        found.is_some_and(|thread| thread.name.as_deref() == Some("Exercise")),
        "a thread is not listed: {page:?}"
    );
    let search = ListThreads { archived: true, search: Some("xercis".to_owned()), ..ListThreads::default() };
    ensure!(
        threads.list(&search).await?.threads.iter().any(|thread| thread.id == id),
        "a thread is not found"
    );
    state.close().await?;
    Ok(())
}
