//! `memories rebuild`: makes the files of the last consolidation again.

use std::path::Path;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::memories::open_root;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted};
use threadkeep_app::{Fault, Message, Observer as _};
use threadkeep_memories::ConsolidationLock as _;
use threadkeep_memories::consolidation::{Rebuilt, rebuild};

use super::lock::{hold, release};
use super::{boxed, folder, next};
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Rebuild<'a> {
    pub(super) root: Option<&'a Path>,
}

#[async_trait(?Send)]
impl Run for Rebuild<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("memories rebuild")
    }

    async fn run(&self, Context { dirs, screen, config, .. }: &Context<'_>) -> Answered {
        let index = Index::for_writing(dirs).await?;
        let store = index.state.memories();
        // A consolidation writes these files itself.
        let lease = hold(&store, "rebuild").await?;
        let has_run = store.state().await.map_err(boxed)?.last_success_at.is_some();
        let rebuilt = if has_run {
            let root = folder(dirs, self.root, &store).await?.path;
            open_root(&root)?;
            rebuild(&store, &root).await.map_err(|error| Fault::plain(&error).because(&error))?
        } else {
            screen.note(&Message::from("nothing is consolidated yet; ").append(next(config, " does it")));
            Rebuilt::default()
        };
        release(&store, &lease).await?;
        index.close().await?;
        Ok(Box::new(rebuilt))
    }
}

impl Answer for Rebuilt {
    fn json(&self) -> Value {
        json!({
            "written": self.synced.written,
            "removed": self.synced.removed,
            "edited": self.synced.edited,
            "restored": self.restored,
            "differing": self.differing,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        if screen.quiet {
            return String::new();
        }
        let written = self.synced.written.len() + self.restored.len();
        let mut text = format!(
            "{} written, {} removed\n",
            counted(written as u64, "file"),
            counted(self.synced.removed.len() as u64, "file")
        );
        for path in &self.synced.edited {
            text += &format!("{}: your edits of a generated file\n", clean(path));
        }
        for path in &self.differing {
            text += &format!("{}: differs from what the agent left, and stays\n", clean(path));
        }
        text
    }

    fn done(&self) -> String {
        format!(
            "{} written, {} removed",
            self.synced.written.len() + self.restored.len(),
            self.synced.removed.len()
        )
    }

    fn changed(&self) -> bool {
        true
    }
}
