//! Compares what was read from the rollouts with what the index says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::{AgentHome, HomeError};
use threadkeep_sqlite::{Database, RowReader};
use uuid::Uuid;

use super::read::{CHUNK, Reading, read_all};
use super::{AuditReport, Difference, DifferenceKind};
use crate::deletion::tombstones::TOMBSTONES;
use crate::error::StateError;
use crate::home::{is_gone, prefix_of};
use crate::home_problem::{FileProblem, HomeProblem};
use crate::runtime::StateRuntime;
use crate::threads::{Claim, IndexedColumns, ThreadUpsert};

/// Why an audit could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The home could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The index could not be read or mended.
    #[error(transparent)]
    State(#[from] StateError),
    /// The reading threads ended early, as when the runtime shuts down.
    #[error("the rollouts could not be read to their end; run the audit again")]
    Interrupted,
}

impl StateRuntime {
    /// Reads every rollout of the home from its first byte and compares each field with the index. Writes nothing.
    ///
    /// `progress` is told how many of how many files are done.
    ///
    /// # Errors
    ///
    /// [`AuditError::Home`], [`AuditError::State`], [`AuditError::Interrupted`].
    pub async fn audit(
        &self,
        home: &AgentHome,
        progress: impl Fn(u64, u64) + Send + Sync,
    ) -> Result<AuditReport, AuditError> {
        let default_provider: Arc<str> = home.config()?.default_model_provider().into();
        let names: HashMap<Uuid, String> =
            home.thread_names()?.iter().map(|(id, name)| (id, name.to_owned())).collect();
        let discovery = {
            let home = home.clone();
            tokio::task::spawn_blocking(move || home.discover()).await.map_err(|_| AuditError::Interrupted)?
        };
        let mut report = AuditReport::default();
        report.problems.extend(discovery.problems.iter().map(|problem| FileProblem {
            path: problem.path.clone(),
            problem: HomeProblem::Place(problem.reason.clone()),
        }));

        let total = discovery.files.len() as u64;
        for chunk in discovery.files.chunks(CHUNK) {
            let (home_of_files, provider, files) =
                (home.clone(), Arc::clone(&default_provider), chunk.to_vec());
            let readings = tokio::task::spawn_blocking(move || read_all(&home_of_files, &provider, &files))
                .await
                .map_err(|_| AuditError::Interrupted)?;
            compare_chunk(self.database(), home, &names, readings, &mut report).await?;
            progress(report.files, total);
        }

        let hidden: Vec<String> = discovery
            .problems
            .iter()
            .filter(|problem| problem.reason.hides_files())
            .map(|problem| prefix_of(&problem.path))
            .collect();
        let present: HashSet<&str> = discovery.files.iter().map(|file| file.path.as_str()).collect();
        for (id, path) in listed_paths(self.database()).await? {
            report.threads += 1;
            if present.contains(path.as_str()) {
                continue;
            }
            if hidden.iter().any(|prefix| path.starts_with(prefix.as_str())) {
                report.unseen += 1;
                continue;
            }
            report.differences.push(Difference {
                thread_id: id,
                rollout_path: path,
                kind: DifferenceKind::NoRollout,
            });
        }
        Ok(report)
    }
}

/// What the index says of a thread: its indexed columns in their order, and what is kept beside them.
struct Row {
    columns: Vec<Value>,
    /// The claim of the file that the row was made from.
    claim: Claim,
    session_name: Option<String>,
    missing: bool,
}

async fn compare_chunk(
    db: &Database,
    home: &AgentHome,
    names: &HashMap<Uuid, String>,
    readings: Vec<Reading>,
    report: &mut AuditReport,
) -> Result<(), StateError> {
    let threads: Vec<&ThreadUpsert> = readings.iter().filter_map(|(_, read)| read.as_ref().ok()).collect();
    let (rows, deleted) = load(db, &threads).await?;
    for (file, read) in readings {
        report.files += 1;
        let thread = match read {
            Ok(thread) => thread,
            Err(error) => {
                report.problems.push(FileProblem { path: file.path, problem: error.into() });
                continue;
            }
        };
        if deleted.contains(&thread.id) {
            continue;
        }
        let not_indexed = |thread: &ThreadUpsert| Difference {
            thread_id: thread.id,
            rollout_path: thread.columns.rollout_path.clone(),
            kind: DifferenceKind::NotIndexed,
        };
        match rows.get(&thread.columns.id) {
            Some(row) if !row.missing => match rightful_other(home, &thread, row) {
                Some(other) => report.problems.push(FileProblem {
                    path: file.path,
                    problem: HomeProblem::Duplicate { of: other.to_owned() },
                }),
                None => compare_fields(&thread, row, names.get(&thread.id), report),
            },
            _ => report.differences.push(not_indexed(&thread)),
        }
    }
    Ok(())
}

