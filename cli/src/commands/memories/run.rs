//! `memories run`: makes memories of threads, and consolidates them.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::memories::{Redact, agent, current_thread, extraction, model, open_root};
use threadkeep_app::opening::Index;
use threadkeep_app::settings::{Feature, Settings};
use threadkeep_app::text::{count, counted, one_line, pad};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, Message, Observer as _, command, messages, refresh};
use threadkeep_backfill::StopHandle;
use threadkeep_memories::StageOneJobs as _;
use threadkeep_memories::extraction::{Extraction, ExtractionOptions, JobOutcome, JobReport};
use threadkeep_state::memories::HomeTexts;

use super::consolidate::{Consolidated, consolidate};
use super::{boxed, folder};
use crate::args::{Phase, RunArgs};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::Lookup;
use crate::exit::Code;
use crate::output::color::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::output::json::{at, ms};
use crate::output::{Answer, Screen};

/// The command.
pub(in crate::commands) struct RunPhases<'a> {
    pub(in crate::commands) options: &'a RunArgs,
    pub(in crate::commands) root: Option<&'a Path>,
}

/// Report of a run.
struct Report {
    /// `None` if only the other phase was run.
    jobs: Option<Vec<JobReport>>,
    /// Threads that another run would read now.
    left: u64,
    /// `None` if only the other phase was run, or the run was stopped before.
    consolidated: Option<Consolidated>,
    interrupted: bool,
}

#[async_trait(?Send)]
impl Run for RunPhases<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("memories run")
    }

    fn feature(&self) -> Option<Feature> {
        Some(Feature::Memories)
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, settings, .. } = context;
        let home = dirs.agent_home()?;
        // Before anything else: their settings may be wrong.
        let (model, agent) = (model(&settings.memories)?, agent(&settings.memories)?);
        let index = Index::for_writing(dirs).await?;
        if self.options.phase != Some(Phase::One) {
            // A folder that cannot be used must not become the usual one.
            open_root(&folder(dirs, self.root, &index.state.memories()).await?.path)?;
        }
        refresh::refresh(&index, &home, *screen).await?;
        let stop = StopHandle::new();
        screen.begin(&stop);
        let mut report = Report { jobs: None, left: 0, consolidated: None, interrupted: false };
        if self.options.phase != Some(Phase::Two) {
            let jobs = Arc::new(index.state.memories());
            let texts = Arc::new(HomeTexts::new(home.clone()));
            let lookup = Lookup::new(&index, &home, screen);
            let options = options_of(settings, self.options, &lookup).await?;
            let engine = Extraction::new(jobs, texts, model, Arc::new(Redact), options.clone());
            report.jobs = Some(extract(&engine, &index, &options, &stop, screen).await?);
            report.left = index.state.memories().counts(&options.plan()).await.map_err(boxed)?.eligible;
        }
        if self.options.phase != Some(Phase::One) && !stop.is_stopped() {
            let done = consolidate(context, &index, agent, self.root, self.options.force, &stop);
            report.consolidated = Some(done.await?);
        }
        screen.end();
        index.close().await?;
        report.interrupted = stop.is_stopped();
        if report.interrupted {
            screen.fault(&messages::interrupted());
        }
        Ok(Box::new(report))
    }
}

/// Returns the options of phase 1, as the settings and the command line choose them.
pub(super) async fn options_of(
    settings: &Settings,
    args: &RunArgs,
    lookup: &Lookup<'_>,
) -> Result<ExtractionOptions, Fault> {
    let current = match &args.current_thread {
        Some(typed) => Some(lookup.find_id(typed).await?),
        None => current_thread(),
    };
    let mut options = extraction(&settings.memories, current);
    options.rules.retry_before = args.retry.then(Timestamp::now);
    Ok(options)
}

/// Runs phase 1, and shows how many of the eligible threads are done.
async fn extract(
    engine: &Extraction,
    index: &Index,
    options: &ExtractionOptions,
    stop: &StopHandle,
    screen: &Screen,
) -> Result<Vec<JobReport>, Fault> {
    let counts = index.state.memories().counts(&options.plan()).await.map_err(boxed)?;
    let total = counts.eligible.min(options.limit as u64);
    let mut done = 0;
    let show = |done: u64| {
        let total = total.max(done);
        screen.show("making memories", format!("{}/{} threads", count(done), count(total)), done, total);
    };
    show(0);
    let ended = engine.run(stop.stopped(), |_| {
        done += 1;
        show(done);
    });
    ended.await.map_err(|error| messages::of_boxed(&error))
}

