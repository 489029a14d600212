//! `kept restore`: gives a session back to its agent.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::agents::{self, Restorer};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted};
use threadkeep_app::{Fault, Message, Observer as _, refresh};
use threadkeep_rollout::AgentHome;
use threadkeep_sessions::{Kept, LastUse, Restored, store};
use uuid::Uuid;

use super::find::Copies;
use crate::command::{Answered, Context, Run};
use crate::commands::several::{Several, closed};
use crate::commands::threads::Resume;
use crate::exit::Code;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Restore<'a> {
    pub(super) ids: &'a [String],
}

/// Copy of a session, with the copies of its sub-agents.
struct Meant {
    kept: Kept,
    subagents: Vec<(Uuid, Result<Kept, Fault>)>,
}

struct Back {
    kept: Kept,
    restored: Restored,
    /// Sub-agents whose sessions were put back with it.
    subagents: Vec<Uuid>,
    /// Sub-agents whose sessions could not be put back.
    failed: Vec<(Uuid, Fault)>,
    /// Command that continues it; `None` if the agent has none.
    command: Option<String>,
}

#[async_trait(?Send)]
impl Run for Restore<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("kept restore")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let copies = Copies::read(dirs)?;
        let mut meant = Vec::new();
        for word in self.ids {
            meant.push(copies.find_kept(dirs, word, screen).await);
        }
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let back = self.restore(&copies, meant, &index, &home, dirs, screen).await;
        closed(index, back.and_then(Several::answer)).await
    }
}

impl Restore<'_> {
    async fn restore(
        &self,
        copies: &Copies,
        meant: Vec<Result<Kept, Fault>>,
        index: &Index,
        home: &AgentHome,
        dirs: &Dirs,
        screen: &Screen,
    ) -> Result<Several<Back>, Fault> {
        // A session may have moved since.
        refresh::refresh(index, home, screen).await?;
        let mut families = Vec::new();
        for kept in meant {
            families.push(match kept {
                Ok(kept) => Meant::of(kept, copies, index).await,
                Err(fault) => Err(fault),
            });
        }
        let all: Vec<Kept> = families.iter().flatten().flat_map(Meant::copies).cloned().collect();
        let restorer = Restorer::of(dirs, &index.state, &all).await?;
        let put_back = async |meant| put_back(&restorer, meant, screen);
        let mut back = Several::of(self.ids, families, screen, put_back).await;
        drop(restorer);
        // From now on the agent has them.
        refresh::refresh(index, home, screen).await?;
        let mut going_by_words = BTreeSet::new();
        for one in back.answers_mut() {
            let thread = index.state.threads().get(one.kept.thread_id).await?;
            let resume = thread.map(|thread| Resume::of(&thread, dirs)).transpose()?;
            one.command = resume.filter(|it| !it.commands.is_empty()).map(|resume| resume.line());
            going_by_words.extend(one.agent_going_by_words());
        }
        for agent in going_by_words {
            let note = format!(
                "{agent} deletes old sessions by the time of what was said last; before you start it, turn \
                 that off in its settings"
            );
            screen.note(&note.into());
        }
        Ok(back)
    }
}

impl Meant {
    /// Finds the copies of a session's sub-agents.
    async fn of(kept: Kept, copies: &Copies, index: &Index) -> Result<Meant, Fault> {
        let ids = agents::sub_agents(&index.state, kept.thread_id).await?;
        let mut subagents = copies.of_threads(&ids);
        subagents.retain(|(_, copy)| copy.as_ref().map_or(true, |copy| copy.place == kept.place));
        Ok(Meant { kept, subagents })
    }

    fn copies(&self) -> impl Iterator<Item = &Kept> {
        let subagents = self.subagents.iter().filter_map(|(_, copy)| copy.as_ref().ok());
        std::iter::once(&self.kept).chain(subagents)
    }
}

/// Puts a session back, with the kept sessions of its sub-agents. A sub-agent that cannot be put
/// back does not stop the others.
fn put_back(restorer: &Restorer, meant: Meant, screen: &Screen) -> Result<Back, Fault> {
    let mut restored = restorer.restore(&meant.kept)?;
    let (mut subagents, mut failed) = (Vec::new(), Vec::new());
    for (id, copy) in meant.subagents {
        match copy.and_then(|copy| restorer.restore(&copy)) {
            Ok(more) => {
                restored.written.extend(more.written);
                restored.present.extend(more.present);
                restored.added_to.extend(more.added_to);
                restored.shared.extend(more.shared);
                subagents.push(id);
            }
            Err(fault) => {
                let note = Message::from(("the sub-agent ", id, " was not put back: "));
                screen.note(&note.append(fault.clone().sentence()));
                failed.push((id, fault));
            }
        }
    }
    Ok(Back { kept: meant.kept, restored, subagents, failed, command: None })
}

impl Back {
    /// Returns the agent's title if files were put back and it may delete them at once: it does not
    /// go by the last write.
    fn agent_going_by_words(&self) -> Option<&'static str> {
        let store = store(&self.kept.agent).filter(|_| !self.restored.written.is_empty())?;
        let retention = store.retention(&self.kept.place)?;
        (retention.after == LastUse::Said).then(|| store.title())
    }
}

impl Answer for Back {
    fn json(&self) -> Value {
        let paths = |paths: &[PathBuf]| -> Vec<_> {
            paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        let shared = self.restored.shared.iter().map(|(path, _)| path.to_string_lossy());
        let failed =
            |(id, fault): &(Uuid, Fault)| json!({ "thread_id": id, "error": fault.message.to_string() });
        json!({
            "thread_id": self.kept.thread_id,
            "agent": self.kept.agent,
            "place": self.kept.place.to_string_lossy(),
            "written": paths(&self.restored.written),
            "present": paths(&self.restored.present),
            "added_to": paths(&self.restored.added_to),
            "shared": shared.collect::<Vec<_>>(),
            "subagents": self.subagents,
            "failed": self.failed.iter().map(failed).collect::<Vec<_>>(),
            "command": self.command,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let command = self.command.as_ref().map(|command| format!("{command}\n")).unwrap_or_default();
        if screen.quiet {
            return command;
        }
        let (id, agent) = (self.kept.thread_id, &self.kept.agent);
        let place = self.kept.place.to_string_lossy();
        let place = clean(&place);
        let said = match self.restored.written.len() as u64 {
            0 => format!("{agent} has {id} in {place}: all of its files are there"),
            files => format!("{agent} has {id} in {place} again: {}", counted(files, "file")),
        };
        let line = |words: &str, paths: &[PathBuf]| {
            let paths = paths.iter().map(|path| clean(&path.to_string_lossy()).into_owned());
            let paths = Vec::from_iter(paths.collect::<BTreeSet<_>>()).join(", ");
            if paths.is_empty() { paths } else { format!("{words}: {paths}\n") }
        };
        let added = line("its entry was added to what sessions share", &self.restored.added_to);
        let stays = self.restored.shared.iter().map(|(path, reason)| {
            format!("left as it is, because {reason}: {}\n", clean(&path.to_string_lossy()))
        });
        let stays = String::from_iter(stays.collect::<BTreeSet<_>>());
        format!("{said}\n{added}{stays}{command}")
    }

    fn done(&self) -> String {
        format!("{} put back", counted(self.restored.written.len() as u64, "file"))
    }

    fn changed(&self) -> bool {
        !(self.restored.written.is_empty() && self.restored.added_to.is_empty())
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.kept.thread_id)
    }

    fn code(&self) -> Code {
        if self.failed.is_empty() { Code::Fine } else { Code::CouldNotRun }
    }
}
