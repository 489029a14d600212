//! Compares what was read from the rollouts with the index.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::{
    AgentHome, DiscoveryProblem, ExtractError, Fingerprint, HomeError, RolloutFile, SESSION_INDEX, ThreadKind,
};
use threadkeep_sqlite::{Database, RowReader, json};
use uuid::Uuid;

use super::read::{CHUNK, Reading, read_all};
use super::{AuditReport, Difference, DifferenceKind};
use crate::deletion::tombstones::TOMBSTONES;
use crate::error::StateError;
use crate::fingerprint::{Recipe, length_of};
use crate::home::is_gone;
use crate::home_problem::{FileProblem, HomeProblem};
use crate::runtime::StateRuntime;
use crate::thread::{HOME_AGENT, agent_of};
use crate::threads::{Claim, IndexedColumns, ThreadUpsert, are_parts};

/// Error of an audit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The home could not be read.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The index could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The reading threads ended early, as when the runtime shuts down.
    #[error("cannot read the rollouts to their end: the program is ending")]
    Interrupted,
}

impl StateRuntime {
    /// Reads every rollout of the home from its first byte and compares each field with the index.
    /// Writes nothing.
    ///
    /// Calls `progress` with the number of files that are done, and of all files.
    ///
    /// # Errors
    ///
    /// [`AuditError::Home`], [`AuditError::State`], [`AuditError::Interrupted`].
    pub async fn audit(
        &self,
        home: &AgentHome,
        progress: impl Fn(u64, u64) + Send + Sync,
    ) -> Result<AuditReport, AuditError> {
        let provider: Arc<str> = home.config()?.default_model_provider().into();
        let names: HashMap<Uuid, String> =
            home.thread_names()?.iter().map(|(id, name)| (id, name.name.clone())).collect();
        let place = home.clone();
        let discovery = blocking(move || place.discover()).await?;
        let hidden = discovery.problems.iter().filter_map(DiscoveryProblem::hidden_prefix);
        let hidden: Vec<String> = hidden.collect();
        let places = discovery
            .problems
            .into_iter()
            .map(|problem| FileProblem { path: problem.path, problem: HomeProblem::Place(problem.reason) });
        let mut report = AuditReport { problems: places.collect(), ..AuditReport::default() };
        let names_at = home.absolute(SESSION_INDEX).metadata().ok();
        let names_at = names_at.map(|metadata| Fingerprint::of(&metadata));
        let home_now = Home {
            home,
            recipe: Recipe::new(&provider),
            names: &names,
            names_at: names_at.as_ref(),
            doubtful: doubtful_sources(self.database()).await?,
        };
        for chunk in discovery.files.chunks(CHUNK) {
            let (home_of_files, provider, files) = (home.clone(), Arc::clone(&provider), chunk.to_vec());
            let readings = blocking(move || read_all(&home_of_files, &provider, &files)).await?;
            compare_chunk(self.database(), &home_now, readings, &mut report).await?;
            progress(report.files, discovery.files.len() as u64);
        }

        let present: HashSet<&str> = discovery.files.iter().map(|file| file.path.as_str()).collect();
        for (id, path, was_there) in listed_paths(self.database()).await? {
            report.threads += 1;
            if present.contains(path.as_str()) {
                continue;
            }
            if hidden.iter().any(|prefix| path.starts_with(prefix.as_str())) {
                report.unseen += 1;
            } else {
                report.add(id, &path, DifferenceKind::NoRollout, was_there);
            }
        }
        Ok(report)
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AuditError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AuditError::Interrupted)
}

impl AuditReport {
    fn add(&mut self, thread_id: Uuid, path: &str, kind: DifferenceKind, is_behind: bool) {
        self.differences.push(Difference { thread_id, rollout_path: path.to_owned(), kind, is_behind });
    }
}

/// A thread's row in the index.
struct Row {
    /// Indexed columns in their order.
    columns: Vec<Value>,
    /// Claim of the file that the row was made from.
    claim: Claim,
    session_name: Option<String>,
    missing: bool,
}

/// The home as it is now.
struct Home<'a> {
    home: &'a AgentHome,
    recipe: Recipe,
    names: &'a HashMap<Uuid, String>,
    /// State of the file that names threads.
    names_at: Option<&'a Fingerprint>,
    /// Threads whose forks cannot be read as before, because a file of theirs has shrunk.
    doubtful: HashSet<String>,
}

