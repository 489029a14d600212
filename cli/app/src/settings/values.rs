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
    /// Memories of threads: which threads they are made from, by which model, and which agent
    /// consolidates them.
    pub memories: Memories,
    /// Keys of this device: where they are, and which servers their signatures are for.
    pub device_keys: DeviceKeys,
    /// Bundles for bug reports.
    pub feedback: Feedback,
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
    /// Making memories of threads. False leaves the commands that show and remove them.
    pub memories: bool,
}

impl Default for Features {
    fn default() -> Features {
        Features { goals: true, logs: true, memories: false }
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
    /// Most threads from which one run makes memories.
    #[cfg_attr(test, schemars(range(min = 1, max = 100_000)))]
    pub max_threads: u64,
    /// Threads that one run works on at the same time.
    #[cfg_attr(test, schemars(range(min = 1, max = 64)))]
    pub concurrency: u64,
    /// Tokens of a thread that a model is given, about; the middle of a longer one is left out.
    #[cfg_attr(test, schemars(range(min = 1_000, max = 10_000_000)))]
    pub input_tokens: u64,
    /// True to make memories of `exec` runs, too.
    pub include_exec: bool,
    /// True to make memories of archived threads, too.
    pub include_archived: bool,
    /// Most memories that are consolidated, the most used first.
    #[cfg_attr(test, schemars(range(min = 1, max = 100_000)))]
    pub max_memories: u64,
    /// Days after which a memory is removed that was neither used nor made again.
    #[cfg_attr(test, schemars(range(min = 1, max = 36_500)))]
    pub unused_days: u64,
    /// Hours after a consolidation in which no other begins.
    #[cfg_attr(test, schemars(range(min = 0, max = 8_760)))]
    pub cooldown_hours: u64,
    /// Most bytes of the consolidated summary.
    #[cfg_attr(test, schemars(range(min = 1_000, max = 1_000_000)))]
    pub summary_bytes: u64,
    /// Address of an OpenAI-compatible Responses API whose model reads the threads, such as
    /// `https://api.openai.com/v1`. Empty: no network is used, and a digest of each thread is its
    /// memory.
    pub api_url: String,
    /// Name of the model there.
    pub api_model: String,
    /// Environment variable that holds the key. Empty: no key is sent.
    pub api_key_variable: String,
    /// Further headers for it: "Name: value".
    pub api_headers: Vec<String>,
    /// Reasoning effort, in the words of the API. Empty: its default.
    pub api_effort: String,
    /// Seconds that one request may take.
    #[cfg_attr(test, schemars(range(min = 1, max = 3_600)))]
    pub api_timeout_seconds: u64,
    /// Program that consolidates memories, and its arguments. `{root}` stands for its folder,
    /// `{prompt_file}` for a file with its task. Empty: a digest of the memories.
    pub agent_command: Vec<String>,
    /// Environment variables that the program gets, next to PATH, HOME and the like.
    pub agent_variables: Vec<String>,
    /// Minutes that the program may take.
    #[cfg_attr(test, schemars(range(min = 1, max = 1_440)))]
    pub agent_timeout_minutes: u64,
}

impl Default for Memories {
    fn default() -> Memories {
        Memories {
            max_age_days: 30,
            min_idle_hours: 12,
            max_running: 64,
            max_threads: 64,
            concurrency: 8,
            input_tokens: 60_000,
            include_exec: false,
            include_archived: false,
            max_memories: 256,
            unused_days: 30,
            cooldown_hours: 6,
            summary_bytes: 10_000,
            api_url: String::new(),
            api_model: String::new(),
            api_key_variable: String::new(),
            api_headers: Vec::new(),
            api_effort: String::new(),
            api_timeout_seconds: 120,
            agent_command: Vec::new(),
            agent_variables: Vec::new(),
            agent_timeout_minutes: 30,
        }
    }
}

/// The section `[device_keys]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeviceKeys {
    /// Folder of the keys, from the root or from the SQLite home. Empty: `device-keys`.
    pub folder: String,
    /// The TPM, in libtss2's words: "device:/dev/tpm0". Empty: `/dev/tpmrm0`.
    #[allow(clippy::doc_markdown, reason = "the schema shows it as it is typed")]
    pub tpm: String,
    /// Origins for which payloads are signed, such as `https://example.com`, exactly as in the
    /// payload. Empty: nothing is signed.
    pub allowed_origins: Vec<String>,
    /// Paths for which payloads are signed, exactly as in the payload.
    pub allowed_paths: Vec<String>,
    /// True to sign also for any server on this machine, without https. For development.
    pub allow_loopback: bool,
}

/// The section `[feedback]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Feedback {
    /// Sentry DSN of the project to which `threadkeep feedback --upload` sends. Empty: it sends
    /// nothing.
    pub sentry_dsn: String,
}
