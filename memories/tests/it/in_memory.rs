//! The in-memory store conforms.

use std::sync::Arc;

use threadkeep_memories::conformance::Fixture;
use threadkeep_memories::in_memory::{InMemoryStore, InMemoryThread};
use threadkeep_memories::{ConsolidationLock, StageOneJobs, StageOneOutputs};
use uuid::Uuid;

#[async_trait::async_trait]
impl Fixture for InMemory {
    fn jobs(&self) -> Arc<dyn StageOneJobs> {
        Arc::new(self.0.clone())
    }

    fn outputs(&self) -> Arc<dyn StageOneOutputs> {
        Arc::new(self.0.clone())
    }

    fn lock(&self) -> Arc<dyn ConsolidationLock> {
        Arc::new(self.0.clone())
    }

    async fn put_thread(&self, thread: &InMemoryThread) {
        self.0.put_thread(thread.clone());
    }

    async fn delete_thread(&self, id: Uuid) {
        self.0.delete_thread(id);
    }
}

struct InMemory(InMemoryStore);

mod conformance {
    use super::{InMemory, InMemoryStore};

    threadkeep_memories::conformance_tests!(async { InMemory(InMemoryStore::default()) });
}
