//! From a typed word to the thread that is meant.
//!
//! A word is a whole id, `@1` for the newest thread of the list, the path of a rollout, the
//! beginning of an id, its end, or a name, in this order. A whole id is taken as it is: goals and
//! the agent graph may know threads that no rollout contains yet.

use threadkeep_app::dirs::Dirs;
use threadkeep_app::label::thread_label;
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::Refreshed;
use threadkeep_app::text::fit;
use threadkeep_app::{Fault, FaultKind, Message, Observer, command, messages, refresh};
use threadkeep_rollout::{AgentHome, RolloutName};
use threadkeep_state::{LEAST_END, ListThreads, MAX_PAGE, StateError, Thread};
use uuid::Uuid;

use crate::output::Screen;

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
    match look_up(index, home, typed).await {
        // The list may have changed since it was printed.
        found if matches!(Word::of(home, typed), Word::Newest(_)) => {
            refreshed(index, home, screen, found.is_err()).await?;
            look_up(index, home, typed).await
        }
        Err(fault) if fault.kind == FaultKind::UnknownThread => {
            let (refreshed, found) =
                (refresh::refresh(index, home, screen).await?, look_up(index, home, typed).await);
            note(&refreshed, found.is_err(), screen);
            found
        }
        found => found,
    }
}

/// Replaces `@1` and the like by the ids that they mean now: each change of a thread may change the
/// list.
pub(super) async fn fixed(
    index: &Index,
    home: &AgentHome,
    typed: &[String],
    screen: &Screen,
) -> Result<Vec<String>, Fault> {
    let position = |word: &str| match Word::of(home, word) {
        Word::Newest(position) => Some(position),
        _ => None,
    };
    if typed.len() == 1 || !typed.iter().any(|word| position(word).is_some()) {
        return Ok(typed.to_vec());
    }
    refreshed(index, home, screen, false).await?;
    let mut fixed = Vec::with_capacity(typed.len());
    for word in typed {
        let id = match position(word) {
            Some(position) => newest(index, position).await.ok(),
            None => None,
        };
        fixed.push(id.map_or_else(|| word.clone(), |id| id.to_string()));
    }
    Ok(fixed)
}

async fn refreshed(index: &Index, home: &AgentHome, screen: &Screen, is_vital: bool) -> Result<(), Fault> {
    let refreshed = refresh::refresh(index, home, screen).await?;
    note(&refreshed, is_vital, screen);
    Ok(())
}

/// Notes what an index run could not see.
fn note(refreshed: &Refreshed, is_vital: bool, screen: &Screen) {
    if let Some(reason) = &refreshed.incomplete {
        screen.note(reason);
    }
    if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || is_vital) {
        screen.note(&failures);
    }
}

/// Finds a thread as it is now. An indexed thread is brought up to date alone. Also returns the
/// reason why it may be out of date.
pub(super) async fn find_current(
    index: &Index,
    home: &AgentHome,
    typed: &str,
    screen: &Screen,
) -> Result<(Thread, Option<Message>), Fault> {
    let is_known = match look_up(index, home, typed).await {
        Ok(thread) if !matches!(Word::of(home, typed), Word::Newest(_)) => Some(thread),
        Err(fault) if fault.kind != FaultKind::UnknownThread => return Err(fault),
        _ => None,
    };
    let refreshed = match &is_known {
        Some(thread) => refresh::refresh_thread(index, home, thread, screen).await?,
        None => refresh::refresh(index, home, screen).await?,
    };
    if let Some(reason) = refreshed.incomplete.clone() {
        screen.note(&reason.append("; this may be out of date"));
    }
    // The same word may mean another thread by now.
    let found = match is_known {
        Some(thread) => look_up(index, home, &thread.id.to_string()).await,
        None => look_up(index, home, typed).await,
    };
    if let Some(failures) = refreshed.failures().filter(|_| screen.verbose || found.is_err()) {
        screen.note(&failures);
    }
    Ok((found?, refreshed.incomplete))
}

/// Finds the id that is meant, as [`find`] does. A whole id need not be that of an indexed thread.
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

/// Returns false if no rollout and no index knows a thread. True if that cannot be found out.
pub(super) async fn is_known(dirs: &Dirs, id: Uuid, screen: &Screen) -> Result<bool, Fault> {
    let (Ok(home), Ok(index)) = (dirs.agent_home(), Index::for_reading(dirs, screen).await) else {
        return Ok(true);
    };
    // The store of goals refuses a deleted thread itself.
    let is_unknown = async || {
        let found = look_up(&index, &home, &id.to_string()).await;
        found.is_err_and(|fault| fault.kind == FaultKind::UnknownThread)
    };
    let mut is_known = !is_unknown().await;
    if !is_known {
        // Another process may be indexing it just now.
        let refreshed = refresh::refresh(&index, &home, screen).await?;
        is_known = refreshed.incomplete.is_some() || !is_unknown().await;
    }
    index.close().await?;
    Ok(is_known)
}

