//! Files and folders with problems: what an index run met now, and what the index remembers of earlier ones.

use serde_json::{Value, json};
use threadkeep_backfill::{ProblemKind, Report};
use threadkeep_state::{FileProblem, FileProblemKind, StateRuntime};

use crate::output::Screen;
use crate::output::color::{DIM, RED, YELLOW, paint};
use crate::output::text::{clean, count, fit_middle};

/// How many are shown to people who did not ask for more.
const SHOWN: usize = 10;

/// A place with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlaceProblem {
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It could not be indexed.
    Failed,
    /// It has the thread id of another file.
    Copy,
    /// Some of its lines were skipped.
    LinesSkipped,
    /// It could not be looked at, or looks wrong.
    Place,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Copy => "copy",
            Kind::LinesSkipped => "lines_skipped",
            Kind::Place => "place",
        }
    }
}

impl PlaceProblem {
    /// Whether something is missing from the index because of it.
    pub(super) fn is_serious(&self) -> bool {
        self.kind != Kind::LinesSkipped
    }

    pub(super) fn json(&self) -> Value {
        json!({ "path": self.path, "kind": self.kind.as_str(), "reason": self.reason })
    }
}

impl From<FileProblem> for PlaceProblem {
    fn from(problem: FileProblem) -> PlaceProblem {
        let kind = match problem.kind {
            FileProblemKind::LinesSkipped => Kind::LinesSkipped,
            FileProblemKind::Duplicate => Kind::Copy,
            _ => Kind::Failed,
        };
        PlaceProblem { path: problem.path, kind, reason: problem.reason }
    }
}

/// All problems that the index remembers.
pub(super) async fn remembered(state: &StateRuntime) -> anyhow::Result<Vec<PlaceProblem>> {
    Ok(state.file_problems(u32::MAX).await?.into_iter().map(PlaceProblem::from).collect())
}

/// What the index remembers after a run, and beside it what only the run itself could see: places that could not be listed.
pub(super) async fn after(state: &StateRuntime, report: &Report) -> anyhow::Result<Vec<PlaceProblem>> {
    let mut problems = remembered(state).await?;
    let places = report.problems.iter().filter(|problem| problem.kind == ProblemKind::Listing);
    problems.extend(places.map(|problem| PlaceProblem {
        path: problem.key.clone(),
        kind: Kind::Place,
        reason: problem.reason.clone(),
    }));
    problems.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(problems)
}

/// Renders problems for people, the first of them as a rule.
pub(super) fn render(problems: &[PlaceProblem], screen: &Screen) -> String {
    let shown = if screen.verbose { problems.len() } else { SHOWN };
    let mut text = String::new();
    for problem in problems.iter().take(shown) {
        let style = if problem.is_serious() { RED } else { YELLOW };
        let path = clean(&problem.path);
        // The reason says which file where the path alone does not; a path is never worth more than a line.
        let path = fit_middle(&path, screen.width.saturating_sub(2));
        text.push_str(&format!("  {}\n    {}\n", paint(style, &path), clean(&without_path(problem))));
    }
    if problems.len() > shown {
        let more = format!("  and {} more: -v shows all", count((problems.len() - shown) as u64));
        text.push_str(&paint(DIM, &more));
        text.push('\n');
    }
    text
}

/// The reason, without the path that stands above it already.
fn without_path(problem: &PlaceProblem) -> String {
    let reason = problem.reason.as_str();
    let Some(at) = reason.find(problem.path.as_str()) else { return reason.to_owned() };
    let before = reason[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let after = &reason[at + problem.path.len()..];
    let (before, after) = (&reason[..before], after.trim_start_matches([':', ' ']));
    format!("{before}{}{after}", if before.is_empty() { "" } else { "it: " })
}
