//! `memories show`: the memories of threads.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::Message;
use threadkeep_app::label::tilde;
use threadkeep_app::memories::{current_thread, extraction};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_memories::{Considered, Memory, SkipReason, StageOneJobs as _, StageOneOutputs as _};
use uuid::Uuid;

use super::dry_run::skipped;
use super::{boxed, next, text};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::commands::several::{Several, closed, each};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Show<'a> {
    pub(super) ids: &'a [String],
}

/// Memory of one thread, or what a run would do with it.
struct Shown {
    thread: Uuid,
    memory: Result<Memory, Option<Considered>>,
    next: Message,
}

#[async_trait(?Send)]
impl Run for Show<'_> {
    async fn run(&self, Context { dirs, screen, settings, config }: &Context<'_>) -> Answered {
        let home = dirs.agent_home()?;
        let index = Index::existing(dirs, *screen).await?;
        let lookup = Lookup::new(&index, &home, screen);
        let plan = extraction(&settings.memories, current_thread()).plan();
        let shown = each(&lookup, self.ids, async |typed| {
            let (thread, store) = (lookup.find(typed).await?.id, index.state.memories());
            let memory = match store.get(thread).await.map_err(boxed)? {
                Some(memory) => Ok(memory),
                None => {
                    let all = store.consider(&plan).await.map_err(boxed)?;
                    Err(all.into_iter().find(|considered| considered.thread.id == thread))
                }
            };
            Ok(Shown { thread, memory, next: next(config, " reads it") })
        });
        let shown = shown.await;
        closed(index, shown.and_then(Several::answer)).await
    }
}

impl Answer for Shown {
    fn json(&self) -> Value {
        let considered = self.memory.as_ref().err().and_then(Option::as_ref);
        json!({
            "thread_id": self.thread,
            "memory": self.memory.as_ref().ok().map(text::of_memory),
            "skip": considered.and_then(|considered| considered.skip).map(SkipReason::code),
            "reason": considered.and_then(|considered| considered.reason.as_deref()),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let clock = Clock::system();
        let memory = match &self.memory {
            Ok(memory) => memory,
            Err(considered) => {
                let nothing = format!("nothing is remembered of {}", self.thread);
                let said: Message = match considered.as_ref().and_then(|it| skipped(it, &clock)) {
                    Some(why) => format!("{nothing}: {why}").into(),
                    None => Message::from(nothing + "; ").append(self.next.clone()),
                };
                return screen.render(said) + "\n";
            }
        };
        let thread = &memory.thread;
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
