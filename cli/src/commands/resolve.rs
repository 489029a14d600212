//! From a typed word to the thread that is meant.
//!
//! A word is a whole id, `@1` for the first thread of a list, the path of a rollout, the beginning
//! of an id, its end, a name, or a sub-agent's nickname or path, in this order. `PARENT/PATH` is a
//! sub-agent below one thread. A whole id of no thread and no session is taken as it is: goals and
//! the agent graph may know threads that no rollout contains yet.

use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::{self, Refreshed};
use threadkeep_app::text::counted;
use threadkeep_app::{Fault, FaultKind, Message, Observer, command, messages};
use threadkeep_rollout::{AgentHome, RolloutName};
use threadkeep_state::{Descendants, LEAST_END, ListThreads, MAX_PAGE, Shelf, StateError, Thread};
use uuid::Uuid;

use super::word::Word;
use crate::output::Screen;

/// Relation of a session's id to its thread.
const OF_AGENT: &str = "the agent's id";

/// List in which `@1` and the like count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    Current,
    Archived,
    /// The deleted threads, the latest first.
    Deleted,
}

/// Finds the threads that typed words mean.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    pub(super) index: &'a Index,
    pub(super) home: &'a AgentHome,
    pub(super) screen: &'a Screen,
    pub(super) listed: Listed,
    /// True if the index may be brought up to date for it.
    pub(super) refreshes: bool,
}

impl<'a> Lookup<'a> {
    /// Finds current threads, in an index that may be brought up to date.
    pub(super) fn new(index: &'a Index, home: &'a AgentHome, screen: &'a Screen) -> Lookup<'a> {
        Lookup { index, home, screen, listed: Listed::Current, refreshes: true }
    }

    /// Replaces `@1` and the like by the ids that they mean now: each change of a thread may change
    /// the list.
    pub(super) async fn fixed(&self, typed: &[String]) -> Result<Vec<Result<String, Fault>>, Fault> {
        let is_position = |word: &String| matches!(Word::of(self.home, word), Word::Position(_));
        // The list may have changed since it was printed.
        let refreshed = if self.refreshes && typed.iter().any(is_position) {
            refresh::refresh(self.index, self.home, self.screen).await?
        } else {
            Refreshed::default()
        };
        let mut fixed = Vec::with_capacity(typed.len());
        for word in typed {
            fixed.push(match Word::of(self.home, word) {
                Word::Position(position) => self.at(position).await.map(|id| id.to_string()),
                _ => Ok(word.clone()),
            });
        }
        self.note(&refreshed, fixed.iter().any(Result::is_err));
        Ok(fixed)
    }

    /// Finds the thread that is meant; if it is not there, once more after the index was brought up
    /// to date.
    pub(super) async fn find(&self, typed: &str) -> Result<Thread, Fault> {
        let found = match self.look_up(typed).await {
            Err(fault) if fault.kind == FaultKind::UnknownThread && self.refreshes => {
                let refreshed = refresh::refresh(self.index, self.home, self.screen).await?;
                let found = self.look_up(typed).await;
                self.note(&refreshed, found.is_err());
                found?
            }
            found => found?,
        };
        self.note_namesakes(typed, &found).await?;
        Ok(found)
    }

    /// Finds the id that is meant, as [`find`](Self::find) does. A whole id need not be that of an
    /// indexed thread.
    pub(super) async fn find_id(&self, typed: &str) -> Result<Uuid, Fault> {
        let is_unindexed =
            |fault: &Fault| matches!(fault.kind, FaultKind::UnknownThread | FaultKind::DeletedThread);
        match self.find(typed).await {
            Err(fault) if is_unindexed(&fault) && Uuid::try_parse(typed).is_ok() => {
                self.look_up_id(typed).await
            }
            found => Ok(found?.id),
        }
    }

    /// Finds a thread as it is now. An indexed thread is brought up to date alone. Also returns the
    /// reason why it may be out of date.
    pub(super) async fn find_current(&self, typed: &str) -> Result<(Thread, Option<Message>), Fault> {
        let Lookup { index, home, screen, .. } = *self;
        if !self.refreshes {
            let incomplete = refresh::prepare(index, home, false, screen).await?.incomplete;
            return Ok((self.find(typed).await?, incomplete));
        }
        let indexed = match self.look_up(typed).await {
            Ok(thread) => Some(thread),
            Err(fault) if fault.kind == FaultKind::UnknownThread => None,
            Err(fault) => return Err(fault),
        };
        let refreshed = match &indexed {
            Some(thread) => refresh::refresh_thread(index, home, thread, screen).await?,
            None => refresh::refresh(index, home, screen).await?,
        };
        if let Some(reason) = refreshed.incomplete.clone() {
            screen.note(&reason.append("; this may be out of date"));
        }
        // The same word may mean another thread by now.
        let found = match indexed {
            Some(thread) => self.look_up(&thread.id.to_string()).await,
            None => self.look_up(typed).await,
        };
        if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || found.is_err()) {
            screen.note(&failures);
        }
        let found = found?;
        self.note_namesakes(typed, &found).await?;
        Ok((found, refreshed.incomplete))
    }

