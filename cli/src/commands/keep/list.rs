//! `kept`: the sessions of which copies are kept.

use std::collections::HashMap;
use std::path::PathBuf;

use anstyle::Style;
use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::label::thread_label;
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::refresh;
use threadkeep_app::text::{bytes, clean, counted};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, FaultKind, Message, Observer as _, agents, command};
use threadkeep_rollout::AgentHome;
use threadkeep_sessions::Kept;
use threadkeep_state::StateRuntime;
use uuid::Uuid;

use super::find::thread_of;
use crate::command::{Answered, Context, Needs, Run};
use crate::commands::resolve::opened;
use crate::commands::several::closed;
use crate::output::color::{BOLD, DIM, YELLOW, paint};
use crate::output::json::{at, ms};
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct List;

struct Listed {
    /// Copies, each with true if the agent still has the session; `None` if that is not known.
    kept: Vec<(Kept, Option<bool>)>,
    damaged: Vec<PathBuf>,
    titles: HashMap<Uuid, String>,
}

#[async_trait(?Send)]
impl Run for List {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let copies = agents::vault(&dirs.absolute().sqlite_home).copies();
        let is_empty = copies.map_err(|error| Fault::plain(&error))?.is_empty();
        let opened = if is_empty { None } else { if_there(dirs, screen).await? };
        let listed = match opened {
            None => Listed::read(dirs, None).await,
            Some((home, index)) => {
                let listed = Listed::read_current(dirs, &index, &home, screen).await;
                closed(index, listed).await
            }
        };
        Ok(Box::new(listed?))
    }
}

/// Opens the index. Returns `None` if there can be none: copies are listed without it, too.
async fn if_there(dirs: &Dirs, screen: &Screen) -> Result<Option<(AgentHome, Index)>, Fault> {
    match opened(dirs, screen).await {
        Ok(opened) => Ok(Some(opened)),
        Err(fault) if fault.kind == FaultKind::Damaged => Err(fault),
        Err(fault) => {
            screen.note(&Message::from("what agents have may be out of date: ").append(fault.sentence()));
            Ok(None)
        }
    }
}

impl Listed {
    /// Reads what is kept, and brings the index up to date: it says what agents have.
    async fn read_current(
        dirs: &Dirs,
        index: &Index,
        home: &AgentHome,
        screen: &Screen,
    ) -> Result<Listed, Fault> {
        if let Some(reason) = refresh(index, home, screen).await?.incomplete {
            screen.note(&reason);
        }
        Listed::read(dirs, Some(&index.state)).await
    }

    async fn read(dirs: &Dirs, state: Option<&StateRuntime>) -> Result<Listed, Fault> {
        let contents = agents::vault(&dirs.absolute().sqlite_home).contents();
        let contents = contents.map_err(|error| Fault::plain(&error))?;
        let ids: Vec<_> = contents.kept.iter().map(|kept| kept.thread_id).collect();
        let mut titles = HashMap::new();
        if let Some(state) = state {
            let threads = state.threads().get_many(&ids).await?;
            titles.extend(threads.iter().map(|thread| (thread.id, thread_label(thread))));
        }
        let present = agents::main_files(dirs, state, &contents.kept).await?;
        let kept = contents.kept.into_iter();
        let has = |id| present.get(&id).map_or(Some(false), |file| file.is_some().then_some(true));
        let kept = kept.map(|kept| (has(kept.thread_id), kept)).map(|(has, kept)| (kept, has)).collect();
        Ok(Listed { kept, damaged: contents.damaged, titles })
    }
}

impl Answer for Listed {
    fn json(&self) -> Value {
        let kept = |(kept, agent_has_it): &(Kept, Option<bool>)| {
            json!({
                "thread_id": kept.thread_id,
                "agent": kept.agent,
                "native_id": kept.native_id,
                "title": self.titles.get(&kept.thread_id),
                "place": kept.place.to_string_lossy(),
                "kept_at": at(kept.kept_at),
                "kept_at_ms": ms(kept.kept_at),
                "agent_version": kept.agent_version,
                "files": kept.files.len(),
                "bytes": kept.bytes(),
                "agent_has_it": agent_has_it,
                "restorable": kept.is_restorable(),
            })
        };
        json!({
            "kept": self.kept.iter().map(kept).collect::<Vec<_>>(),
            "damaged": self.damaged.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 6] = [
            // A printed id is meant to be typed: it is never cut.
            Column::new("ID", 36, 36, 0, BOLD),
            Column::new("AGENT", 6, 10, 2, DIM),
            Column::new("KEPT", 12, 24, 3, DIM),
            Column::new("BYTES", 8, 10, 2, DIM),
            Column::new("AGENT HAS IT", 12, 12, 1, Style::new()),
            Column::new("TITLE", 8, 60, 1, Style::new()),
        ];
        let clock = Clock::system();
        let row = |(kept, agent_has_it): &(Kept, Option<bool>)| {
            vec![
                kept.thread_id.to_string().into(),
                kept.agent.clone().into(),
                screen.time(kept.kept_at, &clock).into(),
                screen.number(kept.bytes(), bytes).into(),
                agent_has_it.map_or("?", |has_it| if has_it { "yes" } else { "no" }).to_owned().into(),
                self.titles.get(&kept.thread_id).cloned().unwrap_or_default().into(),
            ]
        };
        let mut text = String::new();
        if !self.kept.is_empty() {
            text += &table(&COLUMNS, &self.kept.iter().map(row).collect::<Vec<_>>(), screen.width);
        }
        for path in &self.damaged {
            let why = format!("this copy is damaged: {}", clean(&path.to_string_lossy()));
            text += &(paint(YELLOW, &why) + "\n");
            if let Some(id) = thread_of(path) {
                let remove = (command("kept remove").arg(id), " deletes the damaged copy");
                text += &(paint(DIM, &screen.render(remove)) + "\n");
            }
        }
        text
    }

    fn aside(&self, screen: &Screen) -> String {
        if !self.kept.is_empty() {
            let size = self.kept.iter().map(|(kept, _)| kept.bytes()).sum();
            let all = format!("{}, {}", counted(self.kept.len() as u64, "session"), bytes(size));
            return paint(DIM, &all) + "\n";
        }
        if !self.damaged.is_empty() {
            return String::new();
        }
        let next: Message =
            (command("keep --ending"), " keeps sessions that agents are about to delete").into();
        format!("Nothing is kept.\n{}\n", paint(DIM, &screen.render(next)))
    }
}
