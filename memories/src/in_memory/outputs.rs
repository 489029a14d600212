//! Memories in memory.

use std::cmp::Reverse;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::InMemoryStore;
use super::data::Data;
use crate::{BoxError, ConsolidationState, KeptFile, Memory, Selection, StageOneOutputs};

#[async_trait]
impl StageOneOutputs for InMemoryStore {
    async fn list(&self) -> Result<Vec<Memory>, BoxError> {
        let mut all: Vec<Memory> = self.data().memories.values().cloned().collect();
        all.sort_by_key(|memory| Reverse((memory.thread.updated_at, memory.thread.id)));
        Ok(all)
    }

    async fn get(&self, thread: Uuid) -> Result<Option<Memory>, BoxError> {
        Ok(self.data().memories.get(&thread).cloned())
    }

    async fn select(&self, selection: Selection) -> Result<Vec<Memory>, BoxError> {
        let data = self.data();
        let wanted = |memory: &Memory| !is_off(&data, memory) && last_use(memory) >= selection.unused_since;
        let mut selected = by_use(&data, wanted);
        selected.truncate(selection.limit as usize);
        Ok(selected)
    }

    async fn selected(&self) -> Result<Vec<Memory>, BoxError> {
        Ok(by_use(&self.data(), |memory| memory.selected))
    }

    async fn record_usage(&self, threads: &[Uuid], now: Timestamp) -> Result<u64, BoxError> {
        let mut data = self.data();
        let mut used = 0;
        for thread in threads {
            if let Some(memory) = data.memories.get_mut(thread) {
                memory.usage_count += 1;
                memory.last_used_at = memory.last_used_at.max(Some(now));
                used += 1;
            }
        }
        Ok(used)
    }

    async fn prune(&self, unused_since: Timestamp) -> Result<u64, BoxError> {
        let mut data = self.data();
        let off = data.memories.values().filter(|memory| is_off(&data, memory));
        let off: Vec<Uuid> = off.map(|memory| memory.thread.id).collect();
        let before = data.memories.len();
        for thread in off {
            data.forget(thread);
        }
        data.memories.retain(|_, memory| last_use(memory) >= unused_since);
        Ok((before - data.memories.len()) as u64)
    }

    async fn forget(&self, thread: Uuid) -> Result<bool, BoxError> {
        Ok(self.data().forget(thread))
    }

    async fn clear(&self) -> Result<u64, BoxError> {
        let mut data = self.data();
        let cleared = data.memories.len() as u64;
        data.memories.clear();
        data.jobs.clear();
        data.forgotten.clear();
        data.kept.clear();
        let ConsolidationState { holder, root, .. } = std::mem::take(&mut data.lock);
        data.lock = ConsolidationState { holder, root, ..ConsolidationState::default() };
        Ok(cleared)
    }

    async fn kept_files(&self) -> Result<Vec<KeptFile>, BoxError> {
        Ok(self.data().kept.clone())
    }
}

fn is_off(data: &Data, memory: &Memory) -> bool {
    data.threads.get(&memory.thread.id).is_some_and(|thread| thread.memory_off)
}

fn last_use(memory: &Memory) -> Timestamp {
    memory.last_used_at.unwrap_or(memory.generated_at)
}

/// Returns memories, the most used first.
fn by_use(data: &Data, wanted: impl Fn(&Memory) -> bool) -> Vec<Memory> {
    let mut memories: Vec<Memory> = data.memories.values().filter(|memory| wanted(memory)).cloned().collect();
    memories.sort_by_key(|memory| Reverse((memory.usage_count, last_use(memory), memory.thread.id)));
    memories
}
