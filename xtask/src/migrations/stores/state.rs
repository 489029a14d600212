//! The index of threads, as a user of the crate works with it.

use std::path::Path;

use anyhow::{Result, ensure};
use threadkeep_state::{
    AgentGraph, Lifecycle, ListThreads, MemoryMode, RunOutcome, STATE_DB, StateError, StateOptions,
    StateRuntime, ThreadMemories, ThreadMetadata, ThreadUpsert, Touch, TreeQuery,
};
use uuid::Uuid;

use super::{DELETED, KEPT, Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-state",
    spec: &STATE_DB,
    queues: &["pending_deletions", "decisions_due"],
    statements: threadkeep_state::statements,
    exercise,
};

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(async move {
        let state = StateRuntime::open(&StateOptions::new(folder)).await?;
        threads(&state).await?;
        graph(state.graph()).await?;
        memories(state.thread_memories()).await?;
        state.close().await?;
        Ok(())
    })
}

async fn graph(graph: &AgentGraph) -> Result<()> {
    let (now, child) = ("2026-11-23T00:00:00Z".parse()?, Uuid::from_u128(KEPT.as_u128() + 7));
    graph.upsert_edge(KEPT, child, now).await?;
    graph.close_subtree(KEPT, now).await?;
    ensure!(graph.children(KEPT).await?[0].lifecycle == Lifecycle::Closed, "a child stayed open");
    graph.resume_subtree(KEPT, now).await?;
    let tree = graph.tree(TreeQuery { root: Some(KEPT), ..TreeQuery::default() }).await?;
    ensure!(tree.iter().all(|agent| agent.lifecycle == Lifecycle::Open), "an agent stayed closed");
    ensure!(graph.ancestors(child).await?[0].thread_id == KEPT, "a child has another parent");
    Ok(())
}

async fn memories(memories: &ThreadMemories) -> Result<()> {
    memories.upsert(KEPT, "trace", "summary", "2026-11-23T00:00:00Z".parse()?).await?;
    let memory = memories.get(KEPT).await?;
    ensure!(memory.is_some_and(|memory| memory.trace_summary == "trace"), "a memory is gone");
    memories.newest_in("/nowhere", 3).await?;
    Ok(())
}

async fn threads(state: &StateRuntime) -> Result<()> {
    let threads = state.threads();
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

    threads.rename(KEPT, Some("Exercise"), now).await?;
    threads.set_memory_mode(KEPT, MemoryMode::Disabled).await?;
    threads.archive(KEPT, now).await?;
    threads.unarchive(KEPT, now).await?;
    threads.touch(Touch::new(KEPT, now, Some(7), RunOutcome::Completed)).await?;
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

    match state.delete_thread(DELETED, now).await {
        // A second exercise finds it deleted.
        Ok(_) | Err(StateError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    ensure!(threads.get(DELETED).await?.is_none(), "a deleted thread is there");
    Ok(())
}