async fn compare_chunk(
    db: &Database,
    now: &Home<'_>,
    readings: Vec<Reading>,
    report: &mut AuditReport,
) -> Result<(), StateError> {
    let ids: Vec<Uuid> = readings.iter().filter_map(|(_, read)| Some(read.as_ref().ok()?.id)).collect();
    let (rows, deleted) = load(db, &ids).await?;
    let paths = readings.iter().map(|(file, _)| file.path.as_str()).chain([SESSION_INDEX]);
    let indexed = indexed_files(db, &paths.collect::<Vec<_>>()).await?;
    let has_changed = |path: &str, fingerprint: Option<&Fingerprint>| {
        indexed.get(path).map(|file| file.fingerprint.clone())
            != fingerprint.map(|fingerprint| now.recipe.stored(fingerprint))
    };
    let names_changed = has_changed(SESSION_INDEX, now.names_at);
    for (file, read) in readings {
        report.files += 1;
        if read.as_ref().is_ok_and(|thread| deleted.contains(&thread.id)) {
            continue;
        }
        let is_behind = has_changed(&file.path, Some(&file.fingerprint));
        let known = indexed.get(&file.path);
        if let Some(problem) = known.and_then(|known| known.problem_of(&file, is_behind)) {
            let has_nothing = match &read {
                Ok(thread) => thread.columns.kind == ThreadKind::Empty.as_str(),
                Err(error) => matches!(error, ExtractError::Empty),
            };
            if has_nothing || matches!(problem, HomeProblem::Shrunk { .. }) {
                report.problems.push(FileProblem { path: file.path.clone(), problem });
            }
            // The index keeps the thread that the file had.
            if has_nothing {
                continue;
            }
        }
        let thread = match read {
            Ok(thread) => thread,
            Err(error) => {
                report.problems.push(FileProblem { path: file.path, problem: error.into() });
                continue;
            }
        };
        let Some(row) = rows.get(&thread.id).filter(|row| !row.missing) else {
            report.add(thread.id, &file.path, DifferenceKind::NotIndexed, is_behind);
            continue;
        };
        // The index knows more of a fork than its files still say.
        if thread.columns.forked_from_id.as_ref().is_some_and(|source| now.doubtful.contains(source)) {
            continue;
        }
        match rightful_other(now.home, &thread, row) {
            Some(other) if are_parts(thread.id, &file.path, other) => {}
            Some(other) => report.problems.push(FileProblem {
                path: file.path,
                problem: HomeProblem::Duplicate { of: other.to_owned() },
            }),
            None => {
                compare_fields(&thread, row, now.names.get(&thread.id), report, (is_behind, names_changed));
            }
        }
    }
    Ok(())
}

/// Returns the file that rightly has a thread's row, if this one is only a copy of it.
fn rightful_other<'a>(home: &AgentHome, thread: &ThreadUpsert, row: &'a Row) -> Option<&'a str> {
    let path = row.claim.path.as_str();
    if path == thread.columns.rollout_path || is_gone(&home.absolute(path)) {
        return None;
    }
    row.claim.beats(&thread.claim(), thread.id).then_some(path)
}

fn compare_fields(
    thread: &ThreadUpsert,
    row: &Row,
    name: Option<&String>,
    report: &mut AuditReport,
    (is_behind, names_changed): (bool, bool),
) {
    let mut differ = |field, index: Option<String>, rollout: Option<String>, is_behind| {
        let kind = DifferenceKind::Field { field, index, rollout };
        report.add(thread.id, &thread.columns.rollout_path, kind, is_behind);
    };
    let wanted = serde_json::to_value(&thread.columns).unwrap_or_default();
    for (n, field) in IndexedColumns::NAMES.iter().enumerate() {
        let (index, rollout) = (row.columns.get(n).unwrap_or(&Value::Null), &wanted[n]);
        if index != rollout {
            differ(field, text(index), text(rollout), is_behind);
        }
    }
    if row.session_name.as_ref() != name {
        differ("session_name", row.session_name.clone(), name.cloned(), names_changed);
    }
}

/// Formats a value for people; `None` for NULL.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Makes the statement that reads the rows of the threads `?1`, a JSON array of ids.
pub(crate) fn rows_by_id() -> String {
    format!(
        "SELECT id, json_array({}), rollout_path, updated_at_ms, rollout_archived, session_name, \
           missing_since_ms IS NOT NULL \
         FROM threads WHERE id IN (SELECT value FROM json_each(?1))",
        IndexedColumns::NAMES.join(", ")
    )
}

