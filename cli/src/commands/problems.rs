//! Files and folders with problems: found by this run, or remembered by the index.

use std::sync::Arc;

use serde_json::{Value, json};
use threadkeep_app::text::{clean, count, fit_middle, wrap};
use threadkeep_app::{Fault, messages, own_log};
use threadkeep_backfill::ProblemKind;
use threadkeep_history::{HistoryProblem, HistoryReport};
use threadkeep_redact::redact;
use threadkeep_rollout::{ExtractError, ProblemReason};
use threadkeep_state::audit::AuditReport;
use threadkeep_state::backfill::BackfillReport;
use threadkeep_state::{HomeProblem, StateRuntime};

use crate::output::Screen;
use crate::output::color::{DIM, RED, YELLOW, paint};

/// The home itself, as a path in it.
const THE_HOME: &str = ".";
/// Number of places shown to people who did not ask for all.
const SHOWN: usize = 10;

/// A place of the home with its problems.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlaceProblem {
    pub(super) path: String,
    problems: Vec<HomeProblem>,
}

/// Kind of problem, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The file could not be indexed.
    Failed,
    /// The file has the thread id of another file.
    Copy,
    /// A part of the thread's history is missing.
    Incomplete,
    /// The place could not be listed.
    Place,
    /// Some lines of the file were skipped.
    LinesSkipped,
    /// The file is indexed, and its name is not a rollout's.
    Name,
    /// The place is a link in a circle. The files behind it are indexed at their own paths.
    Link,
}

impl Kind {
    fn of(problem: &HomeProblem) -> Kind {
        match problem {
            HomeProblem::Place(ProblemReason::MalformedName) => Kind::Name,
            HomeProblem::Place(ProblemReason::LinkCircle) => Kind::Link,
            HomeProblem::Place(_) => Kind::Place,
            HomeProblem::Duplicate { .. } => Kind::Copy,
            HomeProblem::LinesSkipped(_) => Kind::LinesSkipped,
            HomeProblem::Base(_) | HomeProblem::Shrunk { .. } => Kind::Incomplete,
            HomeProblem::Unread(_) | HomeProblem::Panicked(_) | HomeProblem::Unknown { .. } => Kind::Failed,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Copy => "copy",
            Kind::Incomplete => "incomplete",
            Kind::LinesSkipped => "lines_skipped",
            Kind::Place => "place",
            Kind::Name => "name",
            Kind::Link => "link",
        }
    }
}

impl PlaceProblem {
    /// Makes the problem of a place, given relative to the home. The empty path is the home itself.
    pub(super) fn new(path: String, problem: HomeProblem) -> PlaceProblem {
        let path = if path.is_empty() { THE_HOME.to_owned() } else { path };
        PlaceProblem { path, problems: vec![problem] }
    }

    /// Returns the kind of the worst problem.
    fn kind(&self) -> Kind {
        self.problems.iter().map(Kind::of).min().unwrap_or(Kind::Link)
    }

    /// Returns true if something is missing from the index because of it.
    pub(super) fn is_serious(&self) -> bool {
        matches!(self.kind(), Kind::Failed | Kind::Copy | Kind::Incomplete | Kind::Place)
    }

    /// Returns true if something could not be read because of it.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self.kind(), Kind::Failed | Kind::Place)
    }

    /// Returns true if the file is shorter than when it was last indexed.
    pub(super) fn is_shrunk(&self) -> bool {
        self.problems.iter().any(|problem| matches!(problem, HomeProblem::Shrunk { .. }))
    }

    /// Returns true if a part of the thread's history is missing because of it.
    pub(super) fn is_incomplete(&self) -> bool {
        self.kind() == Kind::Incomplete
    }

    /// Returns the problems in words.
    pub(super) fn reason(&self) -> String {
        // A message may quote the file.
        let reason = |problem| redact(&messages::of_problem(problem)).into_owned();
        // A file without a thread's id has no such name either.
        let is_nameless = |problem: &HomeProblem| *problem == HomeProblem::from(ExtractError::NoThread);
        let is_said = |problem: &&HomeProblem| Kind::of(problem) == Kind::Name;
        let repeats = self.problems.iter().any(is_nameless);
        let shown = self.problems.iter().filter(|problem| !(repeats && is_said(problem)));
        let reasons: Vec<String> = shown.map(reason).collect();
        reasons.join("; ")
    }

    pub(super) fn json(&self) -> Value {
        json!({ "path": self.path, "kind": self.kind().as_str(), "reason": self.reason() })
    }
}

