//! Rows of goose's database.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use threadkeep_rollout::Fingerprint;

use crate::error::StoreError;
use crate::found::FoundSession;
use crate::sqlite::{Copied, integer, text};

/// Messages that several sessions have: a fork and an import copy them with their ids.
const SHARED: &str = "\
    SELECT message_id, session_id FROM messages
    WHERE message_id IN (SELECT message_id FROM messages GROUP BY message_id HAVING count(*) > 1)";

/// A database with its sessions.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) copied: Copied,
    pub(super) sessions: BTreeMap<String, SessionRow>,
    /// Session that wrote a message which others have, too, by the message's id.
    pub(super) owners: HashMap<String, String>,
    /// Statements that read a session's messages and its rows of the ledger; empty without such a
    /// table.
    pub(super) statements: [String; 2],
    /// Version of the schema; `None` without such a table.
    pub(super) schema: Option<i64>,
}

/// Columns of `messages` and of `usage_ledger` that are read.
const MESSAGES: [&str; 6] =
    ["id", "message_id", "role", "created_timestamp", "content_json", "metadata_json"];
const LEDGER: [&str; 9] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "id",
    "created_timestamp",
    "model",
    "cost_source",
    "is_compaction",
];

/// Row of the table `sessions`.
#[derive(Debug, Default)]
pub(super) struct SessionRow {
    pub(super) name: Option<String>,
    pub(super) is_named_by_user: bool,
    pub(super) kind: Option<String>,
    pub(super) directory: Option<String>,
    pub(super) created: Option<Timestamp>,
    /// JSON: the model that was chosen last.
    pub(super) model: Option<String>,
    pub(super) is_archived: bool,
    pub(super) parent: Option<String>,
    /// Tokens of all calls: input, output, read from the cache, written into it.
    pub(super) sums: [Option<i64>; 4],
    /// Text that changes with the row.
    state: String,
    /// Place in the table.
    number: usize,
    messages: Rows,
    calls: Rows,
}

impl SessionRow {
    /// Returns the identity of a session: goose gives the id of a removed one to the next one, and
    /// each database begins with the same ids. A former id is the second of the start, and stays
    /// when the session is put into a database.
    pub(super) fn key(&self, id: &str) -> Option<String> {
        let created = self.created.filter(|_| !is_former(id))?;
        Some(format!("{id}/{}", created.as_second()))
    }
}

/// Returns true for the id of a session of a former version: day and time.
pub(super) fn is_former(id: &str) -> bool {
    id.rsplit('_').next().is_some_and(|end| end.len() == 6)
}

