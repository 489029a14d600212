//! Finds mirrored sessions.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_sessions::{Mirror, MirrorError, Mirrored, ThreadIds, stores};
use uuid::Uuid;

use crate::fault::Fault;

/// Returns the mirrored session of a thread. Where several places have had it, the place that still
/// has it counts.
///
/// # Errors
///
/// Fails if the list of the agent's mirrored sessions cannot be read.
pub fn session_of(sqlite_home: &Path, agent: &str, thread: Uuid) -> Result<Option<Mirrored>, Fault> {
    let sessions = super::mirror(sqlite_home).sessions(agent).map_err(|error| Fault::plain(&error))?;
    let of_thread = sessions.into_iter().filter(|known| known.thread_id == thread);
    Ok(of_thread.min_by_key(|known| known.gone_since))
}

/// Mirrored sessions by thread, for many questions: the list of each agent is read once.
#[derive(Debug)]
pub struct MirroredThreads {
    sqlite_home: PathBuf,
    agents: HashMap<String, HashMap<Uuid, Mirrored>>,
}

impl MirroredThreads {
    /// Reads nothing yet.
    pub fn new(sqlite_home: &Path) -> MirroredThreads {
        MirroredThreads { sqlite_home: sqlite_home.to_owned(), agents: HashMap::new() }
    }

    /// Returns the mirrored session of a thread, as [`session_of`].
    ///
    /// # Errors
    ///
    /// As [`session_of`].
    pub fn get(&mut self, agent: &str, thread: Uuid) -> Result<Option<&Mirrored>, Fault> {
        Ok(self.of_agent(agent)?.get(&thread))
    }

    fn of_agent(&mut self, agent: &str) -> Result<&HashMap<Uuid, Mirrored>, Fault> {
        if !self.agents.contains_key(agent) {
            let sessions = super::mirror(&self.sqlite_home).sessions(agent);
            let mut threads = HashMap::<Uuid, Mirrored>::new();
            for session in sessions.map_err(|error| Fault::plain(&error))? {
                let known = threads.get(&session.thread_id);
                if known.is_none_or(|known| session.gone_since < known.gone_since) {
                    threads.insert(session.thread_id, session);
                }
            }
            self.agents.insert(agent.to_owned(), threads);
        }
        Ok(&self.agents[agent])
    }
}

/// Threads whose sessions their agents have deleted, for many questions: of each agent, the list is
/// read once.
#[derive(Debug)]
pub struct GoneThreads {
    mirror: Mirror,
    agents: HashMap<String, HashMap<Uuid, Timestamp>>,
}

impl GoneThreads {
    /// Reads nothing yet.
    pub fn new(sqlite_home: &Path) -> GoneThreads {
        GoneThreads { mirror: super::mirror(sqlite_home), agents: HashMap::new() }
    }

    /// Returns the time at which the session of a thread was found to be gone; `None` if it is
    /// there.
    ///
    /// # Errors
    ///
    /// As [`session_of`].
    pub fn since(&mut self, agent: &str, thread: Uuid) -> Result<Option<Timestamp>, Fault> {
        Ok(self.of_agent(agent)?.get(&thread).copied())
    }

    /// Returns all of them.
    ///
    /// # Errors
    ///
    /// As [`session_of`].
    pub fn all(&mut self) -> Result<Vec<Uuid>, Fault> {
        let mut all = Vec::new();
        for store in stores() {
            all.extend(self.of_agent(store.name())?.keys());
        }
        Ok(all)
    }

    fn of_agent(&mut self, agent: &str) -> Result<&HashMap<Uuid, Timestamp>, Fault> {
        if !self.agents.contains_key(agent) {
            let gone = self.mirror.gone(agent).map_err(|error| Fault::plain(&error))?;
            self.agents.insert(agent.to_owned(), gone);
        }
        Ok(&self.agents[agent])
    }
}

/// Returns the threads of the mirrored sessions with a native id. Sessions whose thread was deleted
/// are only meant if all were, and sessions that are gone only where none is there: an agent may
/// give their ids again. A copy that has no thread is in that of its original.
///
/// # Errors
///
/// [`MirrorError`], if a list of the mirror cannot be read.
pub fn threads_named(sqlite_home: &Path, word: &str) -> Result<BTreeSet<Uuid>, MirrorError> {
    let mirror = super::mirror(sqlite_home);
    let mut found = Vec::new();
    for store in stores() {
        let sessions = mirror.sessions(store.name())?.into_iter();
        found.extend(sessions.filter(|known| known.native_id == word));
    }
    let rank = |known: &Mirrored| (known.deleted, known.gone_since.is_some());
    let best = found.iter().map(rank).min();
    found.retain(|known| Some(rank(known)) == best);
    Ok(found.iter().map(Mirrored::shown_thread).collect())
}

/// Returns the ids that the threads of other agents' sessions have if the sessions' own id is that
/// of a thread.
pub fn namesakes(thread: Uuid) -> Vec<Uuid> {
    let id = thread.to_string();
    stores().into_iter().map(|store| ThreadIds::new(store.name(), [thread]).of(&id)).collect()
}