impl Report {
    fn count(&self, is_counted: impl Fn(&JobOutcome) -> bool) -> u64 {
        self.jobs.iter().flatten().filter(|job| is_counted(&job.outcome)).count() as u64
    }

    fn failed(&self) -> u64 {
        self.count(|outcome| matches!(outcome, JobOutcome::Failed { .. }))
    }

    /// Returns the number of threads for which the model was not available.
    fn postponed(&self) -> u64 {
        self.count(|outcome| matches!(outcome, JobOutcome::Postponed { .. }))
    }

    fn remembered(&self) -> u64 {
        self.count(|outcome| *outcome == JobOutcome::Remembered)
    }
}

fn json_of(job: &JobReport) -> Value {
    let (outcome, reason, retry_at) = match &job.outcome {
        JobOutcome::Remembered => ("remembered", None, None),
        JobOutcome::Nothing(reason) => ("nothing", Some(reason), None),
        JobOutcome::Failed { reason, retry_at } => ("failed", Some(reason), *retry_at),
        JobOutcome::Postponed { reason, retry_at } => ("postponed", Some(reason), Some(*retry_at)),
        JobOutcome::LeaseLost => ("lease_lost", None, None),
        JobOutcome::Stopped => ("stopped", None, None),
        _ => ("other", None, None),
    };
    json!({
        "thread_id": job.thread.id,
        "outcome": outcome,
        "reason": reason,
        "retry_at": at(retry_at),
        "retry_at_ms": ms(retry_at),
    })
}

/// Says why threads failed, and what to do about it. All that were postponed have one reason.
fn failures(jobs: &[JobReport], screen: &Screen) -> String {
    let mut text = String::new();
    let retry = || command("memories run --retry");
    for job in jobs {
        if let JobOutcome::Failed { reason, retry_at } = &job.outcome {
            text += &format!("{}: {}", job.thread.id, one_line(reason));
            if retry_at.is_none() {
                text += &screen.render(("; no try is left, ", retry(), " begins again"));
            }
            text.push('\n');
        }
    }
    let postponed = jobs.iter().find_map(|job| match &job.outcome {
        JobOutcome::Postponed { reason, retry_at } => Some((reason, *retry_at)),
        _ => None,
    });
    if let Some((reason, at)) = postponed {
        let at = Clock::system().full(at);
        let said = format!("{}; the next try is at {at}, ", one_line(reason));
        text += &screen.render((said, retry(), " does it now"));
        text.push('\n');
    }
    text
}

impl Answer for Report {
    fn json(&self) -> Value {
        let jobs = self.jobs.as_ref().map(|jobs| jobs.iter().map(json_of).collect::<Vec<_>>());
        let consolidation = self.consolidated.as_ref().map(Consolidated::json);
        json!({ "interrupted": self.interrupted, "threads": jobs, "eligible": self.left, "consolidation": consolidation })
    }

    fn text(&self, screen: &Screen) -> String {
        if screen.quiet {
            return String::new();
        }
        let mut text = String::new();
        if let Some(jobs) = &self.jobs {
            let rows = [
                ("remembered", self.remembered(), GREEN),
                ("no memory", self.count(|outcome| matches!(outcome, JobOutcome::Nothing(_))), BOLD),
                ("failed", self.failed(), RED),
                ("postponed", self.postponed(), RED),
                ("taken over", self.count(|outcome| *outcome == JobOutcome::LeaseLost), YELLOW),
                ("stopped", self.count(|outcome| *outcome == JobOutcome::Stopped), YELLOW),
            ];
            for (n, (label, number, style)) in rows.into_iter().enumerate() {
                let style = if number > 0 { style } else { DIM };
                if number > 0 || n < 3 {
                    text += &format!("{}{}\n", pad(label, 14, false), paint(style, &count(number)));
                }
            }
            text += &failures(jobs, screen);
            // Where the model is unavailable, another run would not go on, either.
            if self.left > 0 && self.postponed() == 0 {
                let more = (format!("{} left; ", counted(self.left, "thread")), command("memories run"));
                text += &(screen.render(Message::from(more).append(" goes on")) + "\n");
            }
        }
        text + &self.consolidated.as_ref().map(|done| done.text(screen)).unwrap_or_default()
    }

    fn done(&self) -> String {
        format!("{} remembered, {} failed", self.remembered(), self.failed() + self.postponed())
    }

    fn changed(&self) -> bool {
        true
    }

    fn code(&self) -> Code {
        let has_failed = self.failed() + self.postponed() > 0
            || self.consolidated.as_ref().is_some_and(Consolidated::has_failed);
        match has_failed {
            _ if self.interrupted => Code::CouldNotRun,
            true => Code::Problems,
            false => Code::Fine,
        }
    }
}
