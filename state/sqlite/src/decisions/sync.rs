//! Keeps the database and the file of decisions in line, within a write transaction.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use super::file::{self, Appended, Content, Head, Latest, Owner};
use super::kind::DecisionKind;
use super::{Decision, Decisions, failed};
use crate::error::DbError;
use crate::paths::DbPaths;

/// The duration of the first migration is in nanoseconds, and so differs between databases.
const POSITION: &str = "SELECT position, EXISTS (SELECT 1 FROM decisions_due), coalesce(database_id, \
       (SELECT concat_ws(' ', installed_on, execution_time) FROM _sqlx_migrations WHERE version = 1), '') \
     FROM decisions_position";
const DUE: &str = "SELECT kind, id, (SELECT record FROM decisions \
     WHERE decisions.kind = decisions_due.kind AND decisions.id = decisions_due.id) \
     FROM decisions_due ORDER BY kind, id";
const ALL: &str = "SELECT kind, id, record FROM decisions";
pub(super) const ALL_DONE: &str = "DELETE FROM decisions_due";
const MOVE_TO: &str = "UPDATE decisions_position SET position = ?1";
const CONTINUE: &str = "UPDATE decisions_position SET database_id = ?1";
const WRITTEN: &str = "UPDATE decisions_position SET position = ?1, written_to = ?1, written_lines = ?2";
/// True if most lines of the file no longer hold.
const IS_LONG: &str = "SELECT position - written_to > 1000 + 4 * written_lines FROM decisions_position";

/// True if nothing was appended since the whole file was written: every line of it holds.
const IS_AS_WRITTEN: &str = "SELECT position > 0 AND position = written_to FROM decisions_position";

/// Decisions that hold, as values.
type Comparable = HashMap<(String, String), Option<serde_json::Value>>;

/// Access to the decisions of one database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sync<'a> {
    pub(crate) label: &'static str,
    pub(crate) kinds: &'static [DecisionKind],
    pub(crate) paths: &'a DbPaths,
}

/// State of the file as the database knows it.
pub(super) struct Known {
    /// Number of the last line.
    position: i64,
    /// True if a decision is due.
    pub(super) due: bool,
    /// Owner of its file.
    owner: Owner,
}

/// Result of bringing the two in line.
#[derive(Debug, Default)]
pub(crate) struct InLine {
    /// Lines to confirm after the commit.
    pub(crate) appended: Option<Appended>,
    /// Decisions that the database did not have.
    pub(crate) applied: usize,
}

