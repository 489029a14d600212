//! Figures of goals and logs in `status`, where their databases can be read.

use serde_json::{Map, Value, json};
use threadkeep_app::text::{bytes, clean, count, counted};
use threadkeep_app::time::Clock;
use threadkeep_doctor::facts::Facts;
use threadkeep_state_goals::GoalStatus;
use threadkeep_state_logs::LogInventory;

use crate::commands::goals;
use crate::output::color::{RED, YELLOW, paint};
use crate::output::json::{at, ms};
use crate::output::sheet::Sheet;

pub(super) fn json_of_goals(facts: &Facts) -> Value {
    match &facts.goals {
        Err(fault) => json!({ "error": fault.to_string() }),
        Ok(None) => Value::Null,
        Ok(Some(counts)) => {
            let counts = counts.iter().map(|(status, count)| (status.as_str().to_owned(), (*count).into()));
            counts.collect::<Map<_, _>>().into()
        }
    }
}

pub(super) fn json_of_logs(facts: &Facts) -> Value {
    match &facts.logs {
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
pub(super) fn add(facts: &Facts, sheet: &mut Sheet, label: &str, clock: &Clock) {
    match (label, &facts.goals, &facts.logs) {
        ("goals", Err(fault), _) | ("logs", _, Err(fault)) => {
            sheet.row("contents", paint(RED, &clean(&fault.to_string())));
        }
        ("goals", Ok(Some(counts)), _) => sheet.row("goals", in_words(counts)),
        ("logs", _, Ok(Some(logs))) => add_logs(sheet, logs, clock),
        _ => {}
    }
}

fn in_words(counts: &[(GoalStatus, u64)]) -> String {
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
