//! `threads rename|archive|unarchive|memory`: what only the user knows of a thread.

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{MemoryMode, Thread};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::goal_store;
use super::resolve::find;
use crate::args::Memory;
use crate::config::Settings;
use crate::exit::{About, fault};
use crate::homes::Homes;
use crate::index::Index;
use crate::output::text::{clean, one_line};
use crate::output::{Answer, Screen, json};

/// What is to be done to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit<'a> {
    /// Gives it a name, or takes it away.
    Rename(Option<&'a str>),
    Archive,
    Unarchive,
    Memory(Memory),
}

/// What was done to a thread, and what it is now.
pub(super) struct Edited {
    thread: Thread,
    /// Asked for programs alone.
    goal: Option<Goal>,
    done: Done,
}

/// What was done, for people, and in a word for this tool's own log.
struct Done {
    said: String,
    word: &'static str,
}

pub(super) async fn edit(
    homes: &Homes,
    id: &str,
    edit: Edit<'_>,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Edited> {
    let home = homes.agent_home()?;
    let index = Index::for_writing(homes).await?;
    let thread = find(&index, &home, id, screen).await?;
    let id = thread.id;
    let done = apply(&index, &home, &thread, edit).await.context(About(id))?;
    let thread = index.state.threads().get(id).await?.unwrap_or(thread);
    index.close().await?;
    let goal = match screen.json {
        true => goal_store::of_threads(homes, &[id], settings, screen).await.remove(&id),
        false => None,
    };
    Ok(Edited { thread, goal, done })
}

/// Does it, and says what was done.
async fn apply(index: &Index, home: &AgentHome, thread: &Thread, edit: Edit<'_>) -> anyhow::Result<Done> {
    let threads = index.state.threads();
    let (id, now) = (thread.id, Timestamp::now());
    let (word, said) = match edit {
        Edit::Rename(Some(name)) => {
            let name = name.trim();
            refuse_controls(name)?;
            threads.rename(id, Some(name)).await?;
            // What is stored may be without a secret that was typed.
            let stored = threads.get(id).await?.and_then(|thread| thread.name);
            ("renamed", format!("{id} is now called \"{}\"", clean(stored.as_deref().unwrap_or(name))))
        }
        Edit::Rename(None) => {
            threads.rename(id, None).await?;
            let left = threads.get(id).await?.and_then(|thread| thread.name);
            ("name taken away", cleared(thread, left.as_deref(), home))
        }
        Edit::Archive if thread.archived_at.is_some() => {
            ("archived already", format!("{id} is archived already; nothing to do"))
        }
        Edit::Archive => {
            threads.archive(id, now).await?;
            let said = if thread.archived {
                format!(
                    "{id} was archived already, by the folder of its rollout; now it is marked so here too"
                )
            } else {
                format!("{id} is archived; `threadkeep threads unarchive {id}` brings it back")
            };
            ("archived", said)
        }
        // A mark would keep it current even if its agent archives it one day.
        Edit::Unarchive if !thread.archived => {
            ("not archived", format!("{id} is not archived; nothing to do"))
        }
        Edit::Unarchive => {
            threads.unarchive(id).await?;
            ("current again", format!("{id} is current again"))
        }
        Edit::Memory(mode) => {
            let (mode, word) = match mode {
                Memory::Enabled => (MemoryMode::Enabled, "memories enabled"),
                Memory::Disabled => (MemoryMode::Disabled, "memories disabled"),
            };
            threads.set_memory_mode(id, mode).await?;
            (word, format!("memories of {id} are {}", mode.as_str()))
        }
    };
    Ok(Done { said, word })
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

impl Answer for Edited {
    fn json(&self) -> Value {
        json!({ "thread": json::thread(&self.thread, self.goal.as_ref()) })
    }

    fn text(&self, screen: &Screen) -> String {
        if screen.quiet { String::new() } else { format!("{}\n", screen.typable(&self.done.said)) }
    }

    fn done(&self) -> String {
        self.done.word.to_owned()
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.thread.id)
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
