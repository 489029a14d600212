//! Tags of a bundle: the doctor's report in a few words, by which reports are sorted.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::logs::LogRows;

/// The doctor's report, or why there is none.
pub type Report = Result<Value, String>;

/// Derives the tags. Values are ids, counts and words from closed sets, and nothing private.
pub(super) fn tags(report: &Report, thread: Option<Uuid>, logs: Option<&LogRows>) -> Map<String, Value> {
    let mut tags = Map::new();
    let mut add = |name: &str, value: Value| tags.insert(name.to_owned(), value);
    add("threadkeep_version", env!("CARGO_PKG_VERSION").into());
    add("platform", format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH).into());
    match report {
        Ok(report) => {
            add("overall_status", report["overall_status"].clone());
            for (name, status) in [("failing", "fail"), ("warning", "warning")] {
                let ids = with_status(report, status);
                add(&format!("{name}_count"), ids.len().into());
                add(&format!("{name}_checks"), json!(ids));
            }
        }
        Err(_) => {
            add("overall_status", "unknown".into());
        }
    }
    if let Some(thread) = thread {
        add("thread_id", thread.to_string().into());
    }
    if let Some(logs) = logs {
        add("log_rows", logs.rows.into());
        add("log_rows_left_out", logs.left_out.into());
    }
    tags
}

/// Returns the ids of the checks with a status, in the report's order.
fn with_status<'a>(report: &'a Value, status: &str) -> Vec<&'a str> {
    let checks = report["checks"].as_object().into_iter().flatten();
    checks.filter(|(_, check)| check["status"] == status).map(|(id, _)| id.as_str()).collect()
}
