//! `threads close|resume`: a thread and everything that it spawned.

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::resolve::find_id;
use crate::exit::About;
use crate::homes::Homes;
use crate::index::Index;
use crate::output::color::{CYAN, DIM, paint};
use crate::output::text::{count, things};
use crate::output::{Answer, Screen};

/// How many threads are named to people who did not ask for all.
const SHOWN: usize = 20;

/// What is to become of a subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Close,
    Resume,
}

/// The threads that were closed or opened again, and the one that was asked for.
pub(super) struct Changed {
    change: Change,
    id: Uuid,
    changed: Vec<Uuid>,
}

pub(super) async fn change(
    homes: &Homes,
    change: Change,
    typed: &str,
    screen: &Screen,
) -> anyhow::Result<Changed> {
    let home = homes.agent_home()?;
    let index = Index::for_writing(homes).await?;
    let id = find_id(&index, &home, typed, screen).await?;
    let (graph, now) = (index.state.graph(), Timestamp::now());
    let changed = match change {
        Change::Close => graph.close_subtree(id, now).await,
        Change::Resume => graph.resume_subtree(id, now).await,
    };
    let changed = changed.context(About(id))?;
    index.close().await?;
    Ok(Changed { change, id, changed })
}

impl Answer for Changed {
    fn json(&self) -> Value {
        let name = match self.change {
            Change::Close => "closed",
            Change::Resume => "resumed",
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
            return format!("{id} is {already} already; nothing to do\n");
        }
        let threads = things(self.changed.len() as u64, "thread");
        let mut text = match self.change {
            Change::Close => {
                let again = screen.typable(&format!("`threadkeep threads resume {id}`"));
                format!("{threads} closed; {again} opens the same again\n")
            }
            Change::Resume => format!("{threads} open again\n"),
        };
        let shown = if screen.verbose { usize::MAX } else { SHOWN };
        for id in self.changed.iter().take(shown) {
            text.push_str(&format!("  {}\n", paint(CYAN, &id.to_string())));
        }
        if self.changed.len() > shown {
            let more = format!("  and {} more: -v names all", count((self.changed.len() - shown) as u64));
            text.push_str(&format!("{}\n", paint(DIM, &more)));
        }
        text
    }

    fn done(&self) -> String {
        let threads = things(self.changed.len() as u64, "thread");
        match (self.changed.is_empty(), self.change) {
            (true, Change::Close) => "closed already".to_owned(),
            (true, Change::Resume) => "open already".to_owned(),
            (false, Change::Close) => format!("closed {threads}"),
            (false, Change::Resume) => format!("opened {threads} again"),
        }
    }

    fn thread(&self) -> Option<Uuid> {
        Some(self.id)
    }
}
