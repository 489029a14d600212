//! The ports of memories over a real index.

mod counted;
mod processes;

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_memories::conformance::Fixture as Conformance;
use threadkeep_memories::in_memory::InMemoryThread;
use threadkeep_memories::{
    ClaimRequest, ConsolidationLock, Eligibility, StageOneJobs, StageOneOutputs, Term,
};
use threadkeep_state::{MemoryMode, ThreadKind, ThreadMetadata, ThreadUpsert};
use uuid::Uuid;

use crate::common::{Fixture, Result, id, remember, rollout_path};

#[async_trait::async_trait]
impl Conformance for Fixture {
    fn jobs(&self) -> Arc<dyn StageOneJobs> {
        Arc::new(self.state.memories())
    }

    fn outputs(&self) -> Arc<dyn StageOneOutputs> {
        Arc::new(self.state.memories())
    }

    fn lock(&self) -> Arc<dyn ConsolidationLock> {
        Arc::new(self.state.memories())
    }

    async fn put_thread(&self, thread: &InMemoryThread) {
        put(self, thread).await.expect("a thread is stored");
    }

    async fn delete_thread(&self, id: Uuid) {
        self.state.delete_thread(id, Timestamp::UNIX_EPOCH).await.expect("a thread is deleted");
    }
}

/// Stores a thread as an index run and a user's edits do.
async fn put(fixture: &Fixture, thread: &InMemoryThread) -> Result {
    let facts = &thread.facts;
    let mut metadata = ThreadMetadata::new(facts.id);
    metadata.created_at = Some(Timestamp::UNIX_EPOCH);
    metadata.updated_at = Some(facts.updated_at);
    metadata.title.clone_from(&facts.title);
    metadata.cwd.clone_from(&facts.cwd);
    metadata.git_branch.clone_from(&facts.git_branch);
    metadata.source = Some(thread.source.clone());
    metadata.kind = if thread.is_users { ThreadKind::User } else { ThreadKind::Subagent };
    let threads = fixture.state.threads();
    threads.upsert(&[ThreadUpsert::new(metadata, &facts.rollout_path, thread.archived, "mock")]).await?;
    let mode = if thread.memory_off { MemoryMode::Disabled } else { MemoryMode::Enabled };
    threads.set_memory_mode(facts.id, mode).await?;
    if thread.missing {
        let missing = format!("UPDATE threads SET missing_since_ms = 1 WHERE id = '{}'", facts.id);
        fixture.sql(AssertSqlSafe(missing)).await?;
    }
    Ok(())
}

mod conformance {
    use crate::common::Fixture;

    threadkeep_memories::conformance_tests!(async { Fixture::empty().await.expect("an index") });
}

fn request(now: Timestamp) -> ClaimRequest {
    let term = Term { now, expires_at: now + std::time::Duration::from_secs(3_600) };
    ClaimRequest { owner: "a worker".to_owned(), term, limit: 64, rules: Eligibility::default() }
}

/// Threads last updated so many hours before `now`.
async fn threads(fixture: &Fixture, ids: impl Iterator<Item = u128>, now: Timestamp, hours: u64) -> Result {
    let updated_at = now - std::time::Duration::from_secs(hours * 3_600);
    let thread = |number| {
        let mut metadata = ThreadMetadata::new(id(number));
        metadata.created_at = Some(updated_at);
        metadata.updated_at = Some(updated_at);
        metadata.source = Some("cli".to_owned());
        ThreadUpsert::new(metadata, &rollout_path(id(number)), false, "mock")
    };
    fixture.state.threads().upsert(&ids.map(thread).collect::<Vec<_>>()).await?;
    Ok(())
}

#[tokio::test]
async fn five_thousand_fresh_threads_starve_no_eligible_one() -> Result {
    let (fixture, now) = (Fixture::empty().await?, Timestamp::now());
    threads(&fixture, 0..5_000, now, 1).await?;
    threads(&fixture, 5_000..5_001, now, 13).await?;
    let claims = StageOneJobs::claim(&fixture.state.memories(), &request(now)).await?;
    assert_eq!(claims.iter().map(|claim| claim.thread.id).collect::<Vec<_>>(), [id(5_000)]);
    Ok(())
}

