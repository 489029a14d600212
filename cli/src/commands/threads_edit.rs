//! `threads rename|archive|unarchive|memory|delete`: what only the user knows of a thread.

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{MemoryMode, Thread};

use super::find;
use crate::args::{Memory, ThreadsCommand};
use crate::exit::fault;
use crate::homes::Homes;
use crate::index::Index;
use crate::output::text::{clean, fit, one_line};
use crate::output::{Answer, Screen, json};

/// What goes with a thread.
const LOST: &str = "A name, archive mark or memory mode given here goes with it";
/// What does not, and how it comes back.
const KEPT: &str =
    "Its rollout stays, and `threadkeep backfill --include-deleted` brings the thread back without them";

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
    let edited = apply(&index, &home, thread, command, screen).await?;
    index.close().await?;
    Ok(edited)
}

async fn apply(
    index: &Index,
    home: &AgentHome,
    thread: Thread,
    command: &ThreadsCommand,
    screen: &Screen,
) -> anyhow::Result<Edited> {
    let threads = index.state.threads();
    let (id, now) = (thread.id, Timestamp::now());
    let done = match command {
        ThreadsCommand::Show { .. } => String::new(),
        ThreadsCommand::Rename { name: Some(name), .. } => {
            let name = name.trim();
            refuse_controls(name)?;
            threads.rename(id, Some(name)).await?;
            format!("{id} is now called \"{}\"", clean(name))
        }
        ThreadsCommand::Rename { name: None, .. } => {
            threads.rename(id, None).await?;
            let left = threads.get(id).await?.and_then(|thread| thread.name);
            cleared(&thread, left.as_deref(), home)
        }
        ThreadsCommand::Archive { .. } if thread.archived_at.is_some() => {
            format!("{id} is archived already; nothing to do")
        }
        ThreadsCommand::Archive { .. } => {
            threads.archive(id, now).await?;
            if thread.archived {
                format!(
                    "{id} was archived already, by the folder of its rollout; now it is marked so here too"
                )
            } else {
                format!("{id} is archived; `threadkeep threads unarchive` brings it back")
            }
        }
        // A mark would keep it current even if its agent archives it one day.
        ThreadsCommand::Unarchive { .. } if !thread.archived => {
            format!("{id} is not archived; nothing to do")
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
            index.state.delete_thread(id, now).await?;
            return Ok(Edited { thread, done: Done::Deleted });
        }
    };
    let thread = threads.get(id).await?.unwrap_or(thread);
    Ok(Edited { thread, done: Done::Edited(done) })
}

/// A name is shown in lists and typed into terminals: it has nothing in it that is not text.
fn refuse_controls(name: &str) -> anyhow::Result<()> {
    let control = |c: &char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match name.chars().find(control) {
        None => Ok(()),
        Some(c) => Err(fault(
            format!("the name has a control character in it, U+{:04X}; nothing was changed", u32::from(c)),
            "a name is one line of plain text: give it without line breaks, tabs and escapes",
        )),
    }
}

/// What `rename --clear` did: `left` is the name that the thread has now.
fn cleared(thread: &Thread, left: Option<&str>, home: &AgentHome) -> String {
    let id = thread.id;
    // A file that cannot be read is reported by the commands that need it.
    let from_agent = home.thread_names().ok().and_then(|names| names.get(id).map(str::to_owned));
    let from = if left.is_some() && left == from_agent.as_deref() { ", by session_index.jsonl" } else { "" };
    match (thread.name.as_deref(), left) {
        (before, left) if before == left => {
            let called = left.map(|name| format!(": it is called \"{}\"{from}", one_line(name)));
            format!("{id} has no name given here; nothing to do{}", called.unwrap_or_default())
        }
        (before, left) => {
            let before = before.map(|name| format!(", \"{}\"", one_line(name))).unwrap_or_default();
            let now = left.map(|name| format!("; it is called \"{}\" now{from}", one_line(name)));
            format!("{id} has lost the name that was given here{before}{}", now.unwrap_or_default())
        }
    }
}

async fn may_delete(thread: &Thread, screen: &Screen) -> anyhow::Result<bool> {
    let question = question(thread, screen.width);
    screen.ask(&question).await.ok_or_else(|| {
        fault("nothing was deleted, because nobody can be asked", "pass --yes to delete without asking")
    })
}

/// What is lost, what stays, and the question itself at the end.
fn question(thread: &Thread, room: usize) -> String {
    let called = [&thread.name, &thread.title].into_iter().flatten().map(|text| one_line(text));
    let called = called.map(|text| format!("\n  {}", fit(&text, room.saturating_sub(2)))).next();
    format!("{}{}\n{LOST}.\n{KEPT}.\nDelete it from the index?", thread.id, called.unwrap_or_default(),)
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
            Done::Deleted => {
                let place = clean(rollout_path);
                format!("{id} is deleted from the index\n{LOST}\n{KEPT}\nrollout: {place}\n")
            }
            Done::NotDeleted => "nothing was deleted\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_text() {
        assert!(refuse_controls("Größe 日本 👩‍👩‍👧").is_ok());
        for name in ["two\nlines", "a\ttab", "\u{1b}[31mred", "\u{9b}m", "a\u{2028}b"] {
            assert!(refuse_controls(name).is_err(), "{name:?}");
        }
    }
}