/// Returns the rows of some threads by id, and the threads among them that the user deleted.
async fn load(db: &Database, ids: &[Uuid]) -> Result<(HashMap<Uuid, Row>, HashSet<Uuid>), StateError> {
    let loaded = db.read(async |conn| {
        let rows = sqlx::query(AssertSqlSafe(rows_by_id())).bind(json(ids)).fetch_all(&mut *conn).await?;
        let rows = rows.iter().map(row_of).collect::<Result<_, _>>()?;
        Ok((rows, TOMBSTONES.deleted_among(conn, ids.iter().copied()).await?))
    });
    Ok(loaded.await?)
}

fn row_of(row: &SqliteRow) -> Result<(Uuid, Row), sqlx::Error> {
    let mut row = RowReader::new(row);
    let (id, columns): (Uuid, &str) = (row.uuid()?, row.column()?);
    let read = Row {
        columns: serde_json::from_str(columns).map_err(|error| sqlx::Error::Decode(error.into()))?,
        claim: Claim { path: row.column()?, updated_at_ms: row.column()?, archived: row.column()? },
        session_name: row.column()?,
        missing: row.column()?,
    };
    Ok((id, read))
}

/// A file as it was indexed.
struct IndexedFile {
    fingerprint: String,
    failed: bool,
    problem: Option<HomeProblem>,
}

impl IndexedFile {
    /// Returns the problem because of which the index may keep the thread that the file had before.
    fn problem_of(&self, file: &RolloutFile, is_behind: bool) -> Option<HomeProblem> {
        let length = length_of(&self.fingerprint).unwrap_or_default();
        let was = HomeProblem::longest(length, self.problem.as_ref(), self.failed);
        let is = file.fingerprint.len;
        if is < was && agent_of(&file.path) == HOME_AGENT {
            return Some(HomeProblem::Shrunk { was, is });
        }
        self.problem.clone().filter(|_| self.failed && !is_behind)
    }
}

/// Returns some files as they were indexed.
async fn indexed_files(db: &Database, paths: &[&str]) -> Result<HashMap<String, IndexedFile>, StateError> {
    let stored = sqlx::query(
        "SELECT path, fingerprint, outcome = 'failed', problem, detail FROM rollouts \
         WHERE path IN (SELECT value FROM json_each(?1))",
    );
    let stored = stored.bind(json(paths));
    let read = db.read(async |conn| {
        let rows = stored.fetch_all(conn).await?;
        let stored = rows.iter().map(|row| {
            let mut row = RowReader::new(row);
            let (path, fingerprint, failed) = (row.column()?, row.column()?, row.column()?);
            let (problem, detail): (Option<String>, _) = (row.column()?, row.column()?);
            let problem = problem.map(|code| HomeProblem::stored(code, detail));
            Ok((path, IndexedFile { fingerprint, failed, problem }))
        });
        stored.collect()
    });
    Ok(read.await?)
}

/// Returns the threads with a file that has shrunk, and their forks, and so on.
async fn doubtful_sources(db: &Database) -> Result<HashSet<String>, StateError> {
    const DOUBTFUL: &str = "WITH RECURSIVE doubtful (id) AS ( \
           SELECT thread_id FROM rollouts WHERE problem = 'shrunk' \
           UNION SELECT threads.id FROM threads JOIN doubtful ON forked_from_id = doubtful.id) \
         SELECT id FROM doubtful WHERE id IS NOT NULL";
    let ids: Vec<String> = db.read(async |conn| sqlx::query_scalar(DOUBTFUL).fetch_all(conn).await).await?;
    Ok(ids.into_iter().collect())
}

/// Returns every listed thread with the path of its rollout, and true if the last index run saw
/// that file.
async fn listed_paths(db: &Database) -> Result<Vec<(Uuid, String, bool)>, StateError> {
    const LISTED: &str = "SELECT id, rollout_path, EXISTS (SELECT 1 FROM rollouts WHERE path = rollout_path) \
         FROM threads WHERE missing_since_ms IS NULL ORDER BY rollout_path";
    let listed = db.read(async |conn| {
        let rows = sqlx::query(LISTED).fetch_all(conn).await?;
        let path_of = |row| {
            let mut row = RowReader::new(row);
            Ok((row.uuid()?, row.column()?, row.column()?))
        };
        rows.iter().map(path_of).collect()
    });
    Ok(listed.await?)
}