#[tokio::test]
async fn a_dead_workers_jobs_are_taken_over_at_once() -> Result {
    let (fixture, now) = (Fixture::empty().await?, Timestamp::now());
    threads(&fixture, 1..2, now, 20).await?;
    let mut child = std::process::Command::new("true").spawn()?;
    let dead =
        threadkeep_state::lease_owner().replace(&std::process::id().to_string(), &child.id().to_string());
    child.wait()?;
    let memories = fixture.state.memories();
    let mut ask = request(now);
    ask.owner.clone_from(&dead);
    assert_eq!(StageOneJobs::claim(&memories, &ask).await?.len(), 1);
    let taken = StageOneJobs::claim(&memories, &request(now)).await?;
    assert_eq!((taken.len(), taken[0].attempt), (1, 2));

    let ask = |owner: &str| threadkeep_memories::ConsolidationRequest {
        owner: owner.to_owned(),
        term: request(now).term,
        cooldown: std::time::Duration::ZERO,
        force: false,
        root: Some("/home/memories".into()),
    };
    for owner in [&dead, "another worker"] {
        let claimed = ConsolidationLock::claim(&memories, &ask(owner)).await?;
        assert!(matches!(claimed, threadkeep_memories::ConsolidationClaim::Granted(_)), "{claimed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn switching_a_memory_mode_off_forgets_at_once() -> Result {
    let (fixture, now) = (Fixture::empty().await?, Timestamp::now());
    threads(&fixture, 1..3, now, 20).await?;
    for number in [1, 2] {
        remember(&fixture.state, id(number), "words").await?;
    }
    fixture.sql("UPDATE memories SET selected = 1").await?;
    fixture.state.threads().set_memory_mode(id(1), MemoryMode::Disabled).await?;
    let memories = fixture.state.memories();
    assert_eq!(memories.get(id(1)).await?, None);
    assert_eq!(ConsolidationLock::state(&memories).await?.forgotten, [id(1)]);
    assert!(memories.get(id(2)).await?.is_some());
    fixture.state.threads().set_memory_mode(id(1), MemoryMode::Enabled).await?;
    assert_eq!(StageOneJobs::claim(&memories, &request(now)).await?.len(), 1, "it is extracted again");
    Ok(())
}

/// Consolidates what there is in a workspace, as far as its generated files go.
async fn consolidated(fixture: &Fixture, root: &std::path::Path) -> Result {
    let memories = fixture.state.memories();
    let lease = locked(fixture, root).await?;
    let selection = threadkeep_memories::Selection { limit: 10, unused_since: Timestamp::UNIX_EPOCH };
    let selected = memories.select(selection).await?;
    threadkeep_memories::files::sync(root, &selected)?;
    let selection = selected.iter().map(|memory| (memory.thread.id, memory.thread.updated_at)).collect();
    let success = threadkeep_memories::ConsolidationSuccess { selection, ..Default::default() };
    ConsolidationLock::succeed(&memories, &lease, &success, Timestamp::now()).await?;
    Ok(())
}

async fn locked(
    fixture: &Fixture,
    root: &std::path::Path,
) -> Result<threadkeep_memories::ConsolidationLease> {
    let request = threadkeep_memories::ConsolidationRequest {
        owner: threadkeep_state::lease_owner(),
        term: request(Timestamp::now()).term,
        cooldown: std::time::Duration::ZERO,
        force: true,
        root: Some(root.to_owned()),
    };
    match ConsolidationLock::claim(&fixture.state.memories(), &request).await? {
        threadkeep_memories::ConsolidationClaim::Granted(lease) => Ok(lease),
        other => Err(format!("{other:?}").into()),
    }
}

#[tokio::test]
async fn a_deleted_threads_words_leave_the_workspace_at_once() -> Result {
    let (fixture, folder) = (Fixture::empty().await?, tempfile::tempdir()?);
    threads(&fixture, 1..4, Timestamp::now(), 20).await?;
    for number in 1..4 {
        remember(&fixture.state, id(number), &format!("ZEBRA{number}")).await?;
    }
    consolidated(&fixture, folder.path()).await?;
    let words = || -> Result<String> {
        let mut words = std::fs::read_to_string(folder.path().join("raw_memories.md"))?;
        for entry in std::fs::read_dir(folder.path().join("rollout_summaries"))? {
            words += &std::fs::read_to_string(entry?.path())?;
        }
        Ok(words)
    };
    assert_eq!(fixture.state.delete_thread(id(1), Timestamp::now()).await?, []);
    assert!(!words()?.contains("ZEBRA1") && words()?.contains("ZEBRA2"));

    // A consolidation has the words in hand, and would write them again.
    let lease = locked(&fixture, folder.path()).await?;
    let left = fixture.state.delete_thread(id(2), Timestamp::now()).await?;
    assert_eq!(left.iter().map(|left| left.participant.as_str()).collect::<Vec<_>>(), ["memories"]);
    ConsolidationLock::release(&fixture.state.memories(), &lease).await?;
    assert_eq!(fixture.state.finish_deletions().await?, []);
    assert!(!words()?.contains("ZEBRA2") && words()?.contains("ZEBRA3"));
    Ok(())
}

/// An upsert deletes the memory by a trigger, which notes a thread that is noted already.
#[tokio::test]
async fn a_rollout_that_forbids_memories_is_indexed_also_if_it_was_forgotten_before() -> Result {
    let (fixture, now) = (Fixture::empty().await?, Timestamp::now());
    threads(&fixture, 1..2, now, 20).await?;
    remember(&fixture.state, id(1), "words").await?;
    fixture.sql("UPDATE memories SET selected = 1").await?;
    fixture.sql(AssertSqlSafe(format!("INSERT INTO memory_forgotten VALUES ('{}')", id(1)))).await?;
    let mut metadata = ThreadMetadata::new(id(1));
    metadata.created_at = Some(now - std::time::Duration::from_secs(20 * 3_600));
    metadata.memory_mode = Some("polluted".to_owned());
    let thread = ThreadUpsert::new(metadata, &rollout_path(id(1)), false, "mock");
    fixture.state.threads().upsert(&[thread]).await?;
    let memories = fixture.state.memories();
    assert_eq!(memories.get(id(1)).await?, None);
    assert_eq!(ConsolidationLock::state(&memories).await?.forgotten, [id(1)]);
    Ok(())
}