/// Returns the indexed thread that is meant.
pub(super) async fn look_up(index: &Index, home: &AgentHome, typed: &str) -> Result<Thread, Fault> {
    let id = look_up_id(index, home, typed).await?;
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

/// A typed word, by its form.
enum Word {
    Id(Uuid),
    /// Position in the list of current threads, from 1.
    Newest(u32),
    /// Path of a rollout, relative to the home.
    File(String),
    /// Beginning or end of an id, or a name.
    Text,
}

impl Word {
    fn of(home: &AgentHome, typed: &str) -> Word {
        if let Ok(id) = Uuid::try_parse(typed) {
            return Word::Id(id);
        }
        if let Some(Ok(position @ 1..)) = typed.strip_prefix('@').map(str::parse) {
            return Word::Newest(position);
        }
        let is_file = [".jsonl", ".jsonl.zst", ".json"].iter().any(|end| typed.ends_with(end));
        if is_file { Word::File(relative(home, typed)) } else { Word::Text }
    }
}

/// Returns the path of a rollout relative to the home, with `/` between folders.
fn relative(home: &AgentHome, typed: &str) -> String {
    let path = std::path::Path::new(typed);
    let real = std::fs::canonicalize(home.root());
    let inside = path
        .strip_prefix(home.root())
        .ok()
        .or_else(|| path.strip_prefix(real.as_ref().ok()?).ok())
        .unwrap_or(path);
    inside.to_string_lossy().replace('\\', "/").trim_start_matches("./").to_owned()
}

/// Returns the id that is meant: a whole one as it is, also of a deleted thread.
pub(super) async fn look_up_id(index: &Index, home: &AgentHome, typed: &str) -> Result<Uuid, Fault> {
    let threads = index.state.threads();
    match Word::of(home, typed) {
        Word::Id(id) => Ok(id),
        Word::Newest(position) => newest(index, position).await,
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
                let lines = candidate_lines(index, &ids.collect::<Vec<_>>()).await?;
                Err(messages::ambiguous(&prefix, lines.len(), more, lines.into_iter()))
            }
            Err(StateError::NoSuchPrefix(_) | StateError::BadIdPrefix(_)) => {
                let mut found = threads.ids_ending_with(typed).await?;
                let how = if found.is_empty() { "the name" } else { "the end of the id" };
                if found.is_empty() {
                    found = threads.ids_named(typed).await?;
                }
                match found.as_slice() {
                    [] => Err(unknown(typed)),
                    [one] => Ok(*one),
                    several => {
                        let lines = candidate_lines(index, several).await?;
                        Err(messages::several(typed, how, lines.into_iter()))
                    }
                }
            }
            Err(error) => Err(error.into()),
        },
    }
}

/// Returns the thread at a position of the list that `threads` prints.
async fn newest(index: &Index, position: u32) -> Result<Uuid, Fault> {
    let query = ListThreads { limit: Some(position.min(MAX_PAGE)), ..ListThreads::default() };
    let page = index.state.threads().list(&query).await?;
    let listed = page.threads.len() as u64;
    match page.threads.get(position as usize - 1) {
        Some(thread) => Ok(thread.id),
        None if position > MAX_PAGE => Err(Fault::new(
            format!("@{position} is too far down the list"),
            format!("@{MAX_PAGE} is the last"),
        )),
        None => Err(Fault::new(
            format!(
                "there is no @{position}: the list has {}",
                threadkeep_app::text::counted(listed, "thread")
            ),
            (command("threads"), " lists the threads that exist"),
        )
        .of_kind(FaultKind::UnknownThread)),
    }
}

fn unknown(typed: &str) -> Fault {
    let is_end =
        typed.len() < LEAST_END || !typed.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    messages::unknown(typed, !is_end)
}

/// Renders threads to choose from, one a line.
async fn candidate_lines(index: &Index, ids: &[Uuid]) -> Result<Vec<String>, Fault> {
    let threads = index.state.threads().get_many(ids).await?;
    let line = |id: &Uuid| {
        let thread = threads.iter().find(|thread| thread.id == *id);
        format!("{id}  {}", fit(&thread.map(thread_label).unwrap_or_default(), LABEL_WIDTH))
    };
    Ok(ids.iter().map(line).collect())
}
