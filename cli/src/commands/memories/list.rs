//! `memories list`: the memories, the latest thread first.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::Message;
use threadkeep_app::label::tilde;
use threadkeep_app::opening::Index;
use threadkeep_app::text::counted;
use threadkeep_app::time::Clock;
use threadkeep_memories::{Memory, StageOneOutputs as _};
use uuid::Uuid;

use super::{boxed, next, text};
use crate::command::{Answered, Context, Run};
use crate::output::color::{BOLD, DIM, paint};
use crate::output::ids::Ids;
use crate::output::json::at;
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct List;

/// All memories.
struct Listed {
    memories: Vec<Memory>,
    ids: Ids,
    next: Message,
}

#[async_trait(?Send)]
impl Run for List {
    async fn run(&self, Context { dirs, screen, config, .. }: &Context<'_>) -> Answered {
        let index = Index::existing(dirs, *screen).await?;
        let memories = index.state.memories().list().await.map_err(boxed)?;
        let threads: Vec<Uuid> = memories.iter().map(|memory| memory.thread.id).collect();
        let ids = Ids::of(index.state.threads(), &threads).await?;
        index.close().await?;
        let next = next(config, " makes memories of idle threads.");
        Ok(Box::new(Listed { memories, ids, next }))
    }
}

impl Answer for Listed {
    fn json(&self) -> Value {
        json!({ "memories": self.memories.iter().map(text::of_memory).collect::<Vec<_>>() })
    }

    fn text(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 5] = [
            Column::new("THREAD", usize::MAX, usize::MAX, 0, DIM),
            Column::new("UPDATED", 12, 12, 2, DIM),
            Column { floor: 10, ..Column::new("MEMORY", 24, usize::MAX, 0, BOLD) },
            Column::new("USED", 5, 5, 1, DIM),
            Column { path: true, ..Column::new("FOLDER", 16, 40, 3, DIM) },
        ];
        if self.memories.is_empty() {
            return String::new();
        }
        let (clock, user_home) = (Clock::system(), std::env::home_dir());
        let row = |memory: &Memory| {
            let updated = memory.thread.updated_at;
            let folder = memory.thread.cwd.as_deref().map(|cwd| tilde(cwd, user_home.as_deref()));
            vec![
                self.ids.cell("", memory.thread.id, screen),
                if screen.is_plain() { at(updated).unwrap_or_default() } else { clock.short(updated) }.into(),
                text::name(memory).into(),
                memory.usage_count.to_string().into(),
                folder.unwrap_or_default().into(),
            ]
        };
        table(&COLUMNS, &self.memories.iter().map(row).collect::<Vec<_>>(), screen.width)
    }

    fn aside(&self, screen: &Screen) -> String {
        if self.memories.is_empty() {
            let next = screen.render(self.next.clone());
            return format!("Nothing is remembered yet.\n{}\n", paint(DIM, &next));
        }
        paint(DIM, &counted(self.memories.len() as u64, "thread")) + "\n"
    }
}
