//! `threads close|reopen`: a thread and all its sub-agents.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::label::thread_label;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{count, counted, fit};
use threadkeep_app::{Fault, command};
use threadkeep_state::Thread;
use uuid::Uuid;

use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::{Several, closed, each};
use crate::output::color::{CYAN, DIM, paint};
use crate::output::{Answer, Screen, labelled};

/// Number of threads that are named without `--verbose`.
const SHOWN: usize = 20;
/// Columns of an id and the spaces before it.
const INDENT: usize = 38;

/// Change of a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Close,
    Reopen,
}

/// The command.
pub(super) struct Subtrees<'a> {
    pub(super) ids: &'a [String],
    pub(super) change: Change,
}

/// The thread that the user named, and all threads that were closed or reopened.
struct Changed {
    change: Change,
    id: Uuid,
    changed: Vec<Uuid>,
    /// Indexed threads among them. If nothing was changed, the thread itself.
    threads: Vec<Thread>,
}

#[async_trait(?Send)]
impl Run for Subtrees<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some(if self.change == Change::Close { "threads close" } else { "threads reopen" })
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let (graph, now) = (index.state.graph(), Timestamp::now());
        let lookup = Lookup::new(&index, &home, screen);
        let answers = each(&lookup, self.ids, async |typed| {
            let id = lookup.find_id(typed).await?;
            let changed = match self.change {
                Change::Close => graph.close_subtree(id, now).await,
                Change::Reopen => graph.resume_subtree(id, now).await,
            };
            let changed = changed.map_err(|error| Fault::from(error).about(id))?;
            let named = if changed.is_empty() { &[id][..] } else { &changed };
            let threads = index.state.threads().get_many(named).await?;
            Ok(Changed { change: self.change, id, changed, threads })
        });
        let answers = answers.await;
        closed(index, answers.and_then(Several::answer)).await
    }
}

impl Answer for Changed {
    fn json(&self) -> Value {
        let name = match self.change {
            Change::Close => "closed",
            Change::Reopen => "reopened",
        };
        json!({ "thread_id": self.id, name: self.changed })
    }

    fn text(&self, screen: &Screen) -> String {
        let id = self.id;
        if screen.quiet {
            return String::new();
        }
        if self.changed.is_empty() {
            let already = if self.change == Change::Close { "closed" } else { "open" };
            let said = format!("{id} is {already} already; nothing to do");
            let thread = self.threads.first();
            return thread.map_or_else(|| format!("{said}\n"), |thread| labelled(&said, thread, screen));
        }
        let threads = counted(self.changed.len() as u64, "thread");
        let mut text = match self.change {
            Change::Close => {
                let reopen = screen.render(command("threads reopen").arg(id));
                format!("{threads} closed; {reopen} reopens the same threads\n")
            }
            Change::Reopen => format!("{threads} reopened\n"),
        };
        let shown = screen.most(SHOWN);
        let room = screen.width.saturating_sub(INDENT);
        for id in self.changed.iter().take(shown) {
            let thread = self.threads.iter().find(|thread| thread.id == *id);
            let label = thread.map(|thread| format!("  {}", thread_label(thread))).unwrap_or_default();
            text.push_str(&format!("  {}{}\n", paint(CYAN, &id.to_string()), fit(&label, room)));
        }
        if self.changed.len() > shown {
            let more = format!("  and {} more: -v names all", count((self.changed.len() - shown) as u64));
            text.push_str(&format!("{}\n", paint(DIM, &more)));
        }
        text
    }

    fn done(&self) -> String {
        let threads = counted(self.changed.len() as u64, "thread");
        match (self.changed.is_empty(), self.change) {
            (true, Change::Close) => "closed already".to_owned(),
            (true, Change::Reopen) => "open already".to_owned(),
            (false, Change::Close) => format!("closed {threads}"),
            (false, Change::Reopen) => format!("reopened {threads}"),
        }
    }

    fn changed(&self) -> bool {
        !self.changed.is_empty()
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.id)
    }
}
