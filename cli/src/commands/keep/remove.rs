//! `kept remove`: deletes copies.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::text::{bytes, counted};
use threadkeep_app::{Fault, agents};
use threadkeep_sessions::Kept;

use super::find::find;
use crate::command::{Answered, Context, Run};
use crate::commands::several::Several;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Remove<'a> {
    pub(super) ids: &'a [String],
    pub(super) yes: bool,
}

struct Removed {
    kept: Kept,
    removed: bool,
}

#[async_trait(?Send)]
impl Run for Remove<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("kept remove")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let mut meant = Vec::new();
        for word in self.ids {
            meant.push(find(dirs, word, screen).await);
        }
        let found: Vec<&Kept> = meant.iter().filter_map(|kept| kept.as_ref().ok()).collect();
        let may_go = found.is_empty() || self.yes || may_go(&found, screen).await?;
        let sqlite_home = dirs.absolute().sqlite_home;
        let remove = async |kept: Kept| {
            if may_go {
                agents::remove_kept(&sqlite_home, &[kept.thread_id]).await?;
            }
            Ok(Removed { kept, removed: may_go })
        };
        Several::of(self.ids, meant, screen, remove).await.answer()
    }
}

async fn may_go(found: &[&Kept], screen: &Screen) -> Result<bool, Fault> {
    let number = counted(found.len() as u64, "session");
    let size = bytes(found.iter().map(|kept| kept.bytes()).sum());
    let question = format!(
        "The copies of {number} have {size}. What agents deleted cannot be restored then.\nDelete them?"
    );
    screen.ask(&question).await.ok_or_else(|| {
        let why = "nothing was deleted: it needs a confirmation, and stdin is not a terminal";
        Fault::new(why, "pass --yes to delete without asking")
    })
}

impl Answer for Removed {
    fn json(&self) -> Value {
        json!({ "thread_id": self.kept.thread_id, "removed": self.removed, "bytes": self.kept.bytes() })
    }

    fn text(&self, screen: &Screen) -> String {
        match self.removed {
            _ if screen.quiet => String::new(),
            true => format!("the copy of {} is deleted: {}\n", self.kept.thread_id, bytes(self.kept.bytes())),
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
