//! One pass of the backfill over the home, with a progress bar and a way to stop it.

use std::sync::Arc;
use std::time::Duration;

use threadkeep_backfill::{Backfill, Progress as _, Report, RunOutcome, Status};
use threadkeep_rollout::AgentHome;
use threadkeep_state::StateRuntime;
use threadkeep_state::backfill::{IndexOptions, lease_owner};

use crate::exit::fault;
use crate::index::{Access, Index};
use crate::interrupt::Interrupt;
use crate::output::Screen;
use crate::output::progress::Progress;

/// How to make a pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PassOptions {
    /// Read everything again from its start.
    pub(crate) force: bool,
    /// Bring back threads that were deleted.
    pub(crate) include_deleted: bool,
    /// Wait while another process is at it, instead of reporting it.
    pub(crate) wait: bool,
}

/// Makes a pass.
pub(crate) async fn run(
    state: &StateRuntime,
    home: &AgentHome,
    options: PassOptions,
    screen: &Screen,
) -> anyhow::Result<Report> {
    let ports = state.backfill_ports(home, IndexOptions { include_deleted: options.include_deleted })?;
    let interrupt = Interrupt::listen();
    let engine = Backfill::new(Arc::new(ports.source), Arc::new(ports.index), Arc::new(ports.progress))
        .owner(lease_owner())
        .force(options.force)
        .stop_on(interrupt.stop_handle());
    let progress = Progress::new(screen);
    let patience = if options.wait { Duration::MAX } else { Duration::ZERO };
    let report = engine.run_or_wait(patience, |update| progress.show(update)).await;
    progress.clear();
    Ok(report?)
}

/// Brings the index up to date before it is read. Whatever keeps it from that, other than the user, is a reason to say that
/// what follows may be incomplete, and no reason to show nothing: it is returned, in words.
pub(crate) async fn refresh(
    index: &Index,
    home: &AgentHome,
    screen: &Screen,
) -> anyhow::Result<Option<String>> {
    if let Access::ReadOnly(refusal) = &index.access {
        return Ok(Some(format!("{refusal}: the index was not brought up to date")));
    }
    let reason = match run(&index.state, home, PassOptions::default(), screen).await {
        Ok(report) => match report.outcome {
            RunOutcome::Complete => return Ok(None),
            RunOutcome::Held { owner, .. } => format!("another process is indexing this home ({owner})"),
            RunOutcome::Interrupted => return Err(interrupted()),
            _ => "the index was not brought up to date".to_owned(),
        },
        Err(error) => {
            let fault = crate::exit::Fault::of(&error, false);
            let hint = fault.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("the index could not be brought up to date: {}{hint}", fault.message)
        }
    };
    Ok(Some(reason))
}

/// Why an index that is not brought up to date first may lack threads: no pass over the home has ever gone through, or the
/// last one has not.
pub(crate) async fn unfinished(index: &Index) -> anyhow::Result<Option<String>> {
    let progress = index.state.backfill_progress().state().await.map_err(anyhow::Error::from_boxed)?;
    let is_complete = progress.status == Status::Complete;
    Ok((!is_complete).then(|| "the home is not wholly indexed: `threadkeep backfill` goes on".to_owned()))
}

/// The error of a run that the user stopped.
pub(crate) fn interrupted() -> anyhow::Error {
    fault("interrupted; run it again to go on", "what was indexed until now is kept")
}
