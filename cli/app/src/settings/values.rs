//! All settings: one struct a section, each with its defaults. A test generates
//! `config.schema.json` from these types and their comments, and the settings file is checked
//! against that schema.

use serde::{Deserialize, Serialize};
use threadkeep_state_logs::{LogFilter, LogOptions};

/// The settings of Threadkeep: config.toml in the SQLite home. Every key may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Parts that are in use at all.
    pub features: Features,
    /// Log rows: their filter and their limits.
    pub logs: Logs,
    /// Threads of the index.
    pub threads: Threads,
    /// Snapshots of the databases.
    pub snapshots: Snapshots,
    /// Threads from which memories are made. Not in effect yet: the memory pipeline, which will
    /// read this, is not built.
    pub memories: Memories,
}

/// The section `[features]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Features {
    /// Goals: their commands, and the goal of each thread in lists.
    pub goals: bool,
    /// Logs as a whole: false logs nothing, whatever the section `[logs]` says, and switches off
    /// the command that shows them.
    pub logs: bool,
}

impl Default for Features {
    fn default() -> Features {
        Features { goals: true, logs: true }
    }
}

/// The section `[logs]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Logs {
    /// True if this tool logs what it does. False leaves the command that shows logs, for older
    /// rows and for rows of agents; `features.logs` switches off both.
    pub enabled: bool,
    /// Filter for rows: a level (off, error, warn, info, debug, trace), and target=level for parts
    /// of a program that want another, with commas between them: "info,sqlx=warn". The environment
    /// variable `THREADKEEP_LOG` overrides it.
    #[cfg_attr(test, schemars(extend("format" = "log-filter")))]
    pub filter: String,
    /// Most bytes of one row; a longer one is cut, and marked as cut.
    #[cfg_attr(test, schemars(range(min = 256, max = 1_048_576)))]
    pub row_bytes: u64,
    /// Most rows that are kept for one thread, and for one process without a thread; the oldest go
    /// first.
    #[cfg_attr(test, schemars(range(min = 1, max = 1_000_000)))]
    pub keep_rows: u64,
    /// Most bytes that are kept for one thread, and for one process without a thread; the oldest go
    /// first.
    #[cfg_attr(test, schemars(range(min = 4_096, max = 1_073_741_824)))]
    pub keep_bytes: u64,
    /// Days after which a row is deleted, however few rows there are.
    #[cfg_attr(test, schemars(range(min = 1, max = 3_650)))]
    pub keep_days: u64,
}

impl Default for Logs {
    fn default() -> Logs {
        let LogOptions { row_bytes, keep_rows, keep_bytes, keep_age, .. } = LogOptions::default();
        Logs {
            enabled: true,
            filter: LogFilter::DEFAULT.to_owned(),
            row_bytes: row_bytes as u64,
            keep_rows,
            keep_bytes,
            keep_days: keep_age.as_secs() / (24 * 60 * 60),
        }
    }
}

/// The section `[threads]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Threads {
    /// Days after which the words of a thread whose rollout is gone are forgotten. Its name and
    /// your other decisions stay.
    #[cfg_attr(test, schemars(range(min = 0, max = 36_500)))]
    pub keep_missing_days: u64,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads { keep_missing_days: 30 }
    }
}

/// The section `[snapshots]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Snapshots {
    /// True to take a snapshot of the index and the goals once a day, after a command that changed
    /// something.
    pub daily: bool,
    /// Snapshots that are kept of each database, apart from those of upgrades.
    #[cfg_attr(test, schemars(range(min = 1, max = 100)))]
    pub keep: u64,
}

impl Default for Snapshots {
    fn default() -> Snapshots {
        Snapshots { daily: true, keep: 2 }
    }
}

/// The section `[memories]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Memories {
    /// Most days since a thread was updated.
    #[cfg_attr(test, schemars(range(min = 1, max = 3_650)))]
    pub max_age_days: u64,
    /// Hours for which a thread must have been idle.
    #[cfg_attr(test, schemars(range(min = 0, max = 8_760)))]
    pub min_idle_hours: u64,
    /// Most threads from which memories are made at the same time, in all processes together.
    #[cfg_attr(test, schemars(range(min = 1, max = 1_024)))]
    pub max_running: u64,
}

impl Default for Memories {
    fn default() -> Memories {
        Memories { max_age_days: 30, min_idle_hours: 12, max_running: 64 }
    }
}

/// Sections that nothing reads yet.
pub const NOT_IN_EFFECT: &[&str] = &["memories"];
