//! The index of threads, as a user of the crate works with it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result, bail, ensure};
use jiff::Timestamp;
use threadkeep_memories::{
    ClaimRequest, ConsolidationClaim, ConsolidationLock, ConsolidationRequest, ConsolidationSuccess,
    Eligibility, KeptFile, Selection, StageOneJobs, StageOneOutput, StageOneOutputs, Term,
};
use threadkeep_state::{
    AgentGraph, Lifecycle, ListThreads, MemoryMode, RunOutcome, STATE_DB, StateError, StateOptions,
    StateRuntime, ThreadMetadata, ThreadUpsert, Touch, TreeQuery,
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
        memories(&state).await?;
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

/// Extracts, consolidates and forgets, as the pipeline does.
async fn memories(state: &StateRuntime) -> Result<()> {
    let (store, owner) = (state.memories(), "xtask".to_owned());
    let now: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    let term = Term { now, expires_at: now + Duration::from_secs(3_600) };
    let mut rules = Eligibility::default();
    (rules.min_idle, rules.include_exec, rules.include_archived) = (Duration::ZERO, true, true);
    let request = ClaimRequest { owner: owner.clone(), term, limit: 8, rules };
    let output = StageOneOutput { rollout_summary: "summary".into(), raw_memory: "raw".into(), slug: None };
    for claim in StageOneJobs::claim(&store, &request).await.map_err(Error::from_boxed)? {
        StageOneJobs::heartbeat(&store, &claim.lease, term).await?;
        StageOneJobs::succeed(&store, &claim.lease, &output, now).await?;
    }
    let request = ConsolidationRequest {
        owner,
        term,
        cooldown: Duration::ZERO,
        force: true,
        root: Some("/nowhere".into()),
    };
    let claim = ConsolidationLock::claim(&store, &request).await.map_err(Error::from_boxed)?;
    let ConsolidationClaim::Granted(lease) = claim else { bail!("the lock is not free: {claim:?}") };
    let selection = Selection { limit: 8, unused_since: Timestamp::UNIX_EPOCH };
    let memories = store.select(selection).await.map_err(Error::from_boxed)?;
    let success = ConsolidationSuccess {
        selection: memories.iter().map(|memory| (memory.thread.id, memory.thread.updated_at)).collect(),
        forgotten: Vec::new(),
        files: Some(vec![KeptFile { path: "memory_summary.md".into(), content: b"summary".to_vec() }]),
    };
    ConsolidationLock::succeed(&store, &lease, &success, now).await?;
    store.record_usage(&[KEPT], now).await.map_err(Error::from_boxed)?;
    store.forget(DELETED).await.map_err(Error::from_boxed)?;
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
