//! What can be set: one struct a section, each with its defaults. The JSON Schema is made of these types and their
//! comments, and the file is checked against that schema: what is said here is all there is to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use threadkeep_state_logs::{LogFilter, LogOptions};

/// The settings of Threadkeep: config.toml in the SQLite home. Every key may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Which parts are in use at all.
    pub(crate) features: Features,
    /// What is logged, and how much of it is kept.
    pub(crate) logs: Logs,
    /// From which threads memories are made. Not in effect yet: the memory pipeline, which will read this, is not built.
    pub(crate) memories: Memories,
}

/// The section `[features]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Features {
    /// Goals: their commands, and the goal beside its thread in lists.
    pub(crate) goals: bool,
    /// Logs as a whole: false logs nothing, whatever the section `[logs]` says, and switches the command off that shows them.
    pub(crate) logs: bool,
}

impl Default for Features {
    fn default() -> Features {
        Features { goals: true, logs: true }
    }
}

/// The section `[logs]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Logs {
    /// Whether this tool logs what it does. False leaves the command that shows logs, for what is there and for what agents
    /// log; `features.logs` switches off both.
    pub(crate) enabled: bool,
    /// What is logged: a level (off, error, warn, info, debug, trace), and target=level for parts of a program that want
    /// another, with commas between them: "info,sqlx=warn". The environment variable `THREADKEEP_LOG` overrides
    /// it.
    #[schemars(extend("format" = "log-filter"))]
    pub(crate) filter: String,
    /// The most bytes of one row; what is longer is cut, and marked as cut.
    #[schemars(range(min = 256, max = 1_048_576))]
    pub(crate) row_bytes: u64,
    /// The most rows that are kept of one thread, and of one process without a thread; the oldest go first.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) keep_rows: u64,
    /// The most bytes that are kept of one thread, and of one process without a thread; the oldest go first.
    #[schemars(range(min = 4_096, max = 1_073_741_824))]
    pub(crate) keep_bytes: u64,
    /// After how many days a row goes, however few there are.
    #[schemars(range(min = 1, max = 3_650))]
    pub(crate) keep_days: u64,
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

/// The section `[memories]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Memories {
    /// How many days ago a thread may have been updated at most.
    #[schemars(range(min = 1, max = 3_650))]
    pub(crate) max_age_days: u64,
    /// For how many hours a thread must have been idle.
    #[schemars(range(min = 0, max = 8_760))]
    pub(crate) min_idle_hours: u64,
    /// From how many threads memories may be made at the same time, in all processes together.
    #[schemars(range(min = 1, max = 1_024))]
    pub(crate) max_running: u64,
}

impl Default for Memories {
    fn default() -> Memories {
        Memories { max_age_days: 30, min_idle_hours: 12, max_running: 64 }
    }
}

/// The sections that nothing reads yet.
pub(crate) const NOT_IN_EFFECT: &[&str] = &["memories"];
