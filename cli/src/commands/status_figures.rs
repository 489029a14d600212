//! What `status` says of goals and logs in figures, where their databases can be read.

use serde_json::{Map, Value, json};
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_goals::{GoalStatus, GoalStore, ListGoals};
use threadkeep_state_logs::{LogInventory, LogStore};

use super::goal_text;
use crate::exit::Fault;
use crate::homes::Homes;
use crate::output::Screen;
use crate::output::color::{RED, YELLOW, paint};
use crate::output::json::put_time;
use crate::output::sheet::Sheet;
use crate::output::text::{bytes, clean, count, things};
use crate::output::time::Clock;

/// How many goals there are of each status that any has.
type GoalCounts = Vec<(GoalStatus, u64)>;

/// Figures of the databases beside the index: nothing of one that is not there, and a fault of one that cannot be read.
pub(super) struct Figures {
    pub(super) goals: Result<Option<GoalCounts>, Fault>,
    pub(super) logs: Result<Option<LogInventory>, Fault>,
}

fn read_only() -> OpenOptions {
    OpenOptions::new().read_only(true)
}

pub(super) async fn of_goals(
    homes: &Homes,
    is_usable: bool,
    screen: &Screen,
) -> Result<Option<GoalCounts>, Fault> {
    if !is_usable {
        return Ok(None);
    }
    let store = GoalStore::new(&homes.sqlite_home, &read_only());
    let all = ListGoals { limit: u32::MAX, ..ListGoals::default() };
    let goals = store.list(&all).await.map_err(|error| Fault::of(&error.into(), screen))?;
    let count = |status: GoalStatus| goals.iter().filter(|goal| goal.status == status).count() as u64;
    Ok(Some(
        GoalStatus::ALL.map(|status| (status, count(status))).into_iter().filter(|(_, n)| *n > 0).collect(),
    ))
}

pub(super) async fn of_logs(
    homes: &Homes,
    is_usable: bool,
    screen: &Screen,
) -> Result<Option<LogInventory>, Fault> {
    if !is_usable {
        return Ok(None);
    }
    let store = LogStore::new(&homes.sqlite_home, &read_only());
    store.inventory().await.map_err(|error| Fault::of(&error.into(), screen))
}

impl Figures {
    /// Whether a database that looked fine could not be read.
    pub(super) fn are_unreadable(&self) -> bool {
        self.goals.is_err() || self.logs.is_err()
    }

    pub(super) fn json_of_goals(&self) -> Value {
        match &self.goals {
            Err(fault) => json!({ "error": fault.message }),
            Ok(None) => Value::Null,
            Ok(Some(counts)) => {
                let counts =
                    counts.iter().map(|(status, count)| (status.as_str().to_owned(), (*count).into()));
                counts.collect::<Map<_, _>>().into()
            }
        }
    }

    pub(super) fn json_of_logs(&self) -> Value {
        let logs = match &self.logs {
            Err(fault) => return json!({ "error": fault.message }),
            Ok(None) => return Value::Null,
            Ok(Some(logs)) => logs,
        };
        let mut object = Map::new();
        for (name, figure) in [
            ("rows", logs.rows),
            ("bytes", logs.bytes),
            ("logged_bytes", logs.logged_bytes),
            ("dropped_rows", logs.dropped_rows),
        ] {
            object.insert(name.to_owned(), figure.into());
        }
        put_time(&mut object, "oldest_at", logs.oldest);
        put_time(&mut object, "newest_at", logs.newest);
        object.into()
    }

    /// Adds to the part of a database what is in it.
    pub(super) fn add(&self, sheet: &mut Sheet, label: &str, clock: &Clock) {
        match (label, &self.goals, &self.logs) {
            ("goals", Err(fault), _) | ("logs", _, Err(fault)) => {
                sheet.row("contents", paint(RED, &clean(&fault.message)));
            }
            ("goals", Ok(Some(counts)), _) => sheet.row("goals", goals(counts)),
            ("logs", _, Ok(Some(logs))) => add_logs(sheet, logs, clock),
            _ => {}
        }
    }
}

fn goals(counts: &GoalCounts) -> String {
    let parts =
        counts.iter().map(|(status, number)| format!("{} {}", count(*number), goal_text::status(*status)));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

fn add_logs(sheet: &mut Sheet, logs: &LogInventory, clock: &Clock) {
    sheet.row("rows", format!("{}, {} of text", count(logs.rows), bytes(logs.bytes)));
    sheet.row("ever logged", bytes(logs.logged_bytes));
    if logs.dropped_rows > 0 {
        sheet.row("dropped", paint(YELLOW, &things(logs.dropped_rows, "row")));
    }
    sheet.maybe("oldest", logs.oldest.map(|at| clock.full(at)));
    sheet.maybe("newest", logs.newest.map(|at| clock.full(at)));
}
