//! `threads rename|archive|unarchive|memory`: facts about a thread that only the user knows.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::message::typed;
use threadkeep_app::name::check_name;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, count, one_line};
use threadkeep_app::{Fault, Message, command};
use threadkeep_memories::StageOneOutputs as _;
use threadkeep_state::{MemoryMode, NameSource, StateError, Thread};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use crate::args::Memory;
use crate::command::{Answered, Context, Run};
use crate::commands::goals::of_threads;
use crate::commands::memories::{boxed, bring_files_in_line};
use crate::commands::resolve::{Listed, Lookup};
use crate::commands::several::{Several, closed, each};
use crate::output::{Answer, Screen, json, labelled};

/// The command.
pub(super) struct EditThreads<'a> {
    pub(super) ids: &'a [String],
    pub(super) edit: Edit<'a>,
}

/// Edit of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit<'a> {
    /// Gives it a name, or removes the name.
    Rename(Option<&'a str>),
    Archive,
    Unarchive,
    Memory(Memory),
}

/// Edit that was made, and the thread after it.
struct Edited {
    thread: Thread,
    /// Read for programs alone.
    goal: Option<Goal>,
    done: Done,
    /// True if it is about the name.
    names: bool,
}

/// Edit that was made: for people, and in a word for the tool's own log.
struct Done {
    said: Message,
    word: &'static str,
}

#[async_trait(?Send)]
impl Run for EditThreads<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some(match self.edit {
            Edit::Rename(_) => "threads rename",
            Edit::Archive => "threads archive",
            Edit::Unarchive => "threads unarchive",
            Edit::Memory(_) => "threads memory",
        })
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let listed = if self.edit == Edit::Unarchive { Listed::Archived } else { Listed::Current };
        let lookup = Lookup { listed, ..Lookup::new(&index, &home, screen) };
        let edited = each(&lookup, self.ids, async |typed| {
            let thread = lookup.find(typed).await?;
            let id = thread.id;
            if let Edit::Rename(Some(name)) = self.edit {
                refuse_taken(&lookup, name.trim()).await?;
            }
            let done = apply(&index, &thread, self.edit).await.map_err(|fault| fault.about(id))?;
            let thread = index.state.threads().get(id).await?.unwrap_or(thread);
            let goal = if screen.json { of_threads(context, &[id]).await.remove(&id) } else { None };
            let names = matches!(self.edit, Edit::Rename(_));
            Ok(Edited { thread, goal, done, names })
        });
        let edited = edited.await;
        if self.edit == Edit::Memory(Memory::Disabled) {
            bring_files_in_line(&index.state.memories(), screen).await?;
        }
        closed(index, edited.and_then(Several::answer)).await
    }
}

