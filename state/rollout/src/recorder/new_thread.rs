//! A new thread, as its first line describes it.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// New thread: the `session_meta` that becomes the rollout's first line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewThread {
    /// The thread's id.
    pub id: Uuid,
    /// Start of the thread.
    pub timestamp: Timestamp,
    /// Name of the program that writes the rollout. Only a recorder with the same name can reopen
    /// it.
    pub originator: String,
    /// Version of the program.
    pub cli_version: String,
    /// The working directory.
    pub cwd: String,
    /// Origin of the thread: a name, or an object. Default: `exec`.
    pub source: serde_json::Value,
    /// The model provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// Id of the thread that spawns this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<Uuid>,
}

impl NewThread {
    /// Returns a thread of `originator` that begins now, with a new id.
    pub fn new(
        originator: impl Into<String>,
        cli_version: impl Into<String>,
        cwd: impl Into<String>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            timestamp: Timestamp::now(),
            originator: originator.into(),
            cli_version: cli_version.into(),
            cwd: cwd.into(),
            source: "exec".into(),
            model_provider: None,
            parent_thread_id: None,
        }
    }
}
