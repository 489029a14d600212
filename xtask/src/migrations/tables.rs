//! A schema as SQLite describes it: tables, columns, indexes, foreign keys.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Result, Row};

use super::sql::Script;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Tables by name, without the private ones of SQLite, sqlx and virtual tables.
    pub tables: BTreeMap<String, Table>,
    /// Names of views, triggers and indexes.
    pub objects: BTreeSet<String>,
    /// Oldest version that a program must know (`PRAGMA user_version`).
    pub floor: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// True if a module answers for it.
    pub is_virtual: bool,
    pub is_strict: bool,
    /// Statement that makes it.
    pub sql: String,
    pub columns: Vec<Column>,
    /// Indexes, including SQLite's own for keys.
    pub indexes: Vec<Index>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Type, as it was written.
    pub kind: String,
    pub not_null: bool,
    pub has_default: bool,
    /// Place in the primary key, from 1; 0 outside of it.
    pub key: u32,
    pub is_generated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub name: String,
    pub is_unique: bool,
    /// True if a statement made it, and not a key.
    pub is_own: bool,
    /// Text after WHERE, for a partial index.
    pub filter: Option<String>,
    /// Columns, each with its order and collation.
    pub columns: Vec<String>,
}

impl Schema {
    pub fn read(connection: &Connection) -> Result<Self> {
        let mut schema = Self {
            floor: connection
                .query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))?,
            ..Self::default()
        };
        let tables = "SELECT l.name, l.type = 'virtual', l.strict, coalesce(s.sql, '') FROM pragma_table_list l \
                      JOIN sqlite_schema s ON s.name = l.name AND s.type = 'table' \
                      WHERE l.schema = 'main' AND l.type IN ('table', 'virtual') AND NOT (l.name GLOB 'sqlite_*') \
                      AND l.name <> '_sqlx_migrations'";
        let mut statement = connection.prepare(tables)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        for row in rows {
            let (name, is_virtual, is_strict, sql): (String, bool, bool, String) = row?;
            let table = Table {
                is_virtual,
                is_strict,
                sql,
                columns: columns(connection, &name)?,
                indexes: indexes(connection, &name)?,
            };
            schema.tables.insert(name, table);
        }
        let mut objects = connection.prepare("SELECT name FROM sqlite_schema WHERE type <> 'table'")?;
        schema.objects = objects.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
        Ok(schema)
    }

    /// Lists the tables that hold rows themselves: all but virtual ones.
    pub fn stored(&self) -> impl Iterator<Item = (&String, &Table)> {
        self.tables.iter().filter(|(_, table)| !table.is_virtual)
    }

    /// Returns true if there is an object of this name, or a column written `table.column`.
    pub fn has(&self, name: &str) -> bool {
        match name.split_once('.') {
            Some((table, column)) => self.table(table).is_some_and(|table| table.column(column).is_some()),
            None => self.table(name).is_some() || self.objects.contains(name),
        }
    }

    /// Finds a table; the case of its name does not matter.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, table)| table)
    }
}

impl Column {
    /// Returns true if an INSERT that does not name it fails.
    pub fn needs_value(&self) -> bool {
        self.not_null && !self.has_default && !self.is_generated
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Lists the names of the columns that can be written, in order.
    pub fn written(&self) -> Vec<&str> {
        self.columns.iter().filter(|column| !column.is_generated).map(|column| &*column.name).collect()
    }

    /// Lists the columns of the primary key, in its order.
    pub fn primary_key(&self) -> Vec<&str> {
        let mut key: Vec<&Column> = self.columns.iter().filter(|column| column.key > 0).collect();
        key.sort_by_key(|column| column.key);
        key.iter().map(|column| &*column.name).collect()
    }
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    // Hidden 1 is a virtual table's own; 2 and 3 are generated columns.
    let sql = "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk, hidden FROM pragma_table_xinfo(?1) \
               WHERE hidden <> 1";
    collect(connection, sql, table, |row| {
        Ok(Column {
            name: row.get(0)?,
            kind: row.get(1)?,
            not_null: row.get(2)?,
            has_default: row.get(3)?,
            key: row.get(4)?,
            is_generated: row.get::<_, u32>(5)? > 1,
        })
    })
}

fn indexes(connection: &Connection, table: &str) -> Result<Vec<Index>> {
    let sql = "SELECT l.name, l.\"unique\", l.origin = 'c', s.sql FROM pragma_index_list(?1) l \
               LEFT JOIN sqlite_schema s ON s.name = l.name ORDER BY l.name";
    let mut found = collect(connection, sql, table, |row| {
        let sql: Option<String> = row.get(3)?;
        Ok(Index {
            name: row.get(0)?,
            is_unique: row.get(1)?,
            is_own: row.get(2)?,
            filter: sql.and_then(|sql| filter(&sql)),
            columns: Vec::new(),
        })
    })?;
    for index in &mut found {
        let sql = "SELECT format('%s %d %s', name, \"desc\", coll) FROM pragma_index_xinfo(?1) \
                   WHERE key ORDER BY seqno";
        index.columns = collect(connection, sql, &index.name, |row| row.get(0))?;
    }
    Ok(found)
}

/// Returns the text after the WHERE of an index, in one form.
fn filter(sql: &str) -> Option<String> {
    let script = Script::parse(&format!("{sql};")).ok()?;
    let line = &script.statements.first()?.one_line;
    let at = line.to_ascii_uppercase().find(" WHERE ")?;
    Some(line[at + " WHERE ".len()..].to_owned())
}

fn collect<T>(
    connection: &Connection,
    sql: &str,
    argument: &str,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    connection.prepare(sql)?.query_map([argument], read)?.collect()
}
