//! Runs that end early.

use std::sync::Arc;
use std::time::Duration;

use threadkeep_memories::consolidation::{ConsolidationError, Ending};
use threadkeep_memories::in_memory::ManualClock;
use threadkeep_memories::{
    AgentError, Clock as _, ConsolidationAgent, ConsolidationClaim, ConsolidationLock, ConsolidationRequest,
    ConsolidationTask, NotNow, Step, Term,
};
use tokio::sync::Notify;

use super::fixture::{Fixture, Result, no_agent, summary, write};

/// Writes to its copy, says so, and never ends.
struct Hangs(Arc<Notify>);

#[async_trait::async_trait]
impl ConsolidationAgent for Hangs {
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> std::result::Result<(), AgentError> {
        write(task.root, "memory_summary.md", "half done\n")?;
        self.0.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_failing_agent_changes_nothing_and_its_reason_is_stored() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    fixture.run(summary("good\n")).await?;
    fixture.remember(1, "use just").await?;
    let failed = fixture
        .run(|root, _| {
            write(root, "memory_summary.md", "bad\n")?;
            Err(AgentError::Failed { reason: "no credit for hunter2".into() })
        })
        .await;
    let Err(ConsolidationError::Step { step: Step::Agent, reason, .. }) = failed else {
        return Err(format!("{failed:?}").into());
    };
    assert_eq!(reason, "the agent failed: no credit for [redacted]");
    assert_eq!(fixture.read("memory_summary.md")?, "good\n");
    Ok(())
}

#[tokio::test]
async fn a_stopped_run_gives_the_lock_back() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    let (began, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let engine = fixture.engine(Hangs(Arc::clone(&began)), fixture.options());
    let (report, ()) = tokio::join!(engine.run(stop.notified(), |_| {}), async {
        began.notified().await;
        stop.notify_one();
    });
    assert_eq!(report?.ending, Ending::Stopped);
    assert!(!fixture.root().join("memory_summary.md").exists());
    assert_eq!(ConsolidationLock::state(&fixture.store).await?.holder, None);
    assert_eq!(fixture.run(summary("good\n")).await?.ending, Ending::Consolidated);
    Ok(())
}

#[tokio::test]
async fn a_run_that_lost_its_lock_touches_nothing() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    let began = Arc::new(Notify::new());
    let mut options = fixture.options();
    options.heartbeat = Duration::from_millis(5);
    let engine = fixture.engine(Hangs(Arc::clone(&began)), options);
    let (report, taken) = tokio::join!(engine.run(std::future::pending(), |_| {}), async {
        began.notified().await;
        // Long enough that no heartbeat of the sleeping run counts.
        let now = fixture.clock.now() + Duration::from_secs(2 * 3_600);
        let term = Term { now, expires_at: now + Duration::from_secs(3_600) };
        let request = ConsolidationRequest {
            owner: "other".into(),
            term,
            cooldown: Duration::ZERO,
            force: false,
            root: Some(fixture.root()),
        };
        ConsolidationLock::claim(&fixture.store, &request).await
    });
    assert!(matches!(taken?, ConsolidationClaim::Granted(_)));
    assert_eq!(report?.ending, Ending::LeaseLost);
    assert!(!fixture.root().join("memory_summary.md").exists());
    let state = ConsolidationLock::state(&fixture.store).await?;
    assert_eq!(state.holder.map(|(owner, _)| owner), Some("other".into()));
    Ok(())
}

/// Works for five hours.
struct Slow(ManualClock);

#[async_trait::async_trait]
impl ConsolidationAgent for Slow {
    async fn consolidate(&self, task: ConsolidationTask<'_>) -> std::result::Result<(), AgentError> {
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_secs(90)).await;
            self.0.advance(Duration::from_secs(90));
        }
        write(task.root, "memory_summary.md", "slow\n")
    }
}

#[tokio::test(start_paused = true)]
async fn the_lock_is_renewed_while_the_agent_works() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    let engine = fixture.engine(Slow(fixture.clock.clone()), fixture.options());
    let watched = async {
        tokio::time::sleep(Duration::from_secs(4 * 3_600 + 30)).await;
        fixture.run(no_agent).await
    };
    let (report, second) = tokio::join!(engine.run(std::future::pending(), |_| {}), watched);
    assert_eq!(report?.ending, Ending::Consolidated);
    assert!(matches!(second?.ending, Ending::NotNow(NotNow::Held { .. })));
    Ok(())
}

#[tokio::test]
async fn two_runs_at_once_are_one_consolidation() -> Result {
    let fixture = Fixture::new()?;
    fixture.remember(1, "use make").await?;
    let began = Arc::new(Notify::new());
    let engine = fixture.engine(Hangs(Arc::clone(&began)), fixture.options());
    tokio::select! {
        report = engine.run(std::future::pending(), |_| {}) => return Err(format!("{report:?}").into()),
        second = async {
            began.notified().await;
            fixture.run(no_agent).await
        } => assert!(matches!(second?.ending, Ending::NotNow(NotNow::Held { .. }))),
    }
    // The first run's future was dropped: its lease expires.
    assert!(matches!(fixture.run(no_agent).await?.ending, Ending::NotNow(NotNow::Held { .. })));
    fixture.clock.advance(Duration::from_secs(3_601));
    assert_eq!(fixture.run(summary("good\n")).await?.ending, Ending::Consolidated);
    Ok(())
}
