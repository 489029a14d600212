//! Databases with the rows of all copies.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::common::Result;

/// Expression of a column in a copy. `?1` is the number of the copy.
type Column = (&'static str, &'static str);

/// Tables of a database with the columns that differ in a copy.
type Tables = &'static [(&'static str, &'static [Column])];

/// Ids keep their length. A fork is found by equal times, so that each copy is of another day.
const OPENCODE: Tables = &[
    (
        "session",
        &[
            ("id", "substr(id, 1, length(id) - 4) || printf('%04d', ?1)"),
            ("parent_id", "substr(parent_id, 1, length(parent_id) - 4) || printf('%04d', ?1)"),
            ("time_created", "time_created + ?1 * 86400000"),
            ("time_updated", "time_updated + ?1 * 86400000"),
        ],
    ),
    (
        "message",
        &[
            ("id", "substr(id, 1, length(id) - 4) || printf('%04d', ?1)"),
            ("session_id", "substr(session_id, 1, length(session_id) - 4) || printf('%04d', ?1)"),
            ("time_created", "time_created + ?1 * 86400000"),
            ("time_updated", "time_updated + ?1 * 86400000"),
        ],
    ),
    (
        "part",
        &[
            ("id", "substr(id, 1, length(id) - 4) || printf('%04d', ?1)"),
            ("message_id", "substr(message_id, 1, length(message_id) - 4) || printf('%04d', ?1)"),
            ("session_id", "substr(session_id, 1, length(session_id) - 4) || printf('%04d', ?1)"),
        ],
    ),
    (
        "event_sequence",
        &[("aggregate_id", "substr(aggregate_id, 1, length(aggregate_id) - 4) || printf('%04d', ?1)")],
    ),
    (
        "event",
        &[
            ("id", "substr(id, 1, length(id) - 4) || printf('%04d', ?1)"),
            ("aggregate_id", "substr(aggregate_id, 1, length(aggregate_id) - 4) || printf('%04d', ?1)"),
        ],
    ),
];

/// Row ids are new. Sessions of one day have numbers, and there are fewer than 100 of them.
const GOOSE: Tables = &[
    (
        "sessions",
        &[
            ("id", "id || printf('%03d', ?1)"),
            ("parent_session_id", "parent_session_id || printf('%03d', ?1)"),
        ],
    ),
    (
        "messages",
        &[
            ("id", "NULL"),
            ("message_id", "message_id || printf('-%03d', ?1)"),
            ("session_id", "session_id || printf('%03d', ?1)"),
        ],
    ),
    ("usage_ledger", &[("id", "NULL"), ("session_id", "session_id || printf('%03d', ?1)")]),
];

/// Adds the copies to the database of an agent that has one.
pub(crate) fn multiply(agent: &str, home: &Path, copies: usize) -> Result {
    let (path, tables) = match agent {
        "goose" => (".local/share/goose/sessions/sessions.db", GOOSE),
        "opencode" => (".local/share/opencode/opencode.db", OPENCODE),
        _ => return Ok(()),
    };
    let mut connection = Connection::open(home.join(path))?;
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    let transaction = connection.transaction()?;
    for (table, differing) in tables {
        let mut names = transaction.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names: Vec<String> = names.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let value = |name: &String| {
            let differs = differing.iter().find(|(column, _)| column == name);
            differs.map_or_else(|| format!("\"{name}\""), |(_, value)| (*value).to_owned())
        };
        let values: Vec<_> = names.iter().map(value).collect();
        let most: i64 =
            transaction.query_row(&format!("SELECT max(rowid) FROM {table}"), [], |row| row.get(0))?;
        let sql = format!("INSERT INTO {table} SELECT {} FROM {table} WHERE rowid <= ?2", values.join(", "));
        for number in 1..copies as i64 {
            transaction.execute(&sql, params![number, most])?;
        }
    }
    Ok(transaction.commit()?)
}
