//! Rows of a batch that are stored together: a statement costs more than a row.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_rollout::{DayUsage, TurnSpan};
use threadkeep_sqlite::{MOST_ROWS, uuid_text, value_columns, values_of};
use uuid::Uuid;

use super::content::FileContent;
use crate::numbers::{day_number, int};

/// A row of `history_files`.
pub(crate) struct NewFile {
    pub(crate) id: i64,
    pub(crate) path: String,
    pub(crate) fingerprint: String,
    pub(crate) outcome: &'static str,
    pub(crate) detail: Option<String>,
    pub(crate) is_owner: bool,
    pub(crate) thread_id: Uuid,
    pub(crate) file_id: Uuid,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) base: Option<String>,
    pub(crate) copied_from: Option<Uuid>,
    pub(crate) bytes: u64,
    pub(crate) rollbacks: Option<String>,
}

/// Rows to store.
#[derive(Default)]
pub(crate) struct Rows {
    files: Vec<NewFile>,
    turns: Vec<(i64, TurnSpan)>,
    usage: Vec<(i64, DayUsage)>,
    others: Vec<(i64, DayUsage)>,
    checkpoints: Vec<(i64, String)>,
}

impl Rows {
    /// Adds a file.
    pub(crate) fn file(&mut self, file: NewFile) {
        self.files.push(file);
    }

    /// Adds the turns, the usage and the checkpoint of a file.
    pub(crate) fn content(&mut self, file: i64, content: FileContent) {
        self.turns.extend(content.turns.into_iter().map(|turn| (file, turn)));
        for usage in content.usage {
            let rows = if usage.purpose.is_conversation() { &mut self.usage } else { &mut self.others };
            rows.push((file, usage));
        }
        self.checkpoints.extend(content.checkpoint.map(|checkpoint| (file, checkpoint)));
    }

    /// Stores all rows.
    pub(crate) async fn store(self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        /// Runs a statement for each few hundred rows, and binds the values of each.
        macro_rules! store {
            ($sql:expr, $rows:expr, |$row:pat_param| $($value:expr),+ $(,)?) => {
                let mut rows = $rows.into_iter();
                while rows.len() > 0 {
                    let mut query = sqlx::query(AssertSqlSafe($sql(rows.len().min(MOST_ROWS))));
                    for $row in rows.by_ref().take(MOST_ROWS) {
                        query = query$(.bind($value))+;
                    }
                    query.execute(&mut *conn).await?;
                }
            };
        }
        store!(
            files_sql,
            self.files,
            |file| file.path,
            file.id,
            file.fingerprint,
            file.outcome,
            file.detail,
            None::<&str>,
            file.is_owner,
            uuid_text(file.thread_id),
            uuid_text(file.file_id),
            file.started_at.map(Timestamp::as_millisecond),
            file.base,
            file.copied_from.map(uuid_text),
            int(file.bytes),
            file.rollbacks,
        );
        store!(
            turns_sql,
            self.turns,
            |(file, turn)| file,
            int(turn.offset),
            int(turn.end),
            turn.ordinal.map(int),
            int(turn.number),
            turn.id,
            turn.status.as_str(),
            turn.error,
            turn.started_at.map(Timestamp::as_millisecond),
            turn.completed_at.map(Timestamp::as_millisecond),
            turn.duration_ms.map(int),
            turn.first_words,
            turn.inherited,
            turn.whole_items,
        );
        store!(
            usage_sql,
            self.usage,
            |(file, usage)| file,
            day_number(usage.day),
            usage.model.unwrap_or_default(),
            usage.tokens.input,
            usage.tokens.cached_input,
            usage.tokens.output,
            usage.tokens.reasoning,
            usage.tokens.total,
            int(usage.requests),
        );
        store!(
            others_sql,
            self.others,
            |(file, usage)| file,
            day_number(usage.day),
            usage.model.unwrap_or_default(),
            usage.purpose.as_str(),
            usage.tokens.input,
            usage.tokens.cached_input,
            usage.tokens.output,
            usage.tokens.reasoning,
            usage.tokens.total,
            int(usage.requests),
        );
        store!(checkpoints_sql, self.checkpoints, |(file, checkpoint)| file, checkpoint);
        Ok(())
    }
}

/// Makes the statement that stores rows. A row with the same `key` is updated, so that it keeps
/// what a newer program has added to it. Its `id`, by which others name it, stays.
fn upsert(table: &str, key: &str, columns: &str, rows: usize) -> String {
    let names: Vec<&str> = columns.split(", ").collect();
    let is_fixed = |name: &str| name == "id" || key.split(", ").any(|part| part == name);
    let others = names.iter().filter(|name| !is_fixed(name));
    let updates: Vec<String> = others.map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO {table} ({columns}) SELECT {} FROM ({}) WHERE column1 IS NOT NULL \
         ON CONFLICT ({key}) DO UPDATE SET {}",
        value_columns(names.len()),
        values_of(rows, names.len()),
        updates.join(", ")
    )
}

fn files_sql(rows: usize) -> String {
    let columns = "path, id, fingerprint, outcome, detail, problem, is_owner, thread_id, file_id, started_at_ms, \
         base, copied_from, bytes, rollbacks";
    upsert("history_files", "path", columns, rows)
}

fn turns_sql(rows: usize) -> String {
    let columns = "file, start_offset, end_offset, ordinal, number, turn_id, status, error, started_at_ms, \
         completed_at_ms, duration_ms, first_words, is_inherited, is_whole";
    upsert("history_turns", "file, start_offset", columns, rows)
}

fn usage_sql(rows: usize) -> String {
    let columns = "file, day, model, input, cached_input, output, reasoning, total, requests";
    upsert("history_usage", "file, day, model", columns, rows)
}

fn others_sql(rows: usize) -> String {
    let columns = "file, day, model, purpose, input, cached_input, output, reasoning, total, requests";
    upsert("history_other_usage", "file, day, model, purpose", columns, rows)
}

fn checkpoints_sql(rows: usize) -> String {
    upsert("history_checkpoints", "file", "file, checkpoint", rows)
}

/// Returns the statements by name.
pub(crate) fn store_sqls() -> Vec<(String, String)> {
    let sqls = [
        ("files", files_sql(1)),
        ("turns", turns_sql(1)),
        ("usage", usage_sql(1)),
        ("other usage", others_sql(1)),
        ("checkpoints", checkpoints_sql(1)),
    ];
    sqls.map(|(name, sql)| (format!("ports::rows::{name}"), sql)).into()
}