impl Sync<'_> {
    /// Returns true, without a lock, if the database and the file may differ, or the file must be
    /// written again.
    pub(crate) async fn is_due(&self, conn: &mut SqliteConnection) -> Result<bool, DbError> {
        let Known { position, due, owner } = self.known(conn).await?;
        let is_long: bool = self.sql(sqlx::query_scalar(IS_LONG).fetch_one(conn).await)?;
        Ok(due || is_long || self.last_number(&owner)? != Some(position))
    }

    /// Appends the due decisions. Called before each commit; costs one statement if none is due.
    pub(crate) async fn before_commit(&self, conn: &mut SqliteConnection) -> Result<InLine, DbError> {
        let Known { due, .. } = self.known(conn).await?;
        if due { self.bring_in_line(conn, false).await } else { Ok(InLine::default()) }
    }

    /// Applies the lines that the database does not know, and appends the decisions that the file
    /// does not have. Of a decision that both changed, the database's holds. `at_opening`, the
    /// file's holds if the database knows no line of it, as after an upgrade of an old database.
    pub(crate) async fn bring_in_line(
        &self,
        conn: &mut SqliteConnection,
        at_opening: bool,
    ) -> Result<InLine, DbError> {
        let Known { position, mut owner, .. } = self.known(conn).await?;
        let mut last = position;
        let mut applied = 0;
        // A database that has no lines yet continues the file that it finds.
        if position == 0 || self.last_number(&owner)? != Some(position) {
            let found = self.read_file().await?;
            if position == 0 {
                owner = self.adopt(conn, owner, found.head.as_ref()).await?;
            }
            let is_of_another = found.head.as_ref().is_some_and(|head| head.owner != owner);
            let content = if is_of_another { Content::default() } else { found };
            last = content.last();
            if last < position || is_of_another {
                self.rewrite(conn, position).await?;
                return Ok(InLine::default());
            }
            let mut latest = if content.is_written_since(position) {
                // What only the database has was withdrawn before the file was written again.
                let mut latest = content.latest(0);
                for key in self.keys(conn).await? {
                    latest.entry(key).or_insert(None);
                }
                latest
            } else {
                content.latest(position)
            };
            if position > 0 || !at_opening {
                for Decision { kind, id, .. } in self.read(conn, DUE).await? {
                    latest.remove(&(kind, id));
                }
            }
            applied = self.apply(conn, &latest).await?;
        }
        let due: Vec<Decision> = self.read(conn, DUE).await?;
        let mut appended = None;
        if !due.is_empty() {
            let (from, lines) = (last, due.len() as i64);
            let append = move |path: &Path| file::append(path, &owner, from, &due);
            appended = Some(self.blocking("write", append).await?);
            self.sql(sqlx::query(ALL_DONE).execute(&mut *conn).await)?;
            last += lines;
        }
        self.sql(sqlx::query(MOVE_TO).bind(last).execute(&mut *conn).await)?;
        let is_long: bool = self.sql(sqlx::query_scalar(IS_LONG).fetch_one(&mut *conn).await)?;
        // With own edits in the transaction, a file that was replaced could not be taken back.
        if is_long && appended.is_none() {
            self.rewrite(conn, last).await?;
        }
        Ok(InLine { appended, applied })
    }

    /// Writes the file again if it has words of withdrawn decisions.
    pub(crate) async fn forget_withdrawn(&self, conn: &mut SqliteConnection) -> Result<(), DbError> {
        let Known { position, owner, .. } = self.known(conn).await?;
        let is_as_written: bool = self.sql(sqlx::query_scalar(IS_AS_WRITTEN).fetch_one(&mut *conn).await)?;
        if is_as_written && self.last_number(&owner)? == Some(position) {
            return Ok(());
        }
        let content = self.content(conn).await?;
        let last = content.last();
        if content.has_withdrawn_words() { self.rewrite(conn, last).await } else { Ok(()) }
    }

    /// Notes that the database has all decisions of the file, of which `hold` hold, and no others,
    /// and that the file has no words of withdrawn ones.
    pub(crate) async fn know_all(
        &self,
        conn: &mut SqliteConnection,
        last: i64,
        hold: usize,
    ) -> Result<(), DbError> {
        self.sql(sqlx::query(ALL_DONE).execute(&mut *conn).await)?;
        self.sql(sqlx::query(WRITTEN).bind(last).bind(hold as i64).execute(conn).await)?;
        Ok(())
    }

    /// Writes the file again with the decisions that hold, and without the lines before.
    pub(crate) async fn rewrite(&self, conn: &mut SqliteConnection, after: i64) -> Result<(), DbError> {
        let all: Vec<Decision> = self.read(conn, ALL).await?;
        let lines = all.len() as i64;
        let last = after + lines;
        let Known { owner, .. } = self.known(conn).await?;
        self.blocking("write", move |path| file::replace(path, &owner, after, &all)).await?;
        self.sql(sqlx::query(ALL_DONE).execute(&mut *conn).await)?;
        self.sql(sqlx::query(WRITTEN).bind(last).bind(lines).execute(conn).await)?;
        Ok(())
    }

    /// Returns kind and id of each decision in the database.
    pub(crate) async fn keys(&self, conn: &mut SqliteConnection) -> Result<Vec<(String, String)>, DbError> {
        Ok(self.read(conn, ALL).await?.into_iter().map(|Decision { kind, id, .. }| (kind, id)).collect())
    }

    /// Compares the file with the database.
    pub(crate) async fn compare(&self, conn: &mut SqliteConnection) -> Result<Decisions, DbError> {
        let content = self.content(conn).await?;
        let damaged_lines = content.damaged;
        let in_file = self.comparable(content.latest(0));
        let in_database = self.in_database(conn).await?;
        let only_here = in_database.iter().filter(|(key, record)| in_file.get(*key) != Some(*record)).count();
        let only_there = in_file.keys().filter(|key| !in_database.contains_key(*key)).count();
        Ok(Decisions {
            in_file: in_file.len(),
            in_database: in_database.len(),
            different: only_here + only_there,
            damaged_lines,
        })
    }

    async fn in_database(&self, conn: &mut SqliteConnection) -> Result<Comparable, DbError> {
        let all = self.read(conn, ALL).await?.into_iter();
        Ok(self.comparable(all.map(|Decision { kind, id, record }| ((kind, id), record)).collect()))
    }

    /// Returns the decisions that hold, without the members that change by themselves. As values:
    /// SQLite writes the members in the order of the view.
    fn comparable(&self, latest: Latest) -> Comparable {
        let holds = |(key, record): ((String, String), Option<Arc<str>>)| {
            let mut value: Option<serde_json::Value> = serde_json::from_str(&record?).ok();
            if let Some(record) = value.as_mut().and_then(serde_json::Value::as_object_mut) {
                let kind = self.kinds.iter().find(|kind| kind.name == key.0);
                kind.into_iter()
                    .flat_map(|kind| kind.volatile)
                    .for_each(|member| drop(record.remove(*member)));
            }
            Some((key, value))
        };
        latest.into_iter().filter_map(holds).collect()
    }

    /// Reads the file. The file of another database has nothing for this one.
    async fn content(&self, conn: &mut SqliteConnection) -> Result<Content, DbError> {
        let Known { position, owner, .. } = self.known(conn).await?;
        let content = self.read_file().await?;
        let is_another =
            |head: &Head| head.owner != owner && (position > 0 || head.owner.label != self.label);
        Ok(if content.head.as_ref().is_some_and(is_another) { Content::default() } else { content })
    }

    /// Reads the file that a lost database left, and continues it. The file of a database with
    /// another label has nothing for this one.
    pub(crate) async fn inherit(&self, conn: &mut SqliteConnection) -> Result<Content, DbError> {
        let content = self.read_file().await?;
        let Known { owner, .. } = self.known(conn).await?;
        let owner = self.adopt(conn, owner, content.head.as_ref()).await?;
        let is_another = content.head.as_ref().is_some_and(|head| head.owner != owner);
        Ok(if is_another { Content::default() } else { content })
    }

    /// Takes over the id of a file's owner, unless that is a database with another label. Returns
    /// the owner that this database now is.
    async fn adopt(
        &self,
        conn: &mut SqliteConnection,
        owner: Owner,
        head: Option<&Head>,
    ) -> Result<Owner, DbError> {
        let Some(Head { owner: found, .. }) = head else { return Ok(owner) };
        if *found == owner || found.label != owner.label {
            return Ok(owner);
        }
        self.sql(sqlx::query(CONTINUE).bind(&found.id).execute(conn).await)?;
        Ok(found.clone())
    }

    async fn read_file(&self) -> Result<Content, DbError> {
        self.blocking("read", file::read).await
    }

    /// Brings decisions in line that differ although the numbers agree: damage to the database that
    /// no check sees, or to the file. The file's holds where its line can be read, because that has
    /// a checksum. What a whole file does not have is cleared. Returns the number of decisions that
    /// were taken from the file.
    pub(crate) async fn reconcile(&self, conn: &mut SqliteConnection) -> Result<usize, DbError> {
        let Known { position, due, .. } = self.known(conn).await?;
        let content = self.content(conn).await?;
        let last = content.last();
        // The next opening brings these in line.
        if due || last > position {
            return Ok(0);
        }
        let is_whole = content.is_whole() && last == position;
        let mut latest = content.latest(0);
        let in_file = self.comparable(latest.clone());
        let in_database = self.in_database(conn).await?;
        if is_whole && in_file == in_database {
            return Ok(0);
        }
        latest.retain(|key, record| record.is_some() && in_file.get(key) != in_database.get(key));
        if is_whole {
            // Damage to an id: the decision that the file has is put, and the other one cleared.
            let only_here = in_database.into_keys().filter(|key| !in_file.contains_key(key));
            latest.extend(only_here.map(|key| (key, None)));
        }
        let taken = latest.len();
        self.apply_each(conn, latest).await?;
        self.rewrite(conn, position).await?;
        Ok(taken)
    }

    pub(super) async fn known(&self, conn: &mut SqliteConnection) -> Result<Known, DbError> {
        let (position, due, id) = self.sql(sqlx::query_as(POSITION).fetch_one(conn).await)?;
        Ok(Known { position, due, owner: Owner { label: self.label.to_owned(), id } })
    }

    async fn read(&self, conn: &mut SqliteConnection, sql: &'static str) -> Result<Vec<Decision>, DbError> {
        let rows: Vec<(String, String, Option<String>)> =
            self.sql(sqlx::query_as(sql).fetch_all(conn).await)?;
        let decision = |(kind, id, record): (_, _, Option<String>)| Decision {
            kind,
            id,
            record: record.map(Into::into),
        };
        Ok(rows.into_iter().map(decision).collect())
    }

    fn last_number(&self, owner: &Owner) -> Result<Option<i64>, DbError> {
        file::last_number(&self.paths.decisions, owner).map_err(failed("read", self.paths))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, DbError> {
        let path = self.paths.decisions.clone();
        let done = tokio::task::spawn_blocking(move || work(&path)).await;
        done.unwrap_or_else(|error| Err(error.into())).map_err(failed(doing, self.paths))
    }

    pub(super) fn sql<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, DbError> {
        result.map_err(|error| DbError::sqlx(self.paths, Duration::ZERO, error))
    }
}
