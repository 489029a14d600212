//! `backfill`: brings index and history up to date and reports the result.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::history;
use threadkeep_app::opening::Index;
use threadkeep_app::refresh::{self, PassOptions};
use threadkeep_app::text::{bytes, count, pad};
use threadkeep_app::{Fault, FaultKind, Message, Observer as _, messages, time};
use threadkeep_backfill::{Ending, Problem, ProblemKind};
use threadkeep_history::HistoryReport;
use threadkeep_rollout::AgentHome;
use threadkeep_state::backfill::BackfillReport;
use threadkeep_state::{HomeProblem, PendingDeletion};

use super::problems::{self, PlaceProblem};
use crate::args::BackfillArgs;
use crate::command::{Answered, Context, Run};
use crate::exit::Code;
use crate::output::color::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Backfill<'a>(pub(super) &'a BackfillArgs);

/// Report of a run, and the files that have problems now.
struct Summary {
    report: BackfillReport,
    /// Number in all files of the home, in this run or an earlier one.
    lines_skipped: u64,
    problems: Vec<PlaceProblem>,
    /// Report about the history, or why it was not brought up to date. None if the index was not.
    history: Option<Result<HistoryReport, Fault>>,
}

#[async_trait(?Send)]
impl Run for Backfill<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("backfill")
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let BackfillArgs { force, include_deleted, no_wait } = *self.0;
        let home = dirs.agent_home()?;
        let index = Index::for_writing(dirs).await?;
        let patience = if no_wait { Duration::ZERO } else { Duration::MAX };
        let options = PassOptions { force, include_deleted, patience };
        let report = refresh::run(&index.state, &home, options, *screen).await?;
        if include_deleted {
            restore(&index, screen).await;
        }
        let mut problems = problems::after(&index.state, &report).await?;
        problems::log_unreadable(&report);
        let history = match report.ending {
            Ending::Complete => Some(history(&index, &home, options, screen).await?),
            _ => None,
        };
        if let Some(Ok(history)) = &history {
            problems = problems::with_history(problems, history);
        }
        let lines_skipped = index.state.lines_skipped().await?;
        index.close().await?;
        let endings = [Some(&report.ending), history.as_ref().and_then(|of| Some(&of.as_ref().ok()?.ending))];
        match endings.into_iter().flatten().find(|ending| **ending != Ending::Complete) {
            Some(Ending::Held { owner, expires_at }) => {
                return Err(Fault::new(
                    refresh::held(owner, *expires_at),
                    "leave out --no-wait to wait for it",
                ));
            }
            Some(Ending::Interrupted) => screen.fault(&messages::interrupted()),
            _ => {}
        }
        Ok(Box::new(Summary { report, lines_skipped, problems, history }))
    }
}

/// Brings the history up to date. Trouble with it, other than damage, keeps the index from nothing.
async fn history(
    index: &Index,
    home: &AgentHome,
    options: PassOptions,
    screen: &Screen,
) -> Result<Result<HistoryReport, Fault>, Fault> {
    match history::run(index, home, options, screen).await {
        Err(fault) if fault.kind == FaultKind::Damaged => Err(fault),
        Err(fault) => {
            let note = Message::from("the history was not brought up to date: ");
            screen.note(&note.append(fault.clone().sentence()));
            Ok(Err(fault))
        }
        done => Ok(done),
    }
}

/// Lets goals and logs accept the restored threads again, and notes what has to wait.
async fn restore(index: &Index, screen: &Screen) {
    match index.state.restore_threads(Timestamp::now()).await {
        Ok(late) => note_late(&late, screen),
        Err(error) => screen.note(&Fault::from(error).sentence()),
    }
}

/// Notes which stores cannot accept restored threads yet.
pub(super) fn note_late(late: &[PendingDeletion], screen: &Screen) {
    let reasons: BTreeSet<_> = late.iter().map(|late| (&late.participant, &late.reason)).collect();
    for (participant, reason) in reasons {
        let note =
            format!("restored threads cannot have {participant} yet: {reason}; a later command retries");
        screen.note(&note.into());
    }
}

impl Summary {
    /// Returns the number of files that could not be read. A file that lost all its content counts
    /// as shrunk.
    fn failed(&self) -> u64 {
        let is_shrunk = |problem: &&Problem<HomeProblem>| {
            matches!(&problem.kind, ProblemKind::Failed(HomeProblem::Shrunk { .. }))
        };
        let shrunk = self.report.problems.iter().filter(is_shrunk).count() as u64;
        (self.report.failed + self.report.known_failures).saturating_sub(shrunk)
    }

    /// Returns the way in which the run ended, index and history.
    fn outcome(&self) -> &'static str {
        let history = self.history.as_ref().and_then(|of| Some(&of.as_ref().ok()?.ending));
        let is_complete = [Some(&self.report.ending), history]
            .into_iter()
            .flatten()
            .all(|ending| *ending == Ending::Complete);
        if is_complete { "complete" } else { "interrupted" }
    }

    /// Returns the number of files that are shorter than when they were last indexed.
    fn shrunk(&self) -> u64 {
        self.problems.iter().filter(|problem| problem.is_shrunk()).count() as u64
    }
}

