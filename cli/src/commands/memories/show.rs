//! `memories show`: the memories of threads.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::label::tilde;
use threadkeep_app::opening::Index;
use threadkeep_app::text::{counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, command};
use threadkeep_memories::{Memory, StageOneOutputs as _};
use uuid::Uuid;

use super::{boxed, text};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::{closed, each};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Show<'a> {
    pub(super) ids: &'a [String],
}

/// Memory of one thread, if it has one.
struct Shown {
    thread: Uuid,
    memory: Option<Memory>,
}

#[async_trait(?Send)]
impl Run for Show<'_> {
    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::existing(dirs, *screen).await?;
        let lookup = Lookup::new(&index, &home, screen);
        let shown = each(&lookup, self.ids, async |typed| {
            let thread = lookup.find(typed).await?.id;
            let memory = index.state.memories().get(thread).await.map_err(boxed)?;
            Ok(Shown { thread, memory })
        });
        let shown = shown.await;
        closed(index, shown).await
    }
}

impl Answer for Shown {
    fn json(&self) -> Value {
        json!({ "thread_id": self.thread, "memory": self.memory.as_ref().map(text::of_memory) })
    }

    fn text(&self, screen: &Screen) -> String {
        let Some(memory) = &self.memory else {
            let why = command("memories run").append("--dry-run");
            let none: Message =
                (format!("nothing is remembered of {}; ", self.thread), why, " shows why").into();
            return screen.render(none) + "\n";
        };
        let (clock, thread) = (Clock::system(), &memory.thread);
        let mut sheet = Sheet::default();
        sheet.whole("thread", thread.id.to_string());
        sheet.row("name", text::name(memory));
        let user_home = std::env::home_dir();
        sheet.maybe("folder", thread.cwd.as_deref().map(|cwd| tilde(&one_line(cwd), user_home.as_deref())));
        sheet.maybe("branch", thread.git_branch.as_deref().map(one_line));
        sheet.row("updated", clock.full(thread.updated_at));
        sheet.row("made", clock.full(memory.generated_at));
        let used = memory.last_used_at.map(|at| format!(", last {}", clock.full(at))).unwrap_or_default();
        sheet.row("used", format!("{}{used}", counted(memory.usage_count, "time")));
        sheet.row("consolidated", if memory.selected { "yes" } else { "not yet" });
        let mut shown = sheet.render(screen);
        for part in [&memory.output.rollout_summary, &memory.output.raw_memory] {
            if !part.is_empty() {
                shown += "\n";
                shown += &text::lines(part);
            }
        }
        shown
    }
}
