//! Figures of goals, logs and history in `status`, where their databases can be read.

use serde_json::{Map, Value, json};
use threadkeep_app::text::{bytes, clean, count, counted};
use threadkeep_app::time::Clock;
use threadkeep_doctor::facts::Facts;
use threadkeep_history::Indexed;
use threadkeep_state_goals::GoalStatus;
use threadkeep_state_logs::LogInventory;

use super::report::status_word;
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

pub(super) fn json_of_history(facts: &Facts) -> Value {
    match &facts.history {
        Err(fault) => json!({ "error": fault.to_string() }),
        Ok(None) => Value::Null,
        Ok(Some(history)) => json!({
            "files": history.files,
            "bytes": history.bytes,
            "failed": history.failed,
            "status": status_word(history.status),
            "last_success_at": at(history.last_success_at),
            "last_success_at_ms": ms(history.last_success_at),
        }),
    }
}

/// Adds the contents of a database to its part of the sheet.
pub(super) fn add(facts: &Facts, sheet: &mut Sheet, label: &str, clock: &Clock) {
    let fault = match label {
        "goals" => facts.goals.as_ref().err(),
        "logs" => facts.logs.as_ref().err(),
        "history" => facts.history.as_ref().err(),
        _ => None,
    };
    sheet.maybe("contents", fault.map(|fault| paint(RED, &clean(&fault.to_string()))));
    match (label, &facts.goals, &facts.logs, &facts.history) {
        ("goals", Ok(Some(counts)), ..) => sheet.row("goals", in_words(counts)),
        ("logs", _, Ok(Some(logs)), _) => add_logs(sheet, logs, clock),
        ("history", .., Ok(Some(history))) => add_history(sheet, history, clock),
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

fn add_history(sheet: &mut Sheet, history: &Indexed, clock: &Clock) {
    let failed = match history.failed {
        0 => String::new(),
        failed => format!(", {} not readable", count(failed)),
    };
    sheet.row("indexed", format!("{}, {}{failed}", counted(history.files, "rollout"), bytes(history.bytes)));
    let whole = history.last_success_at.map(|at| clock.full(at));
    sheet.row("whole at", whole.unwrap_or_else(|| paint(YELLOW, "never yet")));
}
