//! `threads --deleted`: the threads that the user deleted, of which only the ids are kept.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::text::count;
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, command};
use threadkeep_state::{DEFAULT_PAGE, Tombstone};

use crate::args::ListArgs;
use crate::command::{Answered, Context, Run};
use crate::output::color::{CYAN, DIM, paint};
use crate::output::json::{at, ms};
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct ListDeleted<'a>(pub(super) &'a ListArgs);

/// Deleted threads, the latest first.
struct Deleted {
    stones: Vec<Tombstone>,
    /// Number of all deleted threads.
    total: u64,
}

#[async_trait(?Send)]
impl Run for ListDeleted<'_> {
    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        dirs.agent_home()?;
        let index = Index::existing(dirs, *screen).await?;
        let limit = self.0.limit.unwrap_or(DEFAULT_PAGE);
        let stones = index.state.threads().deleted(limit).await?;
        let total = index.state.inventory().await?.deleted;
        index.close().await?;
        Ok(Box::new(Deleted { stones, total }))
    }
}

impl Answer for Deleted {
    fn json(&self) -> Value {
        let threads = self.stones.iter().map(|stone| {
            json!({
                "thread_id": stone.thread_id,
                "deleted_at": at(stone.deleted_at),
                "deleted_at_ms": ms(stone.deleted_at),
            })
        });
        json!({ "deleted": threads.collect::<Vec<_>>(), "total": self.total })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.stones.is_empty() {
            return String::new();
        }
        const COLUMNS: [Column; 2] = [
            // Only a whole id names a deleted thread for certain.
            Column::new("ID", usize::MAX, usize::MAX, 0, CYAN),
            Column::new("DELETED", 12, 12, 1, DIM),
        ];
        let clock = Clock::system();
        let row = |stone: &Tombstone| {
            let deleted = screen.time(stone.deleted_at, &clock);
            vec![stone.thread_id.to_string().into(), deleted.into()]
        };
        table(&COLUMNS, &self.stones.iter().map(row).collect::<Vec<_>>(), screen.width)
    }

    fn aside(&self, screen: &Screen) -> String {
        if self.stones.is_empty() {
            return "No thread was deleted here.\n".to_owned();
        }
        let restore: Message = (command("threads restore ID"), " brings one back").into();
        let (shown, total) = (count(self.stones.len() as u64), count(self.total));
        paint(DIM, &format!("{shown} of {total} · {}", screen.render(restore))) + "\n"
    }
}