    /// Returns the indexed thread that is meant.
    async fn look_up(&self, typed: &str) -> Result<Thread, Fault> {
        self.indexed(self.look_up_id(typed).await?).await
    }

    /// Returns the indexed thread with an id.
    async fn indexed(&self, id: Uuid) -> Result<Thread, Fault> {
        let threads = self.index.state.threads();
        if let Some(thread) = threads.get(id).await? {
            return Ok(thread);
        }
        Err(match threads.deleted_at(id).await? {
            Some(at) => StateError::Deleted { id, at }.into(),
            None => StateError::NotFound(id).into(),
        })
    }

    /// Returns the id that is meant, also that of a deleted thread. A whole id that nothing has is
    /// returned as it is.
    pub(super) async fn look_up_id(&self, typed: &str) -> Result<Uuid, Fault> {
        let threads = self.index.state.threads();
        match Word::of(self.home, typed) {
            Word::Id(id) => match self.indexed(id).await {
                // A session's UUID may differ from its thread's id.
                Err(fault) if fault.kind == FaultKind::UnknownThread => {
                    let sessions = self.of_sessions(typed)?;
                    Ok(self.only(typed, OF_AGENT, &sessions).await?.unwrap_or(id))
                }
                Err(fault) if fault.kind != FaultKind::DeletedThread => Err(fault),
                _ => Ok(id),
            },
            Word::Position(position) => self.at(position).await,
            Word::File(path) => {
                let name = path.rsplit('/').next().unwrap_or(&path);
                let of_name = RolloutName::parse(name).ok().map(|name| name.thread_id);
                let id = threads.id_of_file(&path).await?.or(of_name);
                id.ok_or_else(|| unknown(typed))
            }
            Word::Text => match threads.resolve(typed).await {
                Ok(id) | Err(StateError::Deleted { id, .. }) => Ok(id),
                Err(StateError::AmbiguousPrefix { prefix, candidates, more }) => {
                    let ids = candidates.iter().filter_map(|id| Uuid::try_parse(id).ok());
                    let lines = self.candidate_lines(&ids.collect::<Vec<_>>()).await?;
                    Err(messages::ambiguous(&prefix, lines.len(), more, lines.into_iter()))
                }
                Err(StateError::NoSuchPrefix(_) | StateError::BadIdPrefix(_)) => self.called(typed).await,
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Returns what a word means that is taken for no name.
    pub(super) async fn meaning(&self, word: &str) -> Result<Option<&'static str>, Fault> {
        let threads = self.index.state.threads();
        Ok(match Word::of(self.home, word) {
            Word::Id(_) => Some("an id"),
            Word::Position(_) => Some("a position in the list"),
            Word::File(_) => Some("a rollout"),
            Word::Text => match threads.resolve(word).await {
                Ok(_) | Err(StateError::Deleted { .. } | StateError::AmbiguousPrefix { .. }) => {
                    Some("the beginning of an id")
                }
                Err(StateError::NoSuchPrefix(_) | StateError::BadIdPrefix(_)) => {
                    (!threads.ids_ending_with(word).await?.is_empty()).then_some("the end of an id")
                }
                Err(error) => return Err(error.into()),
            },
        })
    }

    /// Returns the id that ends with a text, or belongs to a thread of this name or nickname.
    async fn called(&self, typed: &str) -> Result<Uuid, Fault> {
        let threads = self.index.state.threads();
        let mut how = "the end of the id";
        let mut found = threads.ids_ending_with(typed).await?;
        if found.is_empty() {
            (how, found) = ("the name", threads.ids_named(typed).await?);
        }
        if found.is_empty() {
            (how, found) = ("the nickname", threads.ids_nicknamed(typed).await?);
        }
        if found.is_empty() {
            (how, found) = ("the agent path", threads.ids_at_agent_path(typed).await?);
        }
        if found.is_empty() {
            (how, found) = (OF_AGENT, self.of_sessions(typed)?);
        }
        if found.is_empty() {
            found = self.below(typed).await?;
        }
        self.only(typed, how, &found).await?.ok_or_else(|| unknown(typed))
    }

    /// Returns the sub-agents that a word names with a thread above them: `PARENT/PATH`.
    async fn below(&self, typed: &str) -> Result<Vec<Uuid>, Fault> {
        let Some((parent, path)) = typed.split_once('/').filter(|(parent, _)| !parent.is_empty()) else {
            return Ok(Vec::new());
        };
        let parent = match Box::pin(self.look_up_id(parent)).await {
            Err(fault) if fault.kind == FaultKind::UnknownThread => return Ok(Vec::new()),
            parent => parent?,
        };
        let state = &self.index.state;
        let named = state.threads().ids_at_agent_path(&format!("/{path}")).await?;
        let named = if named.is_empty() { state.threads().ids_at_agent_path(path).await? } else { named };
        let below = state.graph().descendants(parent, Descendants::default()).await?;
        Ok(named.into_iter().filter(|id| below.iter().any(|agent| agent.thread_id == *id)).collect())
    }

    /// Returns the thread at a position of the list that the command works on.
    async fn at(&self, position: u32) -> Result<Uuid, Fault> {
        let threads = self.index.state.threads();
        if self.screen.is_of_several() {
            let hint = "name the thread by its id, or leave out all but one --home";
            let why = format!("@{position} counts in the list of one home");
            return Err(Fault::new(why, hint).of_kind(FaultKind::UnknownThread));
        }
        if position > MAX_PAGE {
            let hint = format!("@{MAX_PAGE} is the last");
            return Err(Fault::new(format!("@{position} is too far down the list"), hint));
        }
        let page = async |shelf| {
            let query = ListThreads { shelf, limit: Some(position), ..ListThreads::default() };
            let page = threads.list(&query).await?.threads;
            Ok::<_, StateError>(page.iter().map(|thread| thread.id).collect::<Vec<_>>())
        };
        let (ids, list) = match self.listed {
            Listed::Current => (page(Shelf::Current).await?, "threads"),
            Listed::Archived => (page(Shelf::Archived).await?, "threads --archived"),
            Listed::Deleted => {
                let stones = threads.deleted(position).await?;
                (stones.iter().map(|stone| stone.thread_id).collect(), "threads --deleted")
            }
        };
        ids.get(position as usize - 1).copied().ok_or_else(|| {
            let (thing, lists) = match self.listed {
                Listed::Current => ("thread", " lists the threads that exist"),
                Listed::Archived => ("archived thread", " lists the archived threads"),
                Listed::Deleted => ("deleted thread", " lists the deleted threads"),
            };
            let listed = counted(ids.len() as u64, thing);
            Fault::new(format!("there is no @{position}: the list has {listed}"), (command(list), lists))
                .of_kind(FaultKind::UnknownThread)
        })
    }

    /// Notes what an index run could not see.
    fn note(&self, refreshed: &Refreshed, is_vital: bool) {
        if let Some(reason) = &refreshed.incomplete {
            self.screen.note(reason);
        }
        if let Some(failures) = refreshed.failures().filter(|_| self.screen.verbose || is_vital) {
            self.screen.note(&failures);
        }
    }
}

/// Opens the home and its index, for a command that may go on without them.
pub(super) async fn opened(dirs: &Dirs, screen: &Screen) -> Result<(AgentHome, Index), Fault> {
    Ok((dirs.agent_home()?, Index::for_reading(dirs, screen).await?))
}

/// Finds the ids that are meant by a command that works without an index, too: then whole ids are
/// taken as they are.
pub(super) async fn resolve(
    dirs: &Dirs,
    typed: &[String],
    screen: &Screen,
) -> Result<Vec<Result<Uuid, Fault>>, Fault> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let (home, index) = match opened(dirs, screen).await {
        Ok(opened) => opened,
        Err(fault) => {
            let ids = typed.iter().map(|word| Uuid::try_parse(word).map(Ok)).collect::<Result<_, _>>();
            return ids.map_err(|_| fault);
        }
    };
    let lookup = Lookup::new(&index, &home, screen);
    let mut found = Vec::with_capacity(typed.len());
    for word in lookup.fixed(typed).await? {
        found.push(match word {
            Ok(word) => lookup.find_id(&word).await,
            Err(fault) => Err(fault),
        });
    }
    index.close().await?;
    Ok(found)
}

/// Returns false if no rollout and no index knows a thread. True if that cannot be found out.
pub(super) async fn may_exist(dirs: &Dirs, id: Uuid, screen: &Screen) -> Result<bool, Fault> {
    let Ok((home, index)) = opened(dirs, screen).await else { return Ok(true) };
    let lookup = Lookup::new(&index, &home, screen);
    // The store of goals refuses a deleted thread itself.
    let is_unknown = async || {
        let found = lookup.indexed(id).await;
        found.is_err_and(|fault| fault.kind == FaultKind::UnknownThread)
    };
    let mut may_exist = !is_unknown().await;
    if !may_exist {
        // Another process may be indexing it just now.
        let refreshed = refresh::refresh(&index, &home, screen).await?;
        may_exist = refreshed.incomplete.is_some() || !is_unknown().await;
    }
    index.close().await?;
    Ok(may_exist)
}

/// Makes the error about a word that no thread has. Some words can be parts of ids.
fn unknown(typed: &str) -> Fault {
    let is_part_of_id =
        typed.len() >= LEAST_END && typed.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    messages::unknown(typed, is_part_of_id)
}
