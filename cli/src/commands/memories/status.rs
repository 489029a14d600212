//! `memories status`: what is remembered, what is skipped and why, and the last consolidation.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use threadkeep_app::memories::{Root, current_thread, extraction, root, skip_reason};
use threadkeep_app::opening::Index;
use threadkeep_app::settings::Feature;
use threadkeep_app::text::{clean, count, counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Message, command};
use threadkeep_memories::{
    ConsolidationLock as _, ConsolidationState, JobCounts, Memory, StageOneJobs as _, StageOneOutputs as _,
};

use super::boxed;
use crate::command::{Answered, Context, Run};
use crate::output::json::{at, ms};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Status<'a> {
    pub(super) root: Option<&'a Path>,
}

/// State of the pipeline.
struct State {
    root: Root,
    is_off: bool,
    memories: Vec<Memory>,
    jobs: JobCounts,
    consolidation: ConsolidationState,
}

#[async_trait(?Send)]
impl Run for Status<'_> {
    async fn run(&self, Context { dirs, screen, config, settings }: &Context<'_>) -> Answered {
        let index = Index::existing(dirs, *screen).await?;
        let store = index.state.memories();
        let plan = extraction(&settings.memories, current_thread()).plan();
        let jobs = store.counts(&plan).await.map_err(boxed)?;
        let consolidation = store.state().await.map_err(boxed)?;
        let memories = store.list().await.map_err(boxed)?;
        index.close().await?;
        let root = root(dirs, self.root, consolidation.root.clone());
        let is_off = config.is_off(Feature::Memories);
        Ok(Box::new(State { root, is_off, memories, jobs, consolidation }))
    }
}

impl State {
    fn consolidated(&self) -> usize {
        self.memories.iter().filter(|memory| memory.selected).count()
    }
}

impl Answer for State {
    fn json(&self) -> Value {
        let State { root, is_off, memories, jobs, consolidation } = self;
        let skipped: Map<String, Value> =
            jobs.skipped.iter().map(|(reason, count)| (reason.code().to_owned(), (*count).into())).collect();
        let failures =
            jobs.failures.iter().map(|(reason, count)| json!({ "reason": reason, "threads": count }));
        let holder = consolidation.holder.as_ref();
        let failure = consolidation.failure.as_ref();
        json!({
            "root": root.path,
            "agents_own_root": root.agents_own,
            "enabled": !is_off,
            "memories": memories.len(),
            "consolidated": self.consolidated(),
            "jobs": {
                "running": jobs.running,
                "succeeded": jobs.succeeded,
                "succeeded_no_output": jobs.succeeded_no_output,
                "failed": jobs.failed,
            },
            "eligible": jobs.eligible,
            "skipped": skipped,
            "failures": failures.collect::<Vec<_>>(),
            "next_eligible_at": at(jobs.next_eligible_at),
            "next_eligible_at_ms": ms(jobs.next_eligible_at),
            "last_success_at": at(jobs.last_success_at),
            "last_success_at_ms": ms(jobs.last_success_at),
            "consolidation": {
                "owner": holder.map(|(owner, _)| owner),
                "lease_expires_at": at(holder.map(|(_, at)| *at)),
                "lease_expires_at_ms": ms(holder.map(|(_, at)| *at)),
                "last_success_at": at(consolidation.last_success_at),
                "last_success_at_ms": ms(consolidation.last_success_at),
                "watermark": at(consolidation.watermark),
                "watermark_ms": ms(consolidation.watermark),
                "failed_step": failure.map(|(step, _)| step),
                "reason": failure.map(|(_, reason)| reason),
                "retry_at": at(consolidation.retry_at),
                "retry_at_ms": ms(consolidation.retry_at),
                "forgotten": consolidation.forgotten,
            },
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let (clock, jobs) = (Clock::system(), &self.jobs);
        let time = |time: Option<Timestamp>| time.map(|time| clock.full(time));
        let mut sheet = Sheet::default();
        sheet.whole("folder", clean(&self.root.path.display().to_string()).into_owned());
        if let Some(agents) = &self.root.agents_own {
            let agents = clean(&agents.display().to_string()).into_owned();
            sheet.row("", format!("{agents} is the agent's own"));
        }
        if self.is_off {
            sheet.row("state", "off: [features] memories = false");
        }
        sheet.heading("threads");
        sheet.row("remembered", count(self.memories.len() as u64));
        sheet.row("no memory", format!("{} (nothing to remember)", count(jobs.succeeded_no_output)));
        if jobs.running > 0 {
            sheet.row("being read", count(jobs.running));
        }
        if jobs.failed > 0 {
            sheet.row("failed", count(jobs.failed));
        }
        sheet.row("eligible", count(jobs.eligible));
        sheet.maybe("next", time(jobs.next_eligible_at));
        sheet.maybe("last success", time(jobs.last_success_at));
        for (reason, threads) in &jobs.skipped {
            sheet.row("skipped", format!("{}: {}", count(*threads), skip_reason(*reason)));
        }
        for (reason, threads) in &jobs.failures {
            sheet.row("failure", format!("{}: {}", counted(*threads, "thread"), one_line(reason)));
        }
        if jobs.failed > 0 {
            let retry: Message = (command("memories run --retry"), " reads them again now").into();
            sheet.row("", screen.render(retry));
        }
        sheet.heading("consolidation");
        let state = &self.consolidation;
        sheet.row("memories", format!("{} of {}", self.consolidated(), self.memories.len()));
        if let Some((owner, until)) = &state.holder {
            sheet.row("running", format!("{} (until {})", one_line(owner), clock.full(*until)));
        }
        sheet.row("last success", time(state.last_success_at).unwrap_or_else(|| "never".to_owned()));
        if let Some((step, reason)) = &state.failure {
            sheet.row("failed", format!("{step}: {}", one_line(reason)));
            sheet.maybe("next try", time(state.retry_at));
        }
        if !state.forgotten.is_empty() {
            let threads = counted(state.forgotten.len() as u64, "thread");
            sheet.row("due", format!("words of {threads} that were forgotten"));
        }
        sheet.render(screen)
    }
}