/// The other file that a thread's row rightly belongs to, if this one is only a copy of it.
fn rightful_other<'a>(home: &AgentHome, thread: &ThreadUpsert, row: &'a Row) -> Option<&'a str> {
    let path = row.claim.path.as_str();
    if path == thread.columns.rollout_path || is_gone(&home.absolute(path)) {
        return None;
    }
    row.claim.beats(&thread.claim(), thread.id).then_some(path)
}

fn compare_fields(thread: &ThreadUpsert, row: &Row, name: Option<&String>, report: &mut AuditReport) {
    let mut differ = |field, index: Option<String>, rollout: Option<String>| {
        report.differences.push(Difference {
            thread_id: thread.id,
            rollout_path: thread.columns.rollout_path.clone(),
            kind: DifferenceKind::Field { field, index, rollout },
        });
    };
    let wanted = serde_json::to_value(&thread.columns).unwrap_or_default();
    for (n, field) in IndexedColumns::NAMES.iter().enumerate() {
        let (index, rollout) = (row.columns.get(n).unwrap_or(&Value::Null), &wanted[n]);
        if index != rollout {
            differ(field, text(index), text(rollout));
        }
    }
    if row.session_name.as_ref() != name {
        differ("session_name", row.session_name.clone(), name.cloned());
    }
}

/// A value as people read it; `None` for NULL.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The rows of the threads `?1`, a JSON array of ids.
pub(crate) fn rows_by_id() -> String {
    format!(
        "SELECT id, json_array({}), rollout_path, updated_at_ms, rollout_archived, session_name, \
           missing_since_ms IS NOT NULL \
         FROM threads WHERE id IN (SELECT value FROM json_each(?1))",
        IndexedColumns::NAMES.join(", ")
    )
}

/// The rows of some threads by id, and which of them the user deleted.
async fn load(
    db: &Database,
    threads: &[&ThreadUpsert],
) -> Result<(HashMap<String, Row>, HashSet<Uuid>), StateError> {
    let ids: Vec<&str> = threads.iter().map(|thread| thread.columns.id.as_str()).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| db.error(sqlx::Error::Encode(error.into())))?;
    let read = threads.iter().map(|thread| thread.id);
    let loaded = db.read(async |conn| {
        let rows = sqlx::query(AssertSqlSafe(rows_by_id())).bind(&ids).fetch_all(&mut *conn).await?;
        let rows = rows.iter().map(row_of).collect::<Result<_, _>>()?;
        Ok((rows, TOMBSTONES.deleted_among(conn, read).await?))
    });
    Ok(loaded.await?)
}

fn row_of(row: &SqliteRow) -> Result<(String, Row), sqlx::Error> {
    let mut row = RowReader::new(row);
    let id = row.column()?;
    let columns: &str = row.column()?;
    let read = Row {
        columns: serde_json::from_str(columns).map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        claim: Claim { path: row.column()?, updated_at_ms: row.column()?, archived: row.column()? },
        session_name: row.column()?,
        missing: row.column()?,
    };
    Ok((id, read))
}

/// Every listed thread with the path of its rollout.
async fn listed_paths(db: &Database) -> Result<Vec<(Uuid, String)>, StateError> {
    let listed = db.read(async |conn| {
        let rows = sqlx::query(
            "SELECT id, rollout_path FROM threads WHERE missing_since_ms IS NULL ORDER BY rollout_path",
        )
        .fetch_all(conn)
        .await?;
        let path_of = |row| {
            let mut row = RowReader::new(row);
            Ok((row.uuid()?, row.column()?))
        };
        rows.iter().map(path_of).collect()
    });
    Ok(listed.await?)
}
