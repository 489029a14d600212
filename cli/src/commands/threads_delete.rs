//! `threads delete`: a thread out of every store. Its rollout stays.

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_state::{PendingCleanup, Thread};
use uuid::Uuid;

use super::resolve::find;
use crate::exit::{About, fault};
use crate::homes::Homes;
use crate::index::Index;
use crate::output::text::{clean, fit, one_line, things};
use crate::output::{Answer, Screen};

/// What goes with a thread.
const LOST: &str = "Its goal, its logs and what is remembered of it go with it, as does a name, archive mark or \
     memory mode given here";
/// The same while something of it could not be deleted yet, which a note has told.
const LATER: &str = "What of it is still there goes with a later command";
/// What does not, and how it comes back.
const KEPT: &str =
    "Its rollout stays, and `threadkeep backfill --include-deleted` brings the thread back without them";

/// A thread that was deleted, or was not, and what of it could not be deleted yet.
pub(super) struct Deletion {
    thread: Thread,
    /// How many threads it has spawned.
    children: u64,
    /// Nothing when nobody wanted it.
    pending: Option<Vec<PendingCleanup>>,
}

pub(super) async fn delete(homes: &Homes, id: &str, yes: bool, screen: &Screen) -> anyhow::Result<Deletion> {
    let home = homes.agent_home()?;
    let index = Index::for_writing(homes).await?;
    let thread = find(&index, &home, id, screen).await?;
    let about = About(thread.id);
    let children = index.state.graph().children(thread.id).await?.len() as u64;
    let pending = if yes || may_delete(&thread, children, screen).await.context(about)? {
        Some(index.state.delete_thread(thread.id, Timestamp::now()).await.context(about)?)
    } else {
        None
    };
    for note in left_to_do(pending.as_deref().unwrap_or_default()) {
        screen.note(&note);
    }
    index.close().await?;
    Ok(Deletion { thread, children, pending })
}

/// What could not be deleted yet, of this thread and of those before it: one sentence a store and a reason.
fn left_to_do(pending: &[PendingCleanup]) -> Vec<String> {
    let mut left: BTreeMap<(&str, &str), Vec<Uuid>> = BTreeMap::new();
    for PendingCleanup { thread_id, store, reason, .. } in pending {
        left.entry((store, reason)).or_default().push(*thread_id);
    }
    let sentence = |((store, reason), ids): ((&str, &str), Vec<Uuid>)| {
        let (one, several) = match store {
            "goals" => ("the goal", "the goals"),
            "logs" => ("the logs", "the logs"),
            "state" => ("what the files of the index still have", "what the files of the index still have"),
            other => (other, other),
        };
        let whose = match ids.as_slice() {
            [id] => format!("{one} of {id}"),
            ids => format!("{several} of {}", things(ids.len() as u64, "deleted thread")),
        };
        format!("{whose} could not be deleted yet, and a later command does it: {reason}")
    };
    left.into_iter().map(sentence).collect()
}

async fn may_delete(thread: &Thread, children: u64, screen: &Screen) -> anyhow::Result<bool> {
    let question = question(thread, children, screen);
    screen.ask(&question).await.ok_or_else(|| {
        fault("nothing was deleted, because nobody can be asked", "pass --yes to delete without asking")
    })
}

/// What is lost, what stays, and the question itself at the end.
fn question(thread: &Thread, children: u64, screen: &Screen) -> String {
    let called = [&thread.name, &thread.title].into_iter().flatten().map(|text| one_line(text));
    let called = called.map(|text| format!("\n  {}", fit(&text, screen.width.saturating_sub(2)))).next();
    let (called, orphans, kept) = (called.unwrap_or_default(), orphans(children), screen.typable(KEPT));
    format!("{}{called}\n{LOST}.\n{orphans}{kept}.\nDelete it from the index?", thread.id)
}

/// What becomes of the threads that it has spawned: a line, if there are any.
fn orphans(children: u64) -> String {
    match children {
        0 => String::new(),
        1 => "The thread that it spawned stays, and names it no more\n".to_owned(),
        more => format!("The {more} threads that it spawned stay, and name it no more\n"),
    }
}

impl Answer for Deletion {
    fn json(&self) -> Value {
        let pending = self.pending.iter().flatten();
        json!({
            "thread_id": self.thread.id,
            "deleted": self.pending.is_some(),
            "rollout_path": self.thread.rollout_path,
            "pending": pending
                .map(|left| json!({ "thread_id": left.thread_id, "store": left.store, "reason": left.reason }))
                .collect::<Vec<_>>(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let Thread { id, rollout_path, .. } = &self.thread;
        match &self.pending {
            _ if screen.quiet => String::new(),
            Some(pending) => {
                let place = clean(rollout_path);
                // What could not be deleted yet was said in a note, and must not be claimed here.
                let lost = if pending.is_empty() { format!("{LOST}\n") } else { format!("{LATER}\n") };
                let (kept, orphans) = (screen.typable(KEPT), orphans(self.children));
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
                format!("deleted, {} left to do", things(left.len() as u64, "deletion"))
            }
        }
    }
}
