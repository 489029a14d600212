//! Rows of opencode's database.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use threadkeep_rollout::Fingerprint;

use crate::error::StoreError;
use crate::found::FoundSession;
use crate::sqlite::{Copied, integer, text};

/// Messages that a fork copied: they have new ids, but their old times, from before the session's
/// own.
const COPIES: &str = "\
    SELECT message.id, message.session_id, message.time_created, octet_length(message.data)
    FROM session JOIN message
      ON message.session_id = session.id AND message.time_created < session.time_created
    ORDER BY message.session_id, message.time_created, message.id";
/// Messages of the given times that were not copied.
const ORIGINALS: &str = "\
    SELECT message.id, message.session_id, message.time_created, octet_length(message.data)
    FROM message JOIN session
      ON session.id = message.session_id AND message.time_created >= session.time_created
    WHERE message.time_created IN (SELECT value FROM json_each(?1))
    ORDER BY message.id DESC";

/// A database with its sessions.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) copied: Copied,
    pub(super) sessions: BTreeMap<String, SessionRow>,
    /// Session that wrote the last message that a fork copied, by the fork's id.
    pub(super) origins: HashMap<String, String>,
    /// Message that a message is a copy of, by their ids.
    pub(super) originals: HashMap<String, String>,
    /// Statement that reads a session's messages with their parts; empty without such tables.
    pub(super) messages: String,
}

/// Row of the table `session`. Times are milliseconds since 1970.
#[derive(Debug, Default)]
pub(super) struct SessionRow {
    pub(super) parent: Option<String>,
    pub(super) directory: Option<String>,
    pub(super) title: Option<String>,
    pub(super) version: Option<String>,
    /// JSON: the model that was chosen last.
    pub(super) model: Option<String>,
    /// JSON: the first message that the user took back.
    pub(super) revert: Option<String>,
    pub(super) created: Option<i64>,
    pub(super) updated: Option<i64>,
    pub(super) archived: Option<i64>,
    seq: Option<i64>,
    messages: Rows,
    parts: Rows,
}

/// Rows of a session in a table: number, and time of the latest change.
#[derive(Debug, Default, Clone, Copy)]
struct Rows {
    count: u64,
    updated: i64,
}

/// Message with what it has in common with its copies: its time, and the length of its JSON, since
/// ids have one length.
struct Placed {
    id: String,
    session: String,
    key: (i64, i64),
}

impl Placed {
    fn of(row: &rusqlite::Row<'_>) -> Option<Self> {
        let key = (integer(row, 2)?, integer(row, 3)?);
        Some(Self { id: text(row, 0)?.to_owned(), session: text(row, 1)?.to_owned(), key })
    }
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let copied = Copied::open(path)?;
        let wanted = [
            "id",
            "parent_id",
            "directory",
            "title",
            "version",
            "model",
            "revert",
            "time_created",
            "time_updated",
            "time_archived",
        ];
        let columns = copied.columns("session", &wanted)?;
        let columns = columns.ok_or_else(|| StoreError::malformed(path, "it has no table `session`"))?;
        let mut sessions = BTreeMap::new();
        copied.each(&format!("SELECT {columns} FROM session"), [], |row| {
            let Some(id) = text(row, 0).filter(|id| !id.is_empty()) else { return };
            let text = |column| text(row, column).map(str::to_owned);
            let session = SessionRow {
                parent: text(1),
                directory: text(2),
                title: text(3),
                version: text(4),
                model: text(5),
                revert: text(6),
                created: integer(row, 7),
                updated: integer(row, 8),
                archived: integer(row, 9),
                ..SessionRow::default()
            };
            sessions.insert(id.to_owned(), session);
        })?;
        let mut database = Self {
            copied,
            sessions,
            origins: HashMap::new(),
            originals: HashMap::new(),
            messages: String::new(),
        };
        database.count_rows("message", |session| &mut session.messages)?;
        database.count_rows("part", |session| &mut session.parts)?;
        database.read_sequences()?;
        database.find_copies()?;
        let messages = database.copied.columns("message", &["id", "time_created", "data"])?;
        let parts = database.copied.columns("part", &["id", "data"])?;
        if let (Some(messages), Some(parts)) = (messages, parts) {
            // The numbers are those of the columns: time and id of the message, id of the part.
            database.messages = format!(
                "SELECT {messages}, {parts} FROM message LEFT JOIN part ON part.message_id = message.id \
                 WHERE message.session_id = ?1 ORDER BY 2, 1, 4"
            );
        }
        Ok(database)
    }

    fn count_rows(
        &mut self,
        table: &str,
        rows: impl Fn(&mut SessionRow) -> &mut Rows,
    ) -> Result<(), StoreError> {
        let Some(columns) = self.copied.columns(table, &["session_id", "time_updated"])? else {
            return Ok(());
        };
        let sessions = &mut self.sessions;
        self.copied.each(&format!("SELECT {columns} FROM {table}"), [], |row| {
            let Some(session) = text(row, 0).and_then(|id| sessions.get_mut(id)) else { return };
            let rows = rows(session);
            rows.count += 1;
            rows.updated = rows.updated.max(integer(row, 1).unwrap_or(0));
        })
    }

    /// Reads the number of events of each session, which counts all of its changes.
    fn read_sequences(&mut self) -> Result<(), StoreError> {
        let Some(columns) = self.copied.columns("event_sequence", &["aggregate_id", "seq"])? else {
            return Ok(());
        };
        let sessions = &mut self.sessions;
        self.copied.each(&format!("SELECT {columns} FROM event_sequence"), [], |row| {
            if let Some(session) = text(row, 0).and_then(|id| sessions.get_mut(id)) {
                session.seq = integer(row, 1);
            }
        })
    }

    fn find_copies(&mut self) -> Result<(), StoreError> {
        let needed = ["id", "session_id", "time_created", "data"];
        let has_all = |columns: Option<String>| columns.is_some_and(|columns| !columns.contains("NULL"));
        if !has_all(self.copied.columns("message", &needed)?)
            || !has_all(self.copied.columns("session", &["id", "time_created"])?)
        {
            return Ok(());
        }
        let mut copies = Vec::new();
        self.copied.each(COPIES, [], |row| copies.extend(Placed::of(row)))?;
        if copies.is_empty() {
            return Ok(());
        }
        let times: Vec<_> = copies.iter().map(|copy| copy.key.0).collect();
        let mut originals = HashMap::new();
        self.copied.each(ORIGINALS, [serde_json::json!(times).to_string()], |row| {
            originals.extend(Placed::of(row).map(|original| (original.key, original)));
        })?;
        for copy in copies {
            if let Some(original) = originals.get(&copy.key) {
                self.origins.insert(copy.session, original.session.clone());
                self.originals.insert(copy.id, original.id.clone());
            }
        }
        Ok(())
    }

    /// Returns a session as it is found.
    pub(super) fn found(&self, id: &str) -> Option<FoundSession> {
        let row = self.sessions.get(id)?;
        let state = Fingerprint {
            len: row.messages.count + row.parts.count,
            modified_ns: row.messages.updated,
            changed_ns: row.parts.updated,
        };
        let recipe = format!(
            "{:?}",
            (&row.title, &row.revert, &row.model, &row.directory, row.updated, row.archived, row.seq)
        );
        Some(FoundSession {
            native_id: id.to_owned(),
            key: None,
            files: vec![self.copied.path().to_owned()],
            more: Vec::new(),
            fingerprint: state.short(recipe.as_bytes()),
            bytes: None,
        })
    }
}
