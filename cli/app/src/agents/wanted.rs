//! Sessions that should be kept, by the threads that were named.

use std::path::PathBuf;

use threadkeep_sessions::{Mirrored, OpenStore};
use threadkeep_state::{HOME_AGENT, StateRuntime, Thread};
use uuid::Uuid;

use super::mirrored::MirroredThreads;
use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;
use crate::message::command;

/// Session that should be kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Wanted {
    /// The agent's name.
    pub agent: String,
    /// Place of the agent.
    pub place: PathBuf,
    /// Identity, as [`FoundSession::identity`](threadkeep_sessions::FoundSession::identity).
    pub identity: String,
    /// Thread of the index.
    pub thread_id: Uuid,
    /// Main file when it was last read; empty if not known.
    pub(super) source: PathBuf,
}

impl Wanted {
    pub(super) fn of(agent: &str, session: &Mirrored) -> Wanted {
        Wanted {
            agent: agent.to_owned(),
            place: session.place.clone(),
            identity: session.identity().to_owned(),
            thread_id: session.thread_id,
            source: session.source.clone(),
        }
    }
}

/// Returns the sessions of a thread and of its sub-agents.
///
/// # Errors
///
/// Fails if the thread's agent no longer has its session, and if the index or the mirror cannot be
/// read. A sub-agent whose session is gone is left out.
pub async fn thread_sessions_to_keep(
    state: &StateRuntime,
    dirs: &Dirs,
    mirrored: &mut MirroredThreads,
    thread: &Thread,
) -> Result<Vec<Wanted>, Fault> {
    let own = wanted(dirs, mirrored, thread)?.ok_or_else(|| gone(thread))?;
    let mut all = vec![own];
    all.extend(sub_agents_to_keep(state, dirs, mirrored, thread.id).await?);
    Ok(all)
}

/// Returns the sessions of a thread's sub-agents. A sub-agent whose session is gone is left out.
pub(super) async fn sub_agents_to_keep(
    state: &StateRuntime,
    dirs: &Dirs,
    mirrored: &mut MirroredThreads,
    id: Uuid,
) -> Result<Vec<Wanted>, Fault> {
    let mut all = Vec::new();
    for id in sub_agents(state, id).await? {
        if let Some(thread) = state.threads().get(id).await? {
            all.extend(wanted(dirs, mirrored, &thread)?);
        }
    }
    Ok(all)
}

/// Returns all sub-agents below a thread. Forks are left out.
///
/// # Errors
///
/// Fails if the index cannot be read.
pub async fn sub_agents(state: &StateRuntime, id: Uuid) -> Result<Vec<Uuid>, Fault> {
    let (mut open, mut found) = (vec![id], Vec::new());
    while let Some(id) = open.pop() {
        for child in state.graph().children(id).await?.into_iter().filter(|child| !child.is_fork()) {
            if !found.contains(&child.thread_id) {
                open.push(child.thread_id);
                found.push(child.thread_id);
            }
        }
    }
    Ok(found)
}

/// Returns a thread's session, if its agent has it.
fn wanted(dirs: &Dirs, mirrored: &mut MirroredThreads, thread: &Thread) -> Result<Option<Wanted>, Fault> {
    let agent = thread.agent();
    if let Some(session) = mirrored.get(agent, thread.id)? {
        return Ok((session.gone_since.is_none() && !session.deleted && !session.is_copy())
            .then(|| Wanted::of(agent, session)));
    }
    let source = real(&dirs.home).join(&thread.rollout_path);
    // Something else may be in the place of a missing rollout.
    let is_there = thread.missing_since.is_none() || source.symlink_metadata().is_ok();
    Ok((agent == HOME_AGENT && is_there).then(|| Wanted {
        agent: agent.to_owned(),
        place: real(&dirs.home),
        identity: thread.id.to_string(),
        thread_id: thread.id,
        source,
    }))
}

/// Returns the error about a session that its place does not have.
pub(super) fn absent(open: &OpenStore, Wanted { agent, identity, source, .. }: &Wanted) -> Fault {
    match open.obstacle(source) {
        None => Fault::without_hint(format!("{agent} no longer has the session {identity}")),
        Some(reason) => Fault::new(
            format!("cannot read {}: {reason}", source.display()),
            format!("put the file of the session {identity} back there, and try again"),
        ),
    }
}

fn gone(thread: &Thread) -> Fault {
    let why = format!("{} no longer has this session: nothing is left to keep", thread.agent());
    Fault::new(why, (command("threads read").arg(thread.id), " shows what was read of it")).about(thread.id)
}