/// Returns all problems that the index remembers.
pub(super) async fn remembered(state: &StateRuntime) -> Result<Vec<PlaceProblem>, Fault> {
    let remembered = state.file_problems(u32::MAX).await?.into_iter();
    Ok(remembered.map(|file| PlaceProblem::new(file.path, file.problem)).collect())
}

/// Logs the files that a run could not read.
pub(super) fn log_unreadable(report: &BackfillReport) {
    for problem in &report.problems {
        if let ProblemKind::Failed(failure) = &problem.kind {
            own_log::unreadable(&problem.key, &redact(&failure.to_string()));
        }
    }
}

/// Returns the remembered problems, and the places that a run could not list.
pub(super) async fn after(state: &StateRuntime, report: &BackfillReport) -> Result<Vec<PlaceProblem>, Fault> {
    let mut problems = remembered(state).await?;
    problems.extend(report.problems.iter().filter_map(|problem| match &problem.kind {
        ProblemKind::Listing(place) => Some(PlaceProblem::new(problem.key.clone(), place.clone())),
        _ => None,
    }));
    Ok(merged(problems))
}

/// Adds the problems of files that the history alone met: the index reads less of a file.
pub(super) fn with_history(mut problems: Vec<PlaceProblem>, report: &HistoryReport) -> Vec<PlaceProblem> {
    let met = report.problems.iter().filter_map(|problem| match &problem.kind {
        ProblemKind::Failed(HistoryProblem::Unread(error)) => {
            Some(PlaceProblem::new(problem.key.clone(), HomeProblem::Unread(Arc::clone(error))))
        }
        ProblemKind::Failed(HistoryProblem::Panicked(message)) => {
            Some(PlaceProblem::new(problem.key.clone(), HomeProblem::Panicked(message.clone())))
        }
        _ => None,
    });
    let known = |path: &str| problems.iter().any(|problem| problem.is_unread() && problem.path == path);
    let new: Vec<PlaceProblem> = met.filter(|problem| !known(&problem.path)).collect();
    problems.extend(new);
    merged(problems)
}

/// Returns the problems that an audit met, and the remembered skipped lines, which an audit does
/// not count.
pub(super) async fn of_audit(state: &StateRuntime, report: &AuditReport) -> Result<Vec<PlaceProblem>, Fault> {
    let mut problems = remembered(state).await?;
    problems.retain(|problem| problem.kind() == Kind::LinesSkipped);
    let met = report.problems.iter();
    problems.extend(met.map(|file| PlaceProblem::new(file.path.clone(), file.problem.clone())));
    Ok(merged(problems))
}

/// Makes one entry of each place, with each problem once and the worst first.
pub(super) fn merged(mut problems: Vec<PlaceProblem>) -> Vec<PlaceProblem> {
    problems.sort_by(|one, other| (&one.path, one.kind()).cmp(&(&other.path, other.kind())));
    problems.dedup_by(|later, first| {
        let same = later.path == first.path;
        if same {
            later.problems.retain(|problem| !first.problems.contains(problem));
            first.problems.append(&mut later.problems);
        }
        same
    });
    problems
}

/// Renders problems for people: the first of them, or all with `-v`.
pub(super) fn render(problems: &[PlaceProblem], screen: &Screen) -> String {
    let shown = screen.most(SHOWN);
    let mut text = String::new();
    for problem in problems.iter().take(shown) {
        let style = if problem.is_serious() { RED } else { YELLOW };
        let path = if problem.path == THE_HOME { "the home itself".into() } else { clean(&problem.path) };
        // A path is never worth more than a line.
        let path = fit_middle(&path, screen.width.saturating_sub(2));
        text.push_str(&format!("  {}\n", paint(style, &path)));
        let room = if screen.is_terminal { screen.width.saturating_sub(4) } else { usize::MAX };
        for line in wrap(&clean(&problem.reason()), room) {
            text.push_str(&format!("    {line}\n"));
        }
    }
    if problems.len() > shown {
        let more = format!("  and {} more: -v shows all", count((problems.len() - shown) as u64));
        text.push_str(&paint(DIM, &more));
        text.push('\n');
    }
    text
}

#[cfg(test)]
#[path = "../../tests/unit/commands_problems.rs"]
mod tests;
