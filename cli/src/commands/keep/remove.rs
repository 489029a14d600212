//! `kept remove`: deletes copies.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::text::{bytes, counted};
use threadkeep_app::{Fault, agents};
use uuid::Uuid;

use super::find::Copies;
use crate::command::{Answered, Context, Run};
use crate::commands::several::Several;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Remove<'a> {
    pub(super) ids: &'a [String],
    pub(super) yes: bool,
}

struct Removed {
    thread_id: Uuid,
    bytes: u64,
    removed: bool,
}

#[async_trait(?Send)]
impl Run for Remove<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("kept remove")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let copies = Copies::read(dirs)?;
        let mut meant = Vec::new();
        for word in self.ids {
            let found = copies.find(dirs, word, screen).await;
            meant.push(found.map(|id| (id, copies.bytes(id))));
        }
        let found: BTreeMap<Uuid, u64> = meant.iter().flatten().copied().collect();
        let may_go = found.is_empty() || self.yes || may_go(&found, screen).await?;
        if may_go {
            let ids: Vec<Uuid> = found.into_keys().collect();
            agents::remove_kept(&dirs.absolute().sqlite_home, &ids).await?;
        }
        let answer = async |(thread_id, bytes)| Ok(Removed { thread_id, bytes, removed: may_go });
        Several::of(self.ids, meant, screen, answer).await.answer()
    }
}

async fn may_go(found: &BTreeMap<Uuid, u64>, screen: &Screen) -> Result<bool, Fault> {
    let number = counted(found.len() as u64, "session");
    let size = bytes(found.values().sum());
    let question = format!(
        "The copies of {number} have {size}. What agents deleted cannot be restored then.\nDelete them?"
    );
    screen.confirm(&question, "nothing was deleted", "delete").await
}

impl Answer for Removed {
    fn json(&self) -> Value {
        json!({ "thread_id": self.thread_id, "removed": self.removed, "bytes": self.bytes })
    }

    fn text(&self, screen: &Screen) -> String {
        match self.removed {
            _ if screen.quiet => String::new(),
            true => format!("the copy of {} is deleted: {}\n", self.thread_id, bytes(self.bytes)),
            false => "nothing was deleted\n".to_owned(),
        }
    }

    fn done(&self) -> String {
        if self.removed { "deleted" } else { "nothing was deleted" }.to_owned()
    }

    fn changed(&self) -> bool {
        self.removed
    }
}
