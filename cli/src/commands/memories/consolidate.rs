//! Phase 2 of `memories run`, and its result in words.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use threadkeep_app::memories::{consolidation, step};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{clean, count, counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, Message, Observer as _, command, messages};
use threadkeep_backfill::StopHandle;
use threadkeep_memories::consolidation::{ConsolidationError, ConsolidationReport, Ending};
use threadkeep_memories::files::MEMORY_SUMMARY;
use threadkeep_memories::{ConsolidationAgent, NotNow, Step};

use super::{diff, folder};
use crate::command::Context;
use crate::output::Screen;
use crate::output::json::{at, ms};

/// Result of phase 2.
pub(super) enum Consolidated {
    Report(Box<ConsolidationReport>),
    /// A step failed. The reason is stored.
    Failed(ConsolidationError),
}

/// Runs phase 2, and shows its steps.
pub(super) async fn consolidate(
    Context { dirs, screen, settings, .. }: &Context<'_>,
    index: &Index,
    agent: Arc<dyn ConsolidationAgent>,
    given: Option<&Path>,
    force: bool,
    stop: &StopHandle,
) -> Result<Consolidated, Fault> {
    let store = index.state.memories();
    let root = folder(dirs, given, &store).await?;
    if let Some(agents) = &root.agents_own {
        let (agents, ours) = (agents.display(), root.path.display());
        screen.note(&format!("{agents} is the agent's own; memories made here are in {ours}").into());
    }
    let engine = consolidation(dirs, &settings.memories, &store, agent, &root.path, force);
    let ended = engine.run(stop.stopped(), |now| {
        let done = Step::ALL.iter().take_while(|step| **step != now).count();
        screen.show("consolidating", step(now).to_owned(), done as u64, Step::ALL.len() as u64);
    });
    match ended.await {
        Ok(report) => Ok(Consolidated::Report(Box::new(report))),
        Err(error @ ConsolidationError::Step { .. }) => Ok(Consolidated::Failed(error)),
        Err(error) => Err(messages::of_boxed(&error)),
    }
}

impl Consolidated {
    pub(super) fn has_failed(&self) -> bool {
        matches!(self, Consolidated::Failed(_))
    }

    pub(super) fn json(&self) -> Value {
        let report = match self {
            Consolidated::Report(report) => report,
            Consolidated::Failed(ConsolidationError::Step { step, reason, retry_at }) => {
                return json!({
                    "ending": "failed",
                    "step": step.code(),
                    "reason": reason,
                    "retry_at": at(*retry_at),
                    "retry_at_ms": ms(*retry_at),
                });
            }
            Consolidated::Failed(error) => return json!({ "ending": "failed", "reason": error.to_string() }),
        };
        let mut holder = None;
        let (ending, until) = match &report.ending {
            Ending::Consolidated => ("consolidated", None),
            Ending::Unchanged => ("unchanged", None),
            Ending::NotNow(NotNow::Held { owner, expires_at }) => {
                holder = Some(owner);
                ("held", Some(*expires_at))
            }
            Ending::NotNow(NotNow::CoolingDown { until }) => ("cooling_down", Some(*until)),
            Ending::NotNow(NotNow::Waiting { until }) => ("waiting", Some(*until)),
            Ending::LeaseLost => ("lease_lost", None),
            Ending::Stopped => ("stopped", None),
            _ => ("other", None),
        };
        json!({
            "ending": ending,
            "until": at(until),
            "until_ms": ms(until),
            "owner": holder,
            "memories": (!matches!(report.ending, Ending::NotNow(_))).then_some(report.memories),
            "pruned": report.pruned,
            "changes": report.changes.iter().map(diff::json_of).collect::<Vec<_>>(),
            "written": report.written.iter().map(diff::json_of).collect::<Vec<_>>(),
            "oversized_summary": report.oversized_summary,
            "kept_for_next_run": report.kept_for_next_run,
            "left_out": report.refused.iter().map(|refused| &refused.path).collect::<Vec<_>>(),
        })
    }

    /// Renders the result for people, in whole lines.
    pub(super) fn text(&self, screen: &Screen) -> String {
        let clock = Clock::system();
        let force = || command("memories run --force");
        let report = match self {
            Consolidated::Report(report) => report,
            Consolidated::Failed(error) => {
                let status: Message = (one_line(&error.to_string()), "; ", force(), " tries it again").into();
                return screen.render(status) + "\n";
            }
        };
        let said: Message = match &report.ending {
            Ending::Consolidated => {
                let (memories, files) = (report.memories as u64, report.written.len() as u64);
                let files = if files == 0 { "no file".to_owned() } else { counted(files, "file") };
                format!("consolidated: {}; {files} changed", memories_of(memories)).into()
            }
            Ending::Unchanged => "consolidated already: no file has changed since".into(),
            Ending::NotNow(NotNow::Held { owner, .. }) => {
                format!("not consolidated: {owner} does it now").into()
            }
            Ending::NotNow(NotNow::CoolingDown { until }) => {
                let until = clock.full(*until);
                (format!("not consolidated again before {until}; "), force(), " does it now").into()
            }
            Ending::NotNow(NotNow::Waiting { until }) => {
                let until = clock.full(*until);
                (format!("the last consolidation failed, the next is at {until}; "), force(), " does it now")
                    .into()
            }
            Ending::LeaseLost => "not consolidated: another process has taken over".into(),
            _ => "not consolidated: stopped".into(),
        };
        let mut text = screen.render(said) + "\n";
        if let Some(bytes) = report.oversized_summary {
            let bytes = count(bytes as u64);
            text += &format!(
                "{MEMORY_SUMMARY} has {bytes} bytes, more than `memories.summary_bytes`: your own text leaves no \
                 room for more\n"
            );
        }
        for path in &report.kept_for_next_run {
            text +=
                &format!("{} was edited meanwhile: the next run sees it\n", clean(&path.to_string_lossy()));
        }
        for refused in &report.refused {
            text += &format!(
                "{} is left out: no git repository can have it\n",
                clean(&refused.path.to_string_lossy())
            );
        }
        text
    }
}

fn memories_of(count: u64) -> String {
    if count == 1 { "1 memory".to_owned() } else { format!("{count} memories") }
}
