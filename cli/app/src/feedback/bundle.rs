//! The bundle in memory: its entries, and the tags.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::clean::{self, Clean};
use super::logs::LogRows;
use super::tags::{Report, tags};

/// Name of the doctor's report, which supporters know.
pub const REPORT: &str = "codex-doctor-report.json";

/// Name of the tags.
const TAGS: &str = "tags.json";

/// Name of the log rows.
const LOGS: &str = "logs.jsonl";

/// Everything that leaves the machine, if the user sends it.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Files, in their order.
    pub entries: Vec<Entry>,
    /// The report in a few words.
    pub tags: Map<String, Value>,
}

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name, without folders.
    pub name: &'static str,
    /// Content.
    pub bytes: Vec<u8>,
    /// Content in words.
    pub about: String,
}

impl Bundle {
    /// Makes a bundle. Every text of it goes through `clean`. Log rows were cleaned before.
    #[must_use]
    pub fn new(report: &Report, thread: Option<Uuid>, logs: Option<&LogRows>, clean: Clean<'_>) -> Bundle {
        let tags = tags(report, thread, logs);
        let mut entries = Vec::new();
        if let Ok(report) = report {
            let about = "what `threadkeep doctor --offline` finds".to_owned();
            entries.push(Entry { name: REPORT, bytes: document(&clean::value(report, clean)), about });
        }
        let about = "status, and the failing checks by name".to_owned();
        entries.push(Entry { name: TAGS, bytes: document(&tags.clone().into()), about });
        if let Some(logs) = logs {
            let (whose, rows) =
                (if thread.is_some() { "the thread" } else { "Threadkeep itself" }, logs.rows);
            let about = match rows {
                0 => format!("empty: there is no log row of {whose}"),
                1 => format!("1 log row of {whose}"),
                rows => format!("the newest {} of {whose}", crate::text::counted(rows, "log row")),
            };
            entries.push(Entry { name: LOGS, bytes: logs.text.clone().into_bytes(), about });
        }
        Bundle { entries, tags }
    }

    /// Returns the size of all entries in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.entries.iter().map(Entry::size).sum()
    }
}

impl Entry {
    /// Returns the size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

fn document(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}
