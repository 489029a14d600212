//! Figures of goals and logs in `status`, where their databases can be read.

use serde_json::{Map, Value, json};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::text::{bytes, clean, count, counted};
use threadkeep_app::time::Clock;
use threadkeep_app::{Fault, opening};
use threadkeep_state_goals::{GoalStatus, ListGoals};
use threadkeep_state_logs::LogInventory;

use super::patience::{is_broken, patiently};
use crate::commands::goals;
use crate::output::color::{RED, YELLOW, paint};
use crate::output::json::{at, ms};
use crate::output::sheet::Sheet;

/// Number of goals of each status that a goal has.
type GoalCounts = Vec<(GoalStatus, u64)>;

/// Figures of the databases next to the index: nothing for a missing database, and a fault for an
/// unreadable one.
pub(super) struct Figures {
    pub(super) goals: Result<Option<GoalCounts>, Fault>,
    pub(super) logs: Result<Option<LogInventory>, Fault>,
}

pub(super) async fn of_goals(dirs: &Dirs, is_usable: bool) -> Result<Option<GoalCounts>, Fault> {
    if !is_usable {
        return Ok(None);
    }
    let all = ListGoals { limit: u32::MAX, ..ListGoals::default() };
    let list = async || Ok(opening::stores_as_they_are(dirs).thread_goals().list(&all).await?);
    let goals = patiently(list).await?;
    let count = |status: GoalStatus| goals.iter().filter(|goal| goal.status == status).count() as u64;
    Ok(Some(
        GoalStatus::ALL.map(|status| (status, count(status))).into_iter().filter(|(_, n)| *n > 0).collect(),
    ))
}

pub(super) async fn of_logs(dirs: &Dirs, is_usable: bool) -> Result<Option<LogInventory>, Fault> {
    if !is_usable {
        return Ok(None);
    }
    patiently(async || Ok(opening::stores_as_they_are(dirs).logs().inventory().await?)).await
}

impl Figures {
    /// Returns true if a database that looked fine could not be read.
    pub(super) fn are_unreadable(&self) -> bool {
        self.goals.as_ref().is_err_and(is_broken) || self.logs.as_ref().is_err_and(is_broken)
    }

    pub(super) fn json_of_goals(&self) -> Value {
        match &self.goals {
            Err(fault) => json!({ "error": fault.to_string() }),
            Ok(None) => Value::Null,
            Ok(Some(counts)) => {
                let counts =
                    counts.iter().map(|(status, count)| (status.as_str().to_owned(), (*count).into()));
                counts.collect::<Map<_, _>>().into()
            }
        }
    }

    pub(super) fn json_of_logs(&self) -> Value {
        match &self.logs {
            Err(fault) => json!({ "error": fault.to_string() }),
            Ok(None) => Value::Null,
            Ok(Some(logs)) => json!({
                "rows": logs.rows,
                "bytes": logs.bytes,
                "logged_bytes": logs.logged_bytes,
                "dropped_rows": logs.dropped_rows,
                "oldest_at": at(logs.oldest),
                "oldest_at_ms": ms(logs.oldest),
                "newest_at": at(logs.newest),
                "newest_at_ms": ms(logs.newest),
            }),
        }
    }

    /// Adds the contents of a database to its part of the sheet.
    pub(super) fn add(&self, sheet: &mut Sheet, label: &str, clock: &Clock) {
        match (label, &self.goals, &self.logs) {
            ("goals", Err(fault), _) | ("logs", _, Err(fault)) => {
                sheet.row("contents", paint(RED, &clean(&fault.to_string())));
            }
            ("goals", Ok(Some(counts)), _) => sheet.row("goals", in_words(counts)),
            ("logs", _, Ok(Some(logs))) => add_logs(sheet, logs, clock),
            _ => {}
        }
    }
}

fn in_words(counts: &GoalCounts) -> String {
    let parts =
        counts.iter().map(|(status, number)| format!("{} {}", count(*number), goals::status(*status)));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn add_logs(sheet: &mut Sheet, logs: &LogInventory, clock: &Clock) {
    sheet.row("rows", format!("{}, {} of text", count(logs.rows), bytes(logs.bytes)));
    sheet.row("ever logged", bytes(logs.logged_bytes));
    if logs.dropped_rows > 0 {
        sheet.row("dropped", paint(YELLOW, &counted(logs.dropped_rows, "row")));
    }
    sheet.maybe("oldest", logs.oldest.map(|at| clock.full(at)));
    sheet.maybe("newest", logs.newest.map(|at| clock.full(at)));
}
