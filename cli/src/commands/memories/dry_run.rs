//! `memories run --dry-run`: which threads a run would read, and why it would skip the others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::memories::skip_reason;
use threadkeep_app::opening::Index;
use threadkeep_app::refresh;
use threadkeep_app::text::{count, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, command};
use threadkeep_memories::{Considered, SkipReason, StageOneJobs as _};
use uuid::Uuid;

use super::boxed;
use super::run::options_of;
use crate::args::{Phase, RunArgs};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::output::color::{BOLD, DIM, GREEN, paint};
use crate::output::ids::Ids;
use crate::output::json::{at, ms};
use crate::output::table::{Cell, Column, table};
use crate::output::{Answer, Screen};

/// Threads that are named for each reason, unless all are asked for.
const NAMED: usize = 5;

/// The command.
pub(super) struct DryRun<'a> {
    pub(super) options: &'a RunArgs,
}

/// Every thread, and what a run would do with it.
struct Plan {
    considered: Vec<Considered>,
    ids: Ids,
}

#[async_trait(?Send)]
impl Run for DryRun<'_> {
    async fn run(&self, Context { dirs, screen, settings, .. }: &Context<'_>) -> Answered {
        if self.options.phase == Some(Phase::Two) {
            let diff = (command("memories diff"), " shows changes that a consolidation would find");
            return Err(Fault::new("a dry run shows phase 1 alone", diff));
        }
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        refresh::refresh(&index, &home, *screen).await?;
        let lookup = Lookup::new(&index, &home, screen);
        let options = options_of(settings, self.options, &lookup).await?;
        let mut considered = index.state.memories().consider(&options.plan()).await.map_err(boxed)?;
        let claimed = considered.iter_mut().filter(|thread| thread.skip.is_none());
        // As many as one run takes.
        claimed.skip(options.limit).for_each(|thread| thread.skip = Some(SkipReason::LimitReached));
        let threads: Vec<Uuid> = considered.iter().map(|thread| thread.thread.id).collect();
        let ids = Ids::of(index.state.threads(), &threads).await?;
        index.close().await?;
        Ok(Box::new(Plan { considered, ids }))
    }
}

/// Says why a run would skip a thread; `None` if it would read it.
pub(super) fn skipped(considered: &Considered, clock: &Clock) -> Option<String> {
    let mut why = skip_reason(considered.skip?).to_owned();
    if let Some(at) = considered.eligible_at {
        why += &format!(", until {}", clock.full(at));
    }
    if let Some(reason) = &considered.reason {
        why += &format!(" ({})", one_line(reason));
    }
    Some(why)
}

impl Answer for Plan {
    fn json(&self) -> Value {
        let threads = self.considered.iter().map(|considered| {
            json!({
                "thread_id": considered.thread.id,
                "title": considered.thread.title,
                "updated_at": at(considered.thread.updated_at),
                "updated_at_ms": ms(considered.thread.updated_at),
                "claimed": considered.skip.is_none(),
                "skip": considered.skip.map(SkipReason::code),
                "eligible_at": at(considered.eligible_at),
                "eligible_at_ms": ms(considered.eligible_at),
                "reason": considered.reason,
            })
        });
        json!({ "threads": threads.collect::<Vec<_>>() })
    }

    fn text(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 4] = [
            Column::new("THREAD", usize::MAX, usize::MAX, 0, DIM),
            Column::new("UPDATED", 12, 12, 2, DIM),
            Column { floor: 16, ..Column::new("RUN", 40, 80, 0, DIM) },
            Column { floor: 10, ..Column::new("TITLE", 16, usize::MAX, 1, BOLD) },
        ];
        let clock = Clock::system();
        let mut named: BTreeMap<Option<SkipReason>, usize> = BTreeMap::new();
        let mut rows = Vec::new();
        for considered in &self.considered {
            let Considered { thread, skip, .. } = considered;
            let number = named.entry(*skip).or_default();
            *number += 1;
            if skip.is_some() && *number > screen.most(NAMED) {
                continue;
            }
            let updated = thread.updated_at;
            let run = match skipped(considered, &clock) {
                Some(why) => format!("skips it: {why}"),
                None => "reads it".to_owned(),
            };
            rows.push(vec![
                self.ids.cell("", thread.id, screen),
                if screen.is_plain() { at(updated).unwrap_or_default() } else { clock.short(updated) }.into(),
                if skip.is_none() { Cell::styled(GREEN, run) } else { run.into() },
                thread.title.as_deref().map(one_line).unwrap_or_default().into(),
            ]);
        }
        if rows.is_empty() { String::new() } else { table(&COLUMNS, &rows, screen.width) }
    }

    fn aside(&self, screen: &Screen) -> String {
        let claimed = self.considered.iter().filter(|thread| thread.skip.is_none()).count();
        let (claimed, all) = (count(claimed as u64), count(self.considered.len() as u64));
        let more = if screen.most(NAMED) == NAMED { " · every thread: --verbose" } else { "" };
        paint(DIM, &format!("a run would read {claimed} of {all} threads{more}")) + "\n"
    }
}
