//! From what was typed to the thread that is meant.
//!
//! An id may be shortened to any beginning that tells it from the other indexed ones. A whole id is taken as it is: goals and
//! the agent graph may know threads that no rollout tells of yet.

use threadkeep_rollout::AgentHome;
use threadkeep_state::{StateError, Thread};
use uuid::Uuid;

use super::threads_table;
use crate::exit::fault;
use crate::homes::Homes;
use crate::index::Index;
use crate::output::Screen;
use crate::output::text::fit;
use crate::pass;

/// How much of a title is shown beside a candidate's id.
const TITLE_WIDTH: usize = 50;

/// Finds the thread that is meant; when it is not there, once more after the index was brought up to date.
pub(super) async fn find(
    index: &Index,
    home: &AgentHome,
    typed: &str,
    screen: &Screen,
) -> anyhow::Result<Thread> {
    match look_up(index, typed).await {
        Err(error) if is_unknown(&error) => {
            let failures = refresh(index, home, screen).await?;
            let found = look_up(index, typed).await;
            if let Some(failures) = failures.filter(|_| screen.verbose || found.is_err()) {
                screen.note(&failures);
            }
            found
        }
        found => found,
    }
}

/// Finds the id that is meant, in the same way. A whole one need not be that of an indexed thread.
pub(super) async fn find_id(
    index: &Index,
    home: &AgentHome,
    typed: &str,
    screen: &Screen,
) -> anyhow::Result<Uuid> {
    match find(index, home, typed, screen).await {
        Ok(thread) => Ok(thread.id),
        Err(error) => Uuid::try_parse(typed).map_err(|_| error),
    }
}

/// The id that is meant by a command that needs no index, unless an id was shortened.
pub(super) async fn resolve(homes: &Homes, typed: &str, screen: &Screen) -> anyhow::Result<Uuid> {
    if let Ok(id) = Uuid::try_parse(typed) {
        return Ok(id);
    }
    let home = homes.agent_home()?;
    let index = Index::for_reading(homes, screen).await?;
    let found = find(&index, &home, typed, screen).await;
    index.close().await?;
    Ok(found?.id)
}

/// The indexed thread that is meant.
pub(super) async fn look_up(index: &Index, typed: &str) -> anyhow::Result<Thread> {
    let id = look_up_id(index, typed).await?;
    let threads = index.state.threads();
    match threads.get(id).await? {
        Some(thread) => Ok(thread),
        None if threads.is_deleted(id).await? => Err(fault(
            format!("{id} was deleted"),
            "`threadkeep backfill --include-deleted` brings deleted threads back",
        )),
        None => Err(StateError::NotFound { id }.into()),
    }
}

/// The id that is meant: a whole one as it is, and of a shortened one the rest from the index.
pub(super) async fn look_up_id(index: &Index, typed: &str) -> anyhow::Result<Uuid> {
    let threads = index.state.threads();
    match threads.resolve(typed).await {
        Err(StateError::AmbiguousPrefix { prefix, candidates, more }) => {
            let number =
                if more { format!("more than {}", candidates.len()) } else { candidates.len().to_string() };
            let mut hint = "give more of it:".to_owned();
            for candidate in candidates {
                let thread = match Uuid::try_parse(&candidate) {
                    Ok(id) => threads.get(id).await?,
                    Err(_) => None,
                };
                let title = thread.as_ref().map(threads_table::what).unwrap_or_default();
                hint.push_str(&format!("\n{candidate}  {}", fit(&title, TITLE_WIDTH)));
            }
            Err(fault(format!("`{prefix}` is the beginning of {number} thread ids"), hint))
        }
        resolved => Ok(resolved?),
    }
}

/// Brings the index up to date and says why it may still not be; gives back that files failed.
async fn refresh(index: &Index, home: &AgentHome, screen: &Screen) -> anyhow::Result<Option<String>> {
    let refreshed = pass::refresh(index, home, screen).await?;
    if let Some(reason) = &refreshed.incomplete {
        screen.note(reason);
    }
    Ok(refreshed.failures())
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(StateError::NotFound { .. } | StateError::NoSuchPrefix { .. }))
}
