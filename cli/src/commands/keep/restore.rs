//! `kept restore`: gives a session back to its agent.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted};
use threadkeep_app::{Fault, agents, refresh};
use threadkeep_sessions::{Kept, Restored};
use uuid::Uuid;

use super::find::find;
use crate::command::{Answered, Context, Run};
use crate::commands::several::Several;
use crate::commands::threads::Resume;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Restore<'a> {
    pub(super) ids: &'a [String],
}

struct Back {
    kept: Kept,
    restored: Restored,
    /// Sub-agents whose sessions were put back with it.
    subagents: Vec<Uuid>,
    /// Command that continues it; `None` if the agent has none.
    command: Option<String>,
}

#[async_trait(?Send)]
impl Run for Restore<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("kept restore")
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let mut meant = Vec::new();
        for word in self.ids {
            meant.push(find(dirs, word, screen).await);
        }
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let mut back = Several::of(self.ids, meant, screen, async |kept| restore(&index, kept).await).await;
        let closed = async {
            // From now on the agent has them.
            refresh::refresh(&index, &home, *screen).await?;
            for one in back.answers_mut() {
                let thread = index.state.threads().get(one.kept.thread_id).await?;
                let resume = thread.map(|thread| Resume::of(&thread, dirs)).transpose()?;
                one.command = resume.filter(|it| !it.commands.is_empty()).map(|resume| resume.line());
            }
            Ok::<_, Fault>(())
        };
        let refreshed = closed.await;
        index.close().await?;
        refreshed?;
        back.answer()
    }
}

/// Puts a session back, with the kept sessions of its sub-agents.
async fn restore(index: &Index, kept: Kept) -> Result<Back, Fault> {
    let sqlite_home = index.state.sqlite_home();
    let mut restored = agents::restore_kept(sqlite_home, &kept).await?;
    let mut subagents = Vec::new();
    for id in agents::below(&index.state, kept.thread_id).await? {
        let copy = agents::vault(sqlite_home).get(&kept.agent, id).map_err(|error| Fault::plain(&error))?;
        if let Some(copy) = copy.filter(|copy| copy.place == kept.place) {
            let more = agents::restore_kept(sqlite_home, &copy).await?;
            restored.written.extend(more.written);
            restored.present.extend(more.present);
            subagents.push(id);
        }
    }
    Ok(Back { kept, restored, subagents, command: None })
}

impl Answer for Back {
    fn json(&self) -> Value {
        let paths = |paths: &[std::path::PathBuf]| -> Vec<_> {
            paths.iter().map(|path| path.to_string_lossy().into_owned()).collect()
        };
        json!({
            "thread_id": self.kept.thread_id,
            "agent": self.kept.agent,
            "place": self.kept.place.to_string_lossy(),
            "written": paths(&self.restored.written),
            "present": paths(&self.restored.present),
            "subagents": self.subagents,
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
        format!("{said}\n{command}")
    }

    fn done(&self) -> String {
        format!("{} put back", counted(self.restored.written.len() as u64, "file"))
    }

    fn changed(&self) -> bool {
        !self.restored.written.is_empty()
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.kept.thread_id)
    }
}
