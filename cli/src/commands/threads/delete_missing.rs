//! `threads delete --missing`: deletes every thread whose rollout is missing.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::refresh;
use threadkeep_app::text::counted;
use threadkeep_app::{Fault, Observer, agents};
use threadkeep_state::{ListThreads, MAX_PAGE, PendingDeletion, Shelf};
use uuid::Uuid;

use super::delete::{json_of, left_to_do, words_kept};
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct DeleteMissing {
    pub(super) yes: bool,
}

/// Threads that were deleted, or none if the user answered no, and what could not be deleted yet.
struct DeletedMissing {
    missing: usize,
    deleted: Vec<Uuid>,
    pending: Vec<PendingDeletion>,
}

#[async_trait(?Send)]
impl Run for DeleteMissing {
    fn logged(&self) -> Option<&'static str> {
        Some("threads delete --missing")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        // A rollout may be back, and a place that cannot be listed hides none.
        let refreshed = refresh::refresh(&index, &home, *screen).await?;
        if let Some(reason) = refreshed.incomplete {
            return Err(Fault::new(reason, "nothing was deleted: try again once the home can be read"));
        }
        let missing = missing(&index).await?;
        let mut done = DeletedMissing { missing: missing.len(), deleted: Vec::new(), pending: Vec::new() };
        if !missing.is_empty() && (self.yes || may_delete(missing.len(), screen).await?) {
            let deleted = agents::delete_threads(&index.state, &missing, Timestamp::now()).await?;
            // If another process was quicker, they are deleted all the same.
            (done.deleted, done.pending) = (missing, deleted.pending);
        }
        for note in left_to_do(&done.pending).into_iter().chain(words_kept(&index.state.damaged_databases()))
        {
            screen.note(&note);
        }
        index.close().await?;
        Ok(Box::new(done))
    }
}

/// Returns all threads whose rollout is missing.
async fn missing(index: &Index) -> Result<Vec<Uuid>, Fault> {
    let mut query =
        ListThreads { shelf: Shelf::Missing, all: true, limit: Some(MAX_PAGE), ..ListThreads::default() };
    let mut missing = Vec::new();
    loop {
        let page = index.state.threads().list(&query).await?;
        missing.extend(page.threads.iter().map(|thread| thread.id));
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(missing),
        }
    }
}

async fn may_delete(number: usize, screen: &Screen) -> Result<bool, Fault> {
    let threads = counted(number as u64, "thread");
    let question = format!(
        "The rollouts of {threads} are missing. Any goals, logs, memories, names and marks of theirs are deleted, too.\n\
         Delete them from the index?"
    );
    screen.confirm(&question, "nothing was deleted", "delete").await
}

impl Answer for DeletedMissing {
    fn json(&self) -> Value {
        json!({
            "missing": self.missing,
            "deleted": self.deleted,
            "pending": self.pending.iter().map(json_of).collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        match (self.missing, self.deleted.len()) {
            _ if screen.quiet => String::new(),
            (0, _) => "no thread's rollout is missing; nothing to do\n".to_owned(),
            (_, 0) => "nothing was deleted\n".to_owned(),
            (_, deleted) => format!("{} deleted from the index\n", counted(deleted as u64, "missing thread")),
        }
    }

    fn changed(&self) -> bool {
        !self.deleted.is_empty()
    }

    fn done(&self) -> String {
        format!("deleted {}", counted(self.deleted.len() as u64, "missing thread"))
    }
}
