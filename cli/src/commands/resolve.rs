//! From a typed id to the thread that is meant.
//!
//! An id may be shortened to any beginning that distinguishes it from the other indexed ones. A
//! whole id is taken as it is: goals and the agent graph may know threads that no rollout contains
//! yet.

use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::Index;
use threadkeep_app::text::fit;
use threadkeep_app::{Fault, FaultKind, Observer, messages, refresh};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{StateError, Thread};
use uuid::Uuid;

use crate::output::Screen;
use threadkeep_app::label::thread_label;

/// Columns of a label next to a candidate's id.
const LABEL_WIDTH: usize = 50;

/// Finds the thread that is meant; if it is not there, once more after the index was brought up to
/// date.
pub(super) async fn find(
    index: &Index,
    home: &AgentHome,
    typed: &str,
    screen: &Screen,
) -> Result<Thread, Fault> {
    match look_up(index, typed).await {
        Err(fault) if fault.kind == FaultKind::UnknownThread => {
            let refreshed = refresh::refresh(index, home, screen).await?;
            if let Some(reason) = &refreshed.incomplete {
                screen.note(reason);
            }
            let found = look_up(index, typed).await;
            if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || found.is_err()) {
                screen.note(&failures);
            }
            found
        }
        found => found,
    }
}

/// Finds the id that is meant, in the same way. A whole id need not be that of an indexed thread.
pub(super) async fn find_id(
    index: &Index,
    home: &AgentHome,
    typed: &str,
    screen: &Screen,
) -> Result<Uuid, Fault> {
    match find(index, home, typed, screen).await {
        Ok(thread) => Ok(thread.id),
        Err(fault) => Uuid::try_parse(typed).map_err(|_| fault),
    }
}

/// Finds the id that is meant by a command that needs the index for shortened ids alone.
pub(super) async fn resolve(dirs: &Dirs, typed: &str, screen: &Screen) -> Result<Uuid, Fault> {
    if let Ok(id) = Uuid::try_parse(typed) {
        return Ok(id);
    }
    let home = dirs.agent_home()?;
    let index = Index::for_reading(dirs, screen).await?;
    let found = find(&index, &home, typed, screen).await;
    index.close().await?;
    Ok(found?.id)
}

/// Returns the indexed thread that is meant.
pub(super) async fn look_up(index: &Index, typed: &str) -> Result<Thread, Fault> {
    let id = look_up_id(index, typed).await?;
    let threads = index.state.threads();
    match threads.get(id).await? {
        Some(thread) => Ok(thread),
        None => Err(match threads.deleted_at(id).await? {
            Some(at) => StateError::Deleted { id, at },
            None => StateError::NotFound(id),
        }
        .into()),
    }
}

/// Returns the id that is meant: a whole one as it is, and a shortened one completed from the
/// index.
pub(super) async fn look_up_id(index: &Index, typed: &str) -> Result<Uuid, Fault> {
    let threads = index.state.threads();
    match threads.resolve(typed).await {
        Err(StateError::AmbiguousPrefix { prefix, candidates, more }) => {
            let mut lines = Vec::with_capacity(candidates.len());
            for candidate in candidates {
                let thread = match Uuid::try_parse(&candidate) {
                    Ok(id) => threads.get(id).await?,
                    Err(_) => None,
                };
                let label = thread.as_ref().map(thread_label).unwrap_or_default();
                lines.push(format!("{candidate}  {}", fit(&label, LABEL_WIDTH)));
            }
            Err(messages::ambiguous(&prefix, lines.len(), more, lines.into_iter()))
        }
        resolved => Ok(resolved?),
    }
}