/// Makes the edit.
async fn apply(index: &Index, thread: &Thread, edit: Edit<'_>) -> Result<Done, Fault> {
    let threads = index.state.threads();
    let (id, now) = (thread.id, Timestamp::now());
    let (word, said): (_, Message) = match edit {
        Edit::Rename(Some(name)) => {
            let name = name.trim();
            check_name(name)?;
            threads.rename(id, Some(name), now).await.map_err(|error| bad_name(name, error))?;
            // A secret that was typed is not stored.
            let stored = threads.get(id).await?.and_then(|thread| thread.name);
            let stored = clean(stored.as_deref().unwrap_or(name)).into_owned();
            ("renamed", format!("{id} is now called \"{stored}\"").into())
        }
        Edit::Rename(None) => {
            threads.rename(id, None, now).await?;
            let left = threads.get(id).await?;
            ("name removed", cleared(thread, left.as_ref()).into())
        }
        Edit::Archive if thread.archived_at.is_some() => {
            ("archived already", format!("{id} is archived already; nothing to do").into())
        }
        Edit::Archive => {
            threads.archive(id, now).await?;
            let said = if thread.archived {
                format!("{id} was archived already, by the folder of its rollout; now it is also marked here")
                    .into()
            } else {
                let unarchive = command("threads unarchive").arg(id);
                (format!("{id} is archived; "), unarchive, " moves it back to the list").into()
            };
            ("archived", said)
        }
        // A mark would keep it current even if its agent archives it one day.
        Edit::Unarchive if !thread.archived => {
            ("not archived", format!("{id} is not archived; nothing to do").into())
        }
        Edit::Unarchive => {
            threads.unarchive(id, now).await?;
            ("current again", format!("{id} is in the list again").into())
        }
        Edit::Memory(mode) => {
            let (mode, word) = match mode {
                Memory::Enabled => (MemoryMode::Enabled, "memories enabled"),
                Memory::Disabled => (MemoryMode::Disabled, "memories disabled"),
            };
            let memory = index.state.memories().get(id).await.map_err(boxed)?;
            threads.set_memory_mode(id, mode).await?;
            let is_gone = memory.is_some() && mode == MemoryMode::Disabled;
            let gone = if is_gone { "; what was remembered of it is removed" } else { "" };
            (word, format!("memories from {id} are {}{gone}", mode.as_str()).into())
        }
    };
    Ok(Done { said, word })
}

/// Says how long the name is that was refused for its length.
fn bad_name(name: &str, error: StateError) -> Fault {
    match error {
        StateError::BadName { max } => {
            let chars = count(name.chars().count() as u64);
            let message = format!("a name has 1 to {} characters; this one has {chars}", count(max as u64));
            Fault::new(message, (command("threads rename ID --clear"), " removes a name"))
        }
        error => error.into(),
    }
}

/// Refuses a name that would mean something else where a thread is named.
async fn refuse_taken(lookup: &Lookup<'_>, name: &str) -> Result<(), Fault> {
    let Some(meaning) = lookup.meaning(name).await? else { return Ok(()) };
    let hint = "choose a name that can be typed in place of an id";
    Err(Fault::new((typed(name), format!(" would be taken for {meaning}; nothing was changed")), hint))
}

/// Says what `rename --clear` did; `left` is the thread after it.
fn cleared(thread: &Thread, left: Option<&Thread>) -> String {
    let id = thread.id;
    let from = left.and_then(|thread| thread.name_from).map(|from| format!(" ({})", origin(from)));
    let from = from.unwrap_or_default();
    match (thread.name.as_deref(), left.and_then(|thread| thread.name.as_deref())) {
        (before, left) if before == left => {
            let called = left.map(|name| format!(": it is called \"{}\"{from}", one_line(name)));
            format!("{id} has no name that was given here; nothing to do{}", called.unwrap_or_default())
        }
        (before, left) => {
            let before = before.map(|name| format!(" \"{}\"", one_line(name))).unwrap_or_default();
            let now = left.map(|name| format!("; it is now called \"{}\"{from}", one_line(name)));
            format!("the name{before} was removed from {id}{}", now.unwrap_or_default())
        }
    }
}

/// Says where a name comes from.
pub(super) fn origin(from: NameSource) -> &'static str {
    match from {
        NameSource::User => "given here",
        NameSource::SessionIndex => "from session_index.jsonl",
        NameSource::Rollout => "given in the agent",
    }
}

impl Answer for Edited {
    fn json(&self) -> Value {
        json!({ "thread": json::thread(&self.thread, self.goal.as_ref()) })
    }

    fn text(&self, screen: &Screen) -> String {
        if screen.quiet {
            return String::new();
        }
        let said = screen.render(self.done.said.clone());
        // A new name is said already.
        if self.names { format!("{said}\n") } else { labelled(&said, &self.thread, screen) }
    }

    fn done(&self) -> String {
        self.done.word.to_owned()
    }

    fn changed(&self) -> bool {
        !matches!(self.done.word, "archived already" | "not archived")
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.thread.id)
    }
}
