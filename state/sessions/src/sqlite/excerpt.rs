//! A database with some rows of a copied one: those of one session.
//!
//! The new database has the same tables with the same columns, but none of their constraints, so
//! that columns may be left out.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value as Json, json};

use super::Copied;
use crate::error::StoreError;

/// Function that removes the secrets in a value. Returns true if there were any.
pub(crate) type Clean = fn(&mut Json) -> bool;

/// Rows of a table that are copied.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a str,
    /// Column that selects rows.
    pub(crate) by: &'a str,
    /// Its values in rows that are copied whole.
    pub(crate) own: Vec<Json>,
    /// Its values in rows of which only `needed` is copied.
    pub(crate) others: Vec<Json>,
    pub(crate) needed: &'a [&'a str],
    /// Columns that are never copied.
    pub(crate) never: &'a [&'a str],
    /// Column with JSON, and the function that removes its secrets. Anything else in the column is
    /// not copied.
    pub(crate) cleaned: Option<(&'a str, Clean)>,
}

impl<'a> Rows<'a> {
    /// Returns the rows of a table that have one of these values in a column.
    pub(crate) fn of(table: &'a str, by: &'a str, own: Vec<Json>) -> Self {
        Self { table, by, own, others: Vec::new(), needed: &[], never: &[], cleaned: None }
    }
}

impl Copied {
    /// Returns a database with these rows.
    pub(crate) fn excerpt(&self, wanted: &[Rows<'_>]) -> Result<Vec<u8>, StoreError> {
        let excerpt = Connection::open_in_memory().map_err(self.failed())?;
        for rows in wanted {
            self.copy_rows(rows, &excerpt)?;
        }
        Ok(excerpt.serialize("main").map_err(self.failed())?.to_vec())
    }

    fn copy_rows(&self, rows: &Rows<'_>, to: &Connection) -> Result<(), StoreError> {
        let mut names = Vec::new();
        self.each("SELECT name FROM pragma_table_info(?1)", [rows.table], |row| {
            names.extend(super::text(row, 0).map(str::to_owned));
        })?;
        if !names.iter().any(|name| name == rows.by) {
            return Ok(());
        }
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let (table, by) = (quoted(rows.table), quoted(rows.by));
        let columns = names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        to.execute(&format!("CREATE TABLE IF NOT EXISTS {table} ({columns})"), []).map_err(self.failed())?;
        let places = vec!["?"; names.len()].join(", ");
        let mut insert =
            to.prepare(&format!("INSERT INTO {table} VALUES ({places})")).map_err(self.failed())?;
        let select = format!(
            "SELECT {by} IN (SELECT value FROM json_each(?1)), {columns} FROM {table} \
             WHERE {by} IN (SELECT value FROM json_each(?1) UNION ALL SELECT value FROM json_each(?2)) \
             ORDER BY rowid"
        );
        let [own, others] = [&rows.own, &rows.others].map(|values| json!(values).to_string());
        let mut copy = |row: &rusqlite::Row<'_>| -> rusqlite::Result<()> {
            let is_own = row.get(0).unwrap_or(false);
            let mut values = Vec::with_capacity(names.len());
            for (place, name) in names.iter().enumerate() {
                values.push(rows.value(name, row.get_ref(place + 1)?, is_own));
            }
            insert.execute(params_from_iter(values)).map(drop)
        };
        let mut copied = Ok(());
        self.each(&select, [own, others], |row| {
            if copied.is_ok() {
                copied = copy(row);
            }
        })?;
        copied.map_err(self.failed())
    }
}

impl Rows<'_> {
    /// Returns the value of a column that is copied.
    fn value<'v>(&self, name: &str, value: ValueRef<'v>, is_own: bool) -> ToSqlOutput<'v> {
        let nothing = ToSqlOutput::Owned(Value::Null);
        if self.never.contains(&name) || !(is_own || self.needed.contains(&name)) {
            return nothing;
        }
        let cleaned = self.cleaned.filter(|(column, _)| *column == name).map(|(_, clean)| clean);
        match (cleaned, value) {
            (Some(clean), ValueRef::Text(bytes)) => match serde_json::from_slice::<Json>(bytes) {
                Ok(mut json) => {
                    let had_secrets = clean(&mut json);
                    let cleaned = had_secrets.then(|| ToSqlOutput::Owned(Value::Text(json.to_string())));
                    cleaned.unwrap_or(ToSqlOutput::Borrowed(value))
                }
                Err(_) => nothing,
            },
            (Some(_), _) => nothing,
            (None, _) => ToSqlOutput::Borrowed(value),
        }
    }
}
