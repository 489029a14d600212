//! The agent's own index: where its rollouts lie.
//!
//! Codex stores absolute paths (`threads.rollout_path`). A home that was copied with its database
//! still names files of the old home, and the agent appends to those.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// Rollouts that an agent's index names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentRollouts {
    /// All of them.
    pub total: u64,
    /// Those outside the home.
    pub outside: u64,
    /// Folder of another home that one of those names, if its path has a known form.
    pub other_home: Option<String>,
}

const PATHS: &str = "SELECT rollout_path FROM threads";

/// Reads the paths in the agent's database. Give it a copy: SQLite creates files next to it.
///
/// `homes` are the paths of the home: as given, and the real one. `None` if the database is not the
/// agent's, or cannot be read.
pub async fn agent_rollouts(copy: &Path, homes: &[&Path]) -> Option<AgentRollouts> {
    let options = SqliteConnectOptions::new()
        .filename(copy)
        .busy_timeout(Duration::from_millis(250))
        .disable_statement_logging();
    let mut connection = options.connect().await.ok()?;
    let paths: Result<Vec<String>, _> = sqlx::query_scalar(PATHS).fetch_all(&mut connection).await;
    let _ = connection.close().await;
    let mut found = AgentRollouts::default();
    for path in paths.ok()?.iter().map(Path::new) {
        found.total += 1;
        if path.is_absolute() && !homes.iter().any(|home| path.starts_with(home)) {
            found.outside += 1;
            found.other_home = found.other_home.or_else(|| home_of(path));
        }
    }
    Some(found)
}

/// Returns the home of a rollout: the folder with its session folder.
fn home_of(rollout: &Path) -> Option<String> {
    let is_session_folder =
        |folder: &&Path| folder.ends_with("sessions") || folder.ends_with("archived_sessions");
    let folder = rollout.ancestors().find(is_session_folder)?;
    Some(folder.parent()?.display().to_string())
}
