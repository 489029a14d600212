//! `threads rename|archive|unarchive|memory|delete`: what only the user knows of a thread.

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_state::{MemoryMode, Thread};

use super::find;
use crate::args::{Memory, ThreadsCommand};
use crate::exit::{Code, fault};
use crate::homes::Homes;
use crate::index::Index;
use crate::output::text::one_line;
use crate::output::{Answer, Screen, json};

/// What was done to a thread, and what it is now.
pub(super) struct Edited {
    thread: Thread,
    done: Done,
}

enum Done {
    Edited(String),
    Deleted,
    NotDeleted,
}

pub(super) async fn edit(homes: &Homes, command: &ThreadsCommand, screen: &Screen) -> anyhow::Result<Edited> {
    let home = homes.agent_home()?;
    let index = Index::for_writing(homes).await?;
    let (ThreadsCommand::Show { id, .. }
    | ThreadsCommand::Rename { id, .. }
    | ThreadsCommand::Archive { id }
    | ThreadsCommand::Unarchive { id }
    | ThreadsCommand::Memory { id, .. }
    | ThreadsCommand::Delete { id, .. }) = command;
    let thread = find(&index, &home, id, screen).await?;
    let edited = apply(&index, thread, command, screen).await?;
    index.close().await?;
    Ok(edited)
}

async fn apply(
    index: &Index,
    thread: Thread,
    command: &ThreadsCommand,
    screen: &Screen,
) -> anyhow::Result<Edited> {
    let threads = index.state.threads();
    let (id, now) = (thread.id, Timestamp::now());
    let done = match command {
        ThreadsCommand::Show { .. } => String::new(),
        ThreadsCommand::Rename { name, .. } => {
            threads.rename(id, name.as_deref()).await?;
            match name {
                Some(name) => format!("{id} is now called {}", one_line(name)),
                None => format!("{id} has lost the name it was given here"),
            }
        }
        ThreadsCommand::Archive { .. } => {
            threads.archive(id, now).await?;
            format!("{id} is archived; `threads unarchive` brings it back")
        }
        ThreadsCommand::Unarchive { .. } => {
            threads.unarchive(id).await?;
            format!("{id} is current again")
        }
        ThreadsCommand::Memory { mode, .. } => {
            let mode = match mode {
                Memory::Enabled => MemoryMode::Enabled,
                Memory::Disabled => MemoryMode::Disabled,
            };
            threads.set_memory_mode(id, mode).await?;
            format!("memories of {id} are {}", mode.as_str())
        }
        ThreadsCommand::Delete { yes, .. } => {
            if !yes && !may_delete(&thread, screen).await? {
                return Ok(Edited { thread, done: Done::NotDeleted });
            }
            threads.delete(id, now).await?;
            return Ok(Edited { thread, done: Done::Deleted });
        }
    };
    let thread = threads.get(id).await?.unwrap_or(thread);
    Ok(Edited { thread, done: Done::Edited(done) })
}

async fn may_delete(thread: &Thread, screen: &Screen) -> anyhow::Result<bool> {
    let called = thread.name.as_ref().or(thread.title.as_ref()).map(|name| format!(" ({})", one_line(name)));
    let question = format!("Delete {}{} from the index?", thread.id, called.unwrap_or_default());
    screen.ask(&question).await.ok_or_else(|| {
        fault("nothing was deleted, because nobody can be asked", "pass --yes to delete without asking")
    })
}

impl Answer for Edited {
    fn json(&self) -> Value {
        match &self.done {
            Done::Edited(_) => json!({ "thread": json::thread(&self.thread) }),
            Done::Deleted | Done::NotDeleted => json!({
                "id": self.thread.id,
                "deleted": matches!(self.done, Done::Deleted),
                "rollout_path": self.thread.rollout_path,
            }),
        }
    }

    fn text(&self, screen: &Screen) -> String {
        let Thread { id, rollout_path, .. } = &self.thread;
        match &self.done {
            _ if screen.quiet => String::new(),
            Done::Edited(done) => format!("{done}\n"),
            Done::Deleted => format!(
                "{id} is deleted from the index\n\
                 its rollout stays at {}; indexing does not bring the thread back, `backfill --include-deleted` does\n",
                one_line(rollout_path)
            ),
            Done::NotDeleted => "nothing was deleted\n".to_owned(),
        }
    }

    fn code(&self) -> Code {
        if matches!(self.done, Done::NotDeleted) { Code::Problems } else { Code::Fine }
    }
}