/// Rows of a session in a table: their number, and the last id. New rows have higher ids, and a
/// compaction writes all of them again.
#[derive(Debug, Default, Clone, Copy)]
struct Rows {
    count: i64,
    last: i64,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let copied = Copied::open(path)?;
        let wanted = [
            "id",
            "name",
            "description",
            "user_set_name",
            "session_type",
            "working_dir",
            "created_at",
            "model_config_json",
            "archived_at",
            "parent_session_id",
            "accumulated_input_tokens",
            "accumulated_output_tokens",
            "accumulated_cache_read_tokens",
            "accumulated_cache_write_tokens",
            "updated_at",
        ];
        let columns = copied.columns("sessions", &wanted)?;
        let columns = columns.ok_or_else(|| StoreError::malformed(path, "it has no table `sessions`"))?;
        let mut sessions = BTreeMap::new();
        copied.each(&format!("SELECT {columns} FROM sessions ORDER BY sessions.rowid"), [], |row| {
            let Some(id) = text(row, 0).filter(|id| !id.is_empty()) else { return };
            let text = |column| text(row, column).filter(|text| !text.is_empty()).map(str::to_owned);
            let sums = [10, 11, 12, 13].map(|column| integer(row, column));
            let session = SessionRow {
                name: text(1).or_else(|| text(2)),
                is_named_by_user: integer(row, 3) == Some(1),
                kind: text(4),
                directory: text(5),
                created: text(6).and_then(|at| time(&at)),
                model: text(7),
                is_archived: text(8).is_some(),
                parent: text(9),
                sums,
                state: format!("{:?} {sums:?}", [1, 3, 5, 6, 7, 8, 9, 14].map(text)),
                number: sessions.len(),
                ..SessionRow::default()
            };
            sessions.insert(id.to_owned(), session);
        })?;
        let schema = schema(&copied)?;
        let (owners, statements) = (HashMap::new(), Default::default());
        let mut database = Self { copied, sessions, owners, statements, schema };
        database.count_rows("messages", |session| &mut session.messages)?;
        database.count_rows("usage_ledger", |session| &mut session.calls)?;
        database.find_owners()?;
        let statement = |table: &str, names: &[&str]| -> Result<String, StoreError> {
            let columns = database.copied.columns(table, names)?;
            let sql = |columns| format!("SELECT {columns} FROM {table} WHERE session_id = ?1 ORDER BY id");
            Ok(columns.map(sql).unwrap_or_default())
        };
        database.statements = [statement("messages", &MESSAGES)?, statement("usage_ledger", &LEDGER)?];
        Ok(database)
    }

    fn count_rows(
        &mut self,
        table: &str,
        rows: impl Fn(&mut SessionRow) -> &mut Rows,
    ) -> Result<(), StoreError> {
        if self.copied.columns(table, &["session_id"])?.is_none() {
            return Ok(());
        }
        let sessions = &mut self.sessions;
        let sql = format!("SELECT session_id, count(*), max(id) FROM {table} GROUP BY session_id");
        self.copied.each(&sql, [], |row| {
            if let Some(session) = text(row, 0).and_then(|id| sessions.get_mut(id)) {
                let number = |column| integer(row, column).unwrap_or(0);
                *rows(session) = Rows { count: number(1), last: number(2) };
            }
        })
    }

    /// Finds the writer of each message that several sessions have: the session that was there
    /// first.
    fn find_owners(&mut self) -> Result<(), StoreError> {
        let columns = self.copied.columns("messages", &["message_id", "session_id"])?;
        if columns.is_none_or(|columns| columns.contains("NULL")) {
            return Ok(());
        }
        let (sessions, owners) = (&self.sessions, &mut self.owners);
        let age = |id: &str| sessions.get(id).map(|session| (session.created, session.number));
        self.copied.each(SHARED, [], |row| {
            let (Some(message), Some(session)) = (text(row, 0), text(row, 1)) else { return };
            match owners.get_mut(message) {
                Some(owner) if age(owner) <= age(session) => {}
                Some(owner) => session.clone_into(owner),
                None => drop(owners.insert(message.to_owned(), session.to_owned())),
            }
        })
    }

    pub(super) fn found(&self) -> Vec<FoundSession> {
        let found = |(id, row): (&String, &SessionRow)| FoundSession {
            native_id: id.clone(),
            key: row.key(id),
            files: vec![self.copied.path().to_owned()],
            more: Vec::new(),
            fingerprint: Fingerprint {
                len: (row.messages.count + row.calls.count).unsigned_abs(),
                modified_ns: row.messages.last,
                changed_ns: row.calls.last,
            }
            .short(row.state.as_bytes()),
            bytes: None,
        };
        self.sessions.iter().map(found).collect()
    }
}

/// Returns the version of a database's schema: each migration has added a row.
fn schema(copied: &Copied) -> Result<Option<i64>, StoreError> {
    let mut schema = None;
    if let Some(version) = copied.columns("schema_version", &["version"])? {
        let sql = format!("SELECT max({version}) FROM schema_version");
        copied.each(&sql, [], |row| schema = integer(row, 0))?;
    }
    Ok(schema)
}

/// Reads a time of a row: UTC without a zone, or, of imported sessions, with one.
fn time(text: &str) -> Option<Timestamp> {
    let without_zone = || -> Option<DateTime> { text.parse().ok() };
    text.parse().ok().or_else(|| TimeZone::UTC.to_timestamp(without_zone()?).ok())
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_read_with_and_without_a_zone() {
        let read = |text| super::time(text).map(|at| at.to_string());
        assert_eq!(read("2026-11-28 09:17:28").as_deref(), Some("2026-11-28T09:17:28Z"));
        let imported = read("2026-11-28T09:21:41.201921644+00:00");
        assert_eq!(imported.as_deref(), Some("2026-11-28T09:21:41.201921644Z"));
        assert_eq!(read("yesterday"), None);
    }
}
