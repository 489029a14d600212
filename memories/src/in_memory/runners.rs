//! Texts, a model and an agent for tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    AgentError, ConsolidationAgent, ConsolidationTask, ExtractionRequest, HeadAndTail, MemoryItem,
    ModelError, RolloutText, StageOneModel, ThreadFacts, ThreadText, ThreadTextError,
};

/// Texts of threads. Clones are the same texts.
#[derive(Debug, Clone, Default)]
pub struct InMemoryTexts(Arc<Mutex<BTreeMap<Uuid, Vec<MemoryItem>>>>);

impl InMemoryTexts {
    /// Sets the items of a thread.
    pub fn put(&self, thread: Uuid, items: Vec<MemoryItem>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(thread, items);
    }
}

#[async_trait]
impl RolloutText for InMemoryTexts {
    async fn read(&self, thread: &ThreadFacts, limit: usize) -> Result<ThreadText, ThreadTextError> {
        let texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let items = texts.get(&thread.id).ok_or(ThreadTextError::Missing)?;
        let mut text = HeadAndTail::new(limit);
        items.iter().cloned().for_each(|item| text.push(item));
        Ok(text.finish())
    }
}

type Answer = dyn Fn(&ExtractionRequest<'_>) -> Result<String, ModelError> + Send + Sync;

/// Model that answers by a function.
#[derive(Clone)]
pub struct ScriptedModel(Arc<Answer>);

impl ScriptedModel {
    /// Makes a model of a function.
    pub fn new(
        answer: impl Fn(&ExtractionRequest<'_>) -> Result<String, ModelError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(answer))
    }
}

#[async_trait]
impl StageOneModel for ScriptedModel {
    async fn extract(&self, request: ExtractionRequest<'_>) -> Result<String, ModelError> {
        // A real model waits, so the engine must be able to.
        tokio::task::yield_now().await;
        (self.0)(&request)
    }
}

type Work = dyn Fn(&Path, &ConsolidationTask<'_>) -> Result<(), AgentError> + Send + Sync;

/// Agent that works by a function of the root and the task.
#[derive(Clone)]
pub struct ScriptedAgent(Arc<Work>);

impl ScriptedAgent {
    /// Makes an agent of a function.
    pub fn new(
        work: impl Fn(&Path, &ConsolidationTask<'_>) -> Result<(), AgentError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(work))
    }
}

#[async_trait]
impl ConsolidationAgent for ScriptedAgent {
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> Result<(), AgentError> {
        tokio::task::yield_now().await;
        (self.0)(task.root, &task)
    }
}
