//! `threads restore`: brings deleted threads back.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::{Fault, refresh};
use threadkeep_state::{StateError, Thread};
use uuid::Uuid;

use crate::command::{Answered, Context, Run};
use crate::commands::backfill::note_late;
use crate::commands::resolve::{Listed, Lookup};
use crate::commands::several::{Several, closed, each};
use crate::output::{Answer, Screen, json, labelled};

/// The command.
pub(super) struct Restore<'a> {
    pub(super) ids: &'a [String],
}

/// A thread that was restored, or was not deleted.
struct Restored {
    id: Uuid,
    was_deleted: bool,
    /// Nothing if its rollout is not in the home.
    thread: Option<Thread>,
}

#[async_trait(?Send)]
impl Run for Restore<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("threads restore")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let lookup = Lookup { listed: Listed::Deleted, ..Lookup::new(&index, &home, screen) };
        let restored = restored(&lookup, self.ids).await;
        closed(index, restored.and_then(Several::answer)).await
    }
}

/// Restores threads, and then indexes their rollouts.
async fn restored(lookup: &Lookup<'_>, ids: &[String]) -> Result<Several<Restored>, Fault> {
    let Lookup { index, home, screen, .. } = *lookup;
    let threads = index.state.threads();
    let mut restored = each(lookup, ids, async |typed| {
        let id = lookup.look_up_id(typed).await?;
        if threads.deleted_at(id).await?.is_none() {
            let thread = threads.get(id).await?.ok_or(StateError::NotFound(id))?;
            return Ok(Restored { id, was_deleted: false, thread: Some(thread) });
        }
        let late = index.state.restore_thread(id, Timestamp::now()).await;
        note_late(&late.map_err(|error| Fault::from(error).about(id))?, screen);
        Ok(Restored { id, was_deleted: true, thread: None })
    })
    .await?;
    let mut back: Vec<&mut Restored> = restored.answers_mut().filter(|it| it.was_deleted).collect();
    if !back.is_empty() {
        refresh::refresh(index, home, screen).await?;
    }
    for one in &mut back {
        one.thread = threads.get(one.id).await?;
    }
    Ok(restored)
}

impl Answer for Restored {
    fn json(&self) -> Value {
        json!({
            "thread_id": self.id,
            "restored": self.was_deleted,
            "thread": self.thread.as_ref().map(|thread| json::thread(thread, None)),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let id = self.id;
        match &self.thread {
            _ if screen.quiet => String::new(),
            Some(thread) if !self.was_deleted => {
                labelled(&format!("{id} is not deleted; nothing to do"), thread, screen)
            }
            Some(thread) => labelled(&format!("{id} is restored"), thread, screen),
            None => {
                format!("{id} is no longer deleted; its rollout is not in the home, so it is not listed\n")
            }
        }
    }

    fn done(&self) -> String {
        if self.was_deleted { "restored" } else { "not deleted" }.to_owned()
    }

    fn changed(&self) -> bool {
        self.was_deleted
    }

    fn thread(&self) -> Option<Uuid> {
        self.thread.as_ref().map(|thread| thread.id)
    }
}
