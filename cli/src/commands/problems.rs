//! Files and folders with problems: what an index run met now, and what the index remembers of earlier ones.

use serde_json::{Value, json};
use threadkeep_backfill::{ProblemKind, Report};
use threadkeep_redact::redact;
use threadkeep_rollout::ProblemReason;
use threadkeep_state::audit::AuditReport;
use threadkeep_state::{FileProblem, FileProblemKind, StateRuntime};

use crate::output::Screen;
use crate::output::color::{DIM, RED, YELLOW, paint};
use crate::output::text::{clean, count, fit_middle, wrap};
use crate::own_log;

/// The home itself, as a path in it.
const THE_HOME: &str = ".";
/// How the reason of a copy begins.
const COPY: &str = "has the same thread id as ";
/// How many are shown to people who did not ask for more.
const SHOWN: usize = 10;

/// A place with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlaceProblem {
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) reason: String,
}

/// What is the matter, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// It could not be indexed.
    Failed,
    /// It has the thread id of another file.
    Copy,
    /// It could not be looked at.
    Place,
    /// Some of its lines were skipped.
    LinesSkipped,
    /// It is indexed, and its name is not a rollout's.
    Name,
    /// It is a link in a circle: what it leads to is indexed without it.
    Link,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Copy => "copy",
            Kind::LinesSkipped => "lines_skipped",
            Kind::Place => "place",
            Kind::Name => "name",
            Kind::Link => "link",
        }
    }
}

impl PlaceProblem {
    /// A problem whose reason does not say again which file it is about.
    fn new(path: String, kind: Kind, reason: &str) -> PlaceProblem {
        // What a file has in it may be said again.
        let reason = redact(&without_path(&path, reason)).into_owned();
        PlaceProblem { path, kind, reason }
    }

    /// A problem of a place of the home, in the words of whoever looked there.
    pub(super) fn of_place(path: &str, reason: &str) -> PlaceProblem {
        let harmless = [(ProblemReason::MalformedName, Kind::Name), (ProblemReason::LinkCircle, Kind::Link)];
        let kind = harmless.iter().find(|(known, _)| reason == known.to_string());
        let path = if path.is_empty() { THE_HOME } else { path };
        PlaceProblem::new(path.to_owned(), kind.map_or(Kind::Place, |(_, kind)| *kind), reason)
    }

    /// Whether something is missing from the index because of it.
    pub(super) fn is_serious(&self) -> bool {
        !matches!(self.kind, Kind::LinesSkipped | Kind::Name | Kind::Link)
    }

    /// Whether something could not be read because of it.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self.kind, Kind::Failed | Kind::Place)
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
        PlaceProblem::new(problem.path, kind, &problem.reason)
    }
}

/// All problems that the index remembers.
pub(super) async fn remembered(state: &StateRuntime) -> anyhow::Result<Vec<PlaceProblem>> {
    Ok(state.file_problems(u32::MAX).await?.into_iter().map(PlaceProblem::from).collect())
}

/// Logs which files a run could not read.
pub(super) fn log_unreadable(report: &Report) {
    for problem in report.problems.iter().filter(|problem| problem.kind == ProblemKind::Failed) {
        own_log::unreadable(&problem.key, &without_path(&problem.key, &problem.reason));
    }
}

/// What the index remembers after a run, and beside it what only the run itself could see: places that could not be listed.
pub(super) async fn after(state: &StateRuntime, report: &Report) -> anyhow::Result<Vec<PlaceProblem>> {
    let mut problems = remembered(state).await?;
    let places = report.problems.iter().filter(|problem| problem.kind == ProblemKind::Listing);
    problems.extend(places.map(|problem| PlaceProblem::of_place(&problem.key, &problem.reason)));
    Ok(merged(problems))
}

/// What an audit met, and beside it the lines that the index remembers to have been skipped: an audit does not count them.
pub(super) async fn of_audit(
    state: &StateRuntime,
    report: &AuditReport,
) -> anyhow::Result<Vec<PlaceProblem>> {
    let mut problems = remembered(state).await?;
    problems.retain(|problem| problem.kind == Kind::LinesSkipped);
    problems.extend(report.problems.iter().map(|problem| {
        let kind = if problem.reason.starts_with(COPY) { Kind::Copy } else { Kind::Failed };
        match PlaceProblem::of_place(&problem.path, &problem.reason) {
            harmless if !harmless.is_serious() => harmless,
            other => PlaceProblem { kind, ..other },
        }
    }));
    Ok(merged(problems))
}

/// One entry a place, of its worst kind, with every reason once.
pub(super) fn merged(mut problems: Vec<PlaceProblem>) -> Vec<PlaceProblem> {
    problems.sort_by(|one, other| (&one.path, one.kind).cmp(&(&other.path, other.kind)));
    let mut merged: Vec<PlaceProblem> = Vec::new();
    for problem in problems {
        match merged.last_mut() {
            Some(last) if last.path == problem.path => {
                if !last.reason.contains(&problem.reason) {
                    last.reason = format!("{}; {}", last.reason, problem.reason);
                }
            }
            _ => merged.push(problem),
        }
    }
    merged
}

/// Renders problems for people, the first of them as a rule.
pub(super) fn render(problems: &[PlaceProblem], screen: &Screen) -> String {
    let shown = if screen.verbose { problems.len() } else { SHOWN };
    let mut text = String::new();
    for problem in problems.iter().take(shown) {
        let style = if problem.is_serious() { RED } else { YELLOW };
        let path = if problem.path == THE_HOME { "the home itself".into() } else { clean(&problem.path) };
        // The reason says which file where the path alone does not; a path is never worth more than a line.
        let path = fit_middle(&path, screen.width.saturating_sub(2));
        text.push_str(&format!("  {}\n", paint(style, &path)));
        let room = if screen.is_terminal { screen.width.saturating_sub(4) } else { usize::MAX };
        for line in wrap(&clean(&problem.reason), room) {
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

/// The reason, without the path that stands above it already.
fn without_path(path: &str, reason: &str) -> String {
    let Some(at) = reason.find(path) else { return reason.to_owned() };
    let before = reason[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let after = &reason[at + path.len()..];
    let (before, after) = (&reason[..before], after.trim_start_matches([':', ' ']));
    format!("{before}{}{after}", if before.is_empty() { "" } else { "it: " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_once_and_by_the_worst_of_it() {
        let name = PlaceProblem::of_place("sessions/a", &ProblemReason::MalformedName.to_string());
        let copy =
            PlaceProblem::new("sessions/a".to_owned(), Kind::Copy, "has the same thread id as sessions/b");
        let other = PlaceProblem::new(
            "sessions/b".to_owned(),
            Kind::Failed,
            "/home/ada/sessions/b: the file is empty",
        );
        let merged = merged(vec![name.clone(), other, copy, name.clone()]);
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].reason, format!("has the same thread id as sessions/b; {}", name.reason));
        assert!(merged[0].is_serious() && !name.is_serious());
        assert_eq!(merged[1].reason, "the file is empty");
    }
}
