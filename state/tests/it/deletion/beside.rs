//! Other processes that work on a thread while it is deleted.

use threadkeep_state::{StateOptions, StateRuntime};
use threadkeep_state_goals::{GoalError, NewGoal};
use threadkeep_state_logs::{LogOptions, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;

use super::{MARKER, no_residue, now, two_threads};
use crate::common::{Result, id, remember};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_works_on_the_thread_meanwhile_leaves_nothing_of_it() -> Result {
    let fixture = two_threads().await?;
    let folder = fixture.sqlite_home();
    // Another process, as it were: with connections of its own.
    let other = StateRuntime::open(&StateOptions::new(&folder)).await?;
    let (layer, writer) = LogWriter::start(other.logs(), LogOptions::default())?;
    let logging = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let working = tokio::spawn({
        let other = other.clone();
        async move {
            let mut begun = Some(begun);
            loop {
                let goal = other.thread_goals().replace(id(1), NewGoal::new(MARKER), now()).await;
                // What else is refused is what is asked for.
                let _ = other.threads().rename(id(1), Some(MARKER), jiff::Timestamp::now()).await;
                let _ = other.graph().upsert_edge(id(1), id(9), now()).await;
                let _ = remember(&other, id(1), MARKER).await;
                tracing::dispatcher::with_default(
                    &logging,
                    || tracing::info!(thread_id = %id(1), "{MARKER}"),
                );
                match goal {
                    Ok(_) => _ = begun.take().map(|begun| begun.send(())),
                    Err(GoalError::ThreadDeleted(_)) => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
        }
    });
    has_begun.await?;
    let state = fixture.state.clone();
    let left = tokio::spawn(async move { state.delete_thread(id(1), now()).await }).await??;
    working.await??;
    writer.close().await?;
    other.close().await?;
    fixture.state.close().await?;
    // Something may have been in the way; then the next one finishes.
    let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
    assert_eq!(state.finish_deletions().await?, [], "{left:?}");
    state.close().await?;
    no_residue(&folder)
}