impl Answer for Summary {
    fn json(&self) -> Value {
        let report = &self.report;
        json!({
            "outcome": self.outcome(),
            "scanned": report.scanned,
            "indexed": report.indexed,
            "unchanged": report.unchanged,
            "copies": report.duplicates,
            "failed": self.failed(),
            "shrunk": self.shrunk(),
            "deleted": report.excluded,
            "gone": report.rows_gone,
            "pending": report.pending,
            "lines_skipped": self.lines_skipped,
            "bytes": report.bytes,
            "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            "problems": self.problems.iter().map(PlaceProblem::json).collect::<Vec<_>>(),
            "history": self.history.as_ref().map(json_of_history),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let report = &self.report;
        if screen.quiet {
            return String::new();
        }
        let mut rows = vec![
            ("scanned", report.scanned, None, ""),
            ("indexed", report.indexed, Some(GREEN), ""),
            ("unchanged", report.unchanged, None, ""),
            ("copies", report.duplicates, Some(YELLOW), "another file has the same thread"),
            ("failed", self.failed(), Some(RED), "could not be read"),
        ];
        if self.shrunk() > 0 {
            rows.push(("shrunk", self.shrunk(), Some(RED), "shorter than when last indexed"));
        }
        if report.excluded > 0 {
            rows.push(("deleted", report.excluded, None, "left out; --include-deleted restores them"));
        }
        if report.pending > 0 {
            rows.push(("to do", report.pending, Some(YELLOW), "run it again to continue"));
        }
        rows.push((
            "gone",
            report.rows_gone,
            Some(YELLOW),
            "their rollouts are missing; these threads are no longer listed",
        ));
        rows.push(("lines skipped", self.lines_skipped, Some(YELLOW), "the rest of these files is indexed"));

        let history = self.history.as_ref().and_then(|of| of.as_ref().ok());
        if let Some(history) = history.filter(|history| history.indexed > 0) {
            rows.push(("history", history.indexed, Some(GREEN), "read for search and usage"));
        }
        if let Some(history) = history.filter(|history| history.pending > 0) {
            rows.push(("", history.pending, Some(YELLOW), "not read yet; run it again to continue"));
        }

        let numbers: Vec<String> = rows.iter().map(|(_, number, ..)| count(*number)).collect();
        let room = numbers.iter().map(String::len).max().unwrap_or(0);
        let mut text = String::new();
        for ((label, number, style, remark), digits) in rows.iter().zip(&numbers) {
            let digits = pad(digits, room, true);
            let digits = match style {
                Some(style) if *number > 0 => paint(style.bold(), &digits),
                None if *number > 0 => paint(BOLD, &digits),
                _ => paint(DIM, &digits),
            };
            let remark = if *number > 0 && !remark.is_empty() {
                paint(DIM, &format!("  {remark}"))
            } else {
                String::new()
            };
            text.push_str(&format!("{label:<13}  {digits}{remark}\n"));
        }
        let elapsed = report.elapsed + history.map(|history| history.elapsed).unwrap_or_default();
        let read = report.bytes + history.map_or(0, |history| history.bytes);
        let read = if read > 0 { format!(", {} read", bytes(read)) } else { String::new() };
        text.push_str(&paint(DIM, &format!("in {}{read}", time::elapsed(elapsed))));
        text.push('\n');
        if !self.problems.is_empty() {
            text.push_str(&format!("\n{}\n", paint(BOLD, "files with problems")));
            text.push_str(&problems::render(&self.problems, screen));
        }
        text
    }

    fn done(&self) -> String {
        let report = &self.report;
        let how = self.outcome();
        let (scanned, indexed, failed) = (report.scanned, report.indexed, self.failed());
        let (copies, gone) = (report.duplicates, report.rows_gone);
        format!("{how}: {scanned} scanned, {indexed} indexed, {failed} failed, {copies} copies, {gone} gone")
    }

    fn code(&self) -> Code {
        match &self.report.ending {
            Ending::Complete if self.outcome() != "complete" => Code::CouldNotRun,
            Ending::Complete if matches!(self.history, Some(Err(_))) => Code::Problems,
            Ending::Complete if self.problems.iter().any(PlaceProblem::is_serious) => Code::Problems,
            Ending::Complete if self.failed() + self.report.duplicates > 0 => Code::Problems,
            Ending::Complete => Code::Fine,
            _ => Code::CouldNotRun,
        }
    }
}

fn json_of_history(history: &Result<HistoryReport, Fault>) -> Value {
    match history {
        Err(fault) => json!({ "error": fault.to_string() }),
        Ok(report) => json!({
            "scanned": report.scanned,
            "indexed": report.indexed,
            "unchanged": report.unchanged,
            "copies": report.duplicates,
            "failed": report.failed + report.known_failures,
            "deleted": report.excluded,
            "gone": report.rows_gone,
            "pending": report.pending,
            "bytes": report.bytes,
            "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
        }),
    }
}
