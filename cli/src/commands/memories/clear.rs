//! `memories clear`: removes all memories.

use std::path::Path;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::memories::clear_files;
use threadkeep_app::opening::Index;
use threadkeep_app::text::counted;
use threadkeep_app::{Fault, Observer as _};
use threadkeep_memories::StageOneOutputs as _;

use super::lock::{hold, release};
use super::{boxed, folder};
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Clear<'a> {
    pub(super) root: Option<&'a Path>,
    pub(super) yes: bool,
}

/// Number of memories that were removed; nothing if the user answered no.
struct Cleared(Option<u64>);

#[async_trait(?Send)]
impl Run for Clear<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("memories clear")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let index = Index::for_writing(dirs).await?;
        let store = index.state.memories();
        let count = store.list().await.map_err(boxed)?.len() as u64;
        let cleared = if self.yes || may_go(count, screen).await? {
            // A consolidation would write the words again.
            let lease = hold(&store, "clear").await?;
            let root = folder(dirs, self.root, &store).await?.path;
            // Before the index: a killed command is repeated, and must still know the files.
            let files = store.kept_files().await.map_err(boxed)?;
            for left in clear_files(&root, &files)? {
                screen.note(&format!("{} was edited and stays", left.display()).into());
            }
            let cleared = store.clear().await.map_err(boxed)?;
            release(&store, &lease).await?;
            Some(cleared)
        } else {
            None
        };
        index.close().await?;
        Ok(Box::new(Cleared(cleared)))
    }
}

async fn may_go(count: u64, screen: &Screen) -> Result<bool, Fault> {
    let memories = counted(count, "thread");
    let question = format!("The memories of {memories} will be removed. Threads stay. Remove them?");
    screen.confirm(&question, "not cleared", "clear").await
}

impl Answer for Cleared {
    fn json(&self) -> Value {
        json!({ "cleared": self.0.is_some(), "memories": self.0 })
    }

    fn text(&self, screen: &Screen) -> String {
        match self.0 {
            _ if screen.quiet => String::new(),
            Some(0) => "nothing was remembered\n".to_owned(),
            Some(count) => format!("the memories of {} were removed\n", counted(count, "thread")),
            None => "nothing was removed\n".to_owned(),
        }
    }

    fn done(&self) -> String {
        self.0.map_or_else(|| "not confirmed".to_owned(), |count| format!("{count} removed"))
    }

    fn changed(&self) -> bool {
        self.0.is_some()
    }
}
