//! `threads delete`: removes a thread from every store. Its rollout stays.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, counted, fit, one_line};
use threadkeep_app::{Fault, Message, Observer, command};
use threadkeep_state::{PendingDeletion, Thread};
use uuid::Uuid;

use crate::command::{Answered, Context, Run};
use crate::commands::resolve::find;
use crate::output::{Answer, Screen};

/// Content that is deleted with a thread.
const LOST: &str =
    "Its goal, logs and memories are deleted with it, and the name, archive mark and memory mode given here";
/// The same while something could not be deleted yet, which a note has said.
const LATER: &str = "The rest will be deleted by a later command";

/// The command.
pub(super) struct Delete<'a> {
    pub(super) id: &'a str,
    pub(super) yes: bool,
}

/// A thread that was deleted, or was not, and what could not be deleted yet.
struct Deletion {
    thread: Thread,
    /// Number of threads that it spawned.
    children: u64,
    /// Nothing if the user answered no.
    pending: Option<Vec<PendingDeletion>>,
}

#[async_trait(?Send)]
impl Run for Delete<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("threads delete")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let thread = find(&index, &home, self.id, screen).await?;
        let children = index.state.graph().children(thread.id).await?.len() as u64;
        let about = |fault: Fault| fault.about(thread.id);
        let pending = if self.yes || may_delete(&thread, children, screen).await.map_err(about)? {
            let deleted = index.state.delete_thread(thread.id, Timestamp::now()).await;
            Some(deleted.map_err(|error| about(error.into()))?)
        } else {
            None
        };
        for note in left_to_do(pending.as_deref().unwrap_or_default()) {
            screen.note(&note);
        }
        index.close().await?;
        Ok(Box::new(Deletion { thread, children, pending }))
    }
}

/// Says what could not be deleted yet, for this thread and earlier ones: one sentence a store and a
/// reason.
fn left_to_do(pending: &[PendingDeletion]) -> Vec<Message> {
    let mut left: BTreeMap<(&str, &str), Vec<Uuid>> = BTreeMap::new();
    for PendingDeletion { thread_id, participant, reason, .. } in pending {
        left.entry((participant, reason)).or_default().push(*thread_id);
    }
    let sentence = |((store, reason), ids): ((&str, &str), Vec<Uuid>)| {
        let (one, several) = match store {
            "goals" => ("the goal", "the goals"),
            "logs" => ("the logs", "the logs"),
            "state" => ("the traces in the files of the index", "the traces in the files of the index"),
            other => (other, other),
        };
        let whose = match ids.as_slice() {
            [id] => format!("{one} of {id}"),
            ids => format!("{several} of {}", counted(ids.len() as u64, "deleted thread")),
        };
        format!("{whose} could not be deleted yet; a later command will do it: {reason}").into()
    };
    left.into_iter().map(sentence).collect()
}

async fn may_delete(thread: &Thread, children: u64, screen: &Screen) -> Result<bool, Fault> {
    let question = question(thread, children, screen);
    screen.ask(&question).await.ok_or_else(|| {
        let why = "not deleted: it needs a confirmation, and stdin is not a terminal";
        Fault::new(why, "pass --yes to delete without asking")
    })
}

/// Says what is lost and what stays, and ends with the question.
fn question(thread: &Thread, children: u64, screen: &Screen) -> String {
    let called = [&thread.name, &thread.title].into_iter().flatten().map(|text| one_line(text));
    let called = called.map(|text| format!("\n  {}", fit(&text, screen.width.saturating_sub(2)))).next();
    let (called, orphans, kept) = (called.unwrap_or_default(), orphans(children), kept(screen));
    format!("{}{called}\n{LOST}.\n{orphans}{kept}\nDelete it from the index?", thread.id)
}

/// Says what happens to the threads that it spawned: a line, if there are any.
fn orphans(children: u64) -> String {
    match children {
        0 => String::new(),
        1 => "The thread it spawned is kept, without a parent\n".to_owned(),
        more => format!("The {more} threads it spawned are kept, without a parent\n"),
    }
}

/// Says what is not lost, and how the thread is restored.
fn kept(screen: &Screen) -> String {
    let restore = screen.render(command("backfill --include-deleted"));
    format!("Its rollout stays, and {restore} restores the thread without them")
}

impl Answer for Deletion {
    fn json(&self) -> Value {
        let pending = self.pending.iter().flatten();
        json!({
            "thread_id": self.thread.id,
            "deleted": self.pending.is_some(),
            "rollout_path": self.thread.rollout_path,
            "pending": pending
                .map(|left| json!({ "thread_id": left.thread_id, "store": left.participant, "reason": left.reason }))
                .collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let Thread { id, rollout_path, .. } = &self.thread;
        match &self.pending {
            _ if screen.quiet => String::new(),
            Some(pending) => {
                let place = clean(rollout_path);
                // A note has said what could not be deleted yet.
                let lost = if pending.is_empty() { format!("{LOST}\n") } else { format!("{LATER}\n") };
                let (kept, orphans) = (kept(screen), orphans(self.children));
                format!("{id} is deleted from the index\n{lost}{orphans}{kept}\nrollout: {place}\n")
            }
            None => "nothing was deleted\n".to_owned(),
        }
    }

    fn done(&self) -> String {
        match &self.pending {
            None => "nothing was deleted".to_owned(),
            Some(left) if left.is_empty() => "deleted".to_owned(),
            Some(left) => {
                format!("deleted, {} left to do", counted(left.len() as u64, "deletion"))
            }
        }
    }
}
