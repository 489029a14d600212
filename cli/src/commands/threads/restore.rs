//! `threads restore`: brings deleted threads back.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::label::thread_label;
use threadkeep_app::opening::Index;
use threadkeep_app::text::fit;
use threadkeep_app::{Fault, refresh};
use threadkeep_state::{StateError, Thread};
use uuid::Uuid;

use crate::command::{Answered, Context, Run};
use crate::commands::backfill::note_late;
use crate::commands::resolve::look_up_id;
use crate::commands::several::each;
use crate::output::{Answer, Screen, json};

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
        let threads = index.state.threads();
        let answered = each(self.ids, screen, async |typed| {
            let id = look_up_id(&index, &home, typed).await?;
            let thread = threads.get(id).await?;
            let was_deleted = threads.deleted_at(id).await?.is_some();
            if !was_deleted {
                let thread = thread.ok_or(StateError::NotFound(id))?;
                return Ok(Restored { id, was_deleted, thread: Some(thread) });
            }
            let late = index.state.restore_thread(id, Timestamp::now()).await;
            note_late(&late.map_err(|error| Fault::from(error).about(id))?, screen);
            refresh::refresh(&index, &home, *screen).await?;
            Ok(Restored { id, was_deleted, thread: threads.get(id).await? })
        });
        let answered = answered.await?;
        index.close().await?;
        Ok(answered)
    }
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
            Some(_) if !self.was_deleted => format!("{id} is not deleted; nothing to do\n"),
            Some(thread) => {
                let label = thread_label(thread);
                format!("{id} is restored\n  {}\n", fit(&label, screen.width.saturating_sub(2)))
            }
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
