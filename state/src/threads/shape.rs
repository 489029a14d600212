//! The SQL of a list.

use std::fmt::Write as _;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite};
use threadkeep_sqlite::{JsonText, json, uuid_text};
use uuid::Uuid;

use super::order::{SortDirection, SortKey};
use super::query::ListThreads;
use crate::thread::{AGENT_OF, THREAD};

/// Number of index ranges that are merged. A list over more folders filters them instead.
const MOST_ARMS: usize = 16;

/// Value of a parameter.
#[derive(Debug)]
pub(super) enum Bind {
    Int(i64),
    Text(String),
    Json(JsonText),
}

/// A statement, and the values of its parameters.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) sql: String,
    pub(super) binds: Vec<Bind>,
}

/// Query for the trigram index.
#[derive(Clone, Copy)]
pub(super) struct Trigrams<'a> {
    pub(super) query: &'a str,
    /// True if few rows match: they are read and sorted. Otherwise the list is read in its order.
    pub(super) are_rare: bool,
}

/// Selection of rows: those of a query that come after a key, and may have a text.
pub(super) struct Rows<'a> {
    pub(super) query: &'a ListThreads,
    pub(super) sort: SortKey,
    pub(super) direction: SortDirection,
    /// Time in milliseconds and id of the row before the first.
    pub(super) after: Option<(i64, Uuid)>,
    /// Query for the trigram index, of the rows that may match.
    pub(super) trigrams: Option<Trigrams<'a>>,
    pub(super) limit: u32,
}

impl<'a> Rows<'a> {
    /// Selects all rows of a query, whatever text they have.
    pub(super) fn all(query: &'a ListThreads) -> Rows<'a> {
        let (sort, direction) = (SortKey::default(), SortDirection::default());
        Rows { query, sort, direction, after: None, trigrams: None, limit: 0 }
    }

    /// Returns the statement that counts the rows by kind. The lists of the user's own threads have
    /// no other kind, so that the index alone answers.
    pub(super) fn count(&self) -> Select {
        let mut select = Select { sql: String::new(), binds: Vec::new() };
        let mut conditions = self.conditions(&mut select);
        if let Some(folders) = &self.query.folders {
            let all = select.bind(Bind::Json(json(folders)));
            let _ = write!(conditions, " AND cwd IN (SELECT value FROM json_each(?{all}))");
        }
        let arms = self.query.listings().into_iter().map(|listing| {
            let (kind, group) = if listing < 2 { ("'user'", "") } else { ("kind", " GROUP BY kind") };
            let plus = if self.by_rowid() { "+" } else { "" };
            format!("SELECT {kind}, count(*) FROM threads WHERE {plus}listing = {listing}{conditions}{group}")
        });
        select.sql = arms.collect::<Vec<_>>().join(" UNION ALL ");
        select
    }

    /// Returns the statement that reads [`THREAD`] of each row, as one text with a line for each: a
    /// row costs more than its content.
    pub(super) fn threads(&self) -> Select {
        let Select { sql, binds } = self.select(&format!("{}, id, {}", time_of(self.sort), *THREAD));
        // JSON has no line break outside of its white space.
        let sql = format!("SELECT group_concat(thread, char(10)) FROM ({sql})");
        Select { sql, binds }
    }

    /// Returns the statement that reads the time, the id and the searched text of each row, as one
    /// JSON array: a row costs more than its content.
    pub(super) fn texts(&self) -> Select {
        let time = time_of(self.sort);
        let Select { sql, binds } = self.select(&format!("{time}, id, search_text"));
        let sql = format!("SELECT json_group_array(json_array({time}, id, search_text)) FROM ({sql})");
        Select { sql, binds }
    }

    /// Returns the statement that reads these columns, which must have the time and the id.
    ///
    /// Each list, and each of a few folders, is a range of an index in the wanted order. SQLite
    /// merges them.
    fn select(&self, columns: &str) -> Select {
        let mut select = Select { sql: String::new(), binds: Vec::new() };
        let conditions = self.conditions(&mut select);
        let listings = self.query.listings();
        let folders = self.query.folders.as_deref();
        let one_each = folders.filter(|folders| listings.len() * folders.len() <= MOST_ARMS);
        let folder_of_arm: Vec<Option<usize>> = match one_each {
            Some(folders) if !folders.is_empty() => {
                folders.iter().map(|folder| Some(select.text(folder))).collect()
            }
            _ => vec![None],
        };
        let any_folder = folders.filter(|folders| one_each.is_none() || folders.is_empty()).map(|folders| {
            let all = select.bind(Bind::Json(json(folders)));
            format!(" AND +cwd IN (SELECT value FROM json_each(?{all}))")
        });
        for listing in &listings {
            for folder in &folder_of_arm {
                if !select.sql.is_empty() {
                    select.sql.push_str(" UNION ALL ");
                }
                // The plus keeps SQLite from reading the list.
                let rowids_first = self.by_rowid();
                let plus = if rowids_first { "+" } else { "" };
                let _ = write!(select.sql, "SELECT {columns} FROM threads WHERE {plus}listing = {listing}");
                if let Some(folder) = folder {
                    // The plus keeps SQLite from sorting what the index of folders gives: it is in
                    // the order of updates.
                    let plus = if self.sort == SortKey::Created || rowids_first { "+" } else { "" };
                    let _ = write!(select.sql, " AND {plus}cwd = ?{folder}");
                }
                select.sql.push_str(any_folder.as_deref().unwrap_or_default());
                select.sql.push_str(&conditions);
            }
        }
        let (time, order) = (time_of(self.sort), order_of(self.direction));
        let limit = select.int(self.limit.into());
        let _ = write!(select.sql, " ORDER BY {time} {order}, id {order} LIMIT +?{limit}");
        select
    }

    /// Returns true if few rows are looked up and sorted. Otherwise a list is read in its order.
    fn by_rowid(&self) -> bool {
        self.query.ids.is_some() || self.trigrams.is_some_and(|trigrams| trigrams.are_rare)
    }

    /// Returns the conditions that hold for every list and folder.
    fn conditions(&self, select: &mut Select) -> String {
        let query = self.query;
        let mut sql = String::new();
        let texts = [("model = ", &query.model), ("coalesce(user_git_branch, git_branch) = ", &query.branch)];
        for (condition, text) in texts {
            if let Some(text) = text {
                let _ = write!(sql, " AND {condition}?{}", select.text(text));
            }
        }
        if !query.providers.is_empty() {
            let all = select.bind(Bind::Json(json(&query.providers)));
            let _ = write!(sql, " AND model_provider IN (SELECT value FROM json_each(?{all}))");
        }
        if !query.agents.is_empty() {
            let all = select.bind(Bind::Json(json(&query.agents)));
            let _ = write!(sql, " AND {AGENT_OF} IN (SELECT value FROM json_each(?{all}))");
        }
        let without = Some(&query.without_ids).filter(|ids| !ids.is_empty());
        for (not, ids) in [("", query.ids.as_ref()), ("NOT ", without)] {
            if let Some(ids) = ids {
                let all = select.bind(Bind::Json(json(ids)));
                let _ = write!(sql, " AND id {not}IN (SELECT value FROM json_each(?{all}))");
            }
        }
        let named = query.names_sources();
        for (exclude, not) in [(false, ""), (true, "NOT ")].into_iter().filter(|(e, _)| *e || named) {
            let (kinds, words) = query.words(exclude);
            if !(kinds.is_empty() && words.is_empty()) {
                let (kinds, words) =
                    (select.bind(Bind::Json(json(&kinds))), select.bind(Bind::Json(json(&words))));
                let _ = write!(
                    sql,
                    " AND {not}(kind IN (SELECT value FROM json_each(?{kinds})) OR kind = 'user' \
                     AND coalesce(source_kind, '') IN (SELECT value FROM json_each(?{words})))"
                );
            }
        }
        for (beyond, time) in [(">=", query.since), ("<", query.until)] {
            if let Some(time) = time {
                let _ = write!(sql, " AND updated_at_ms {beyond} ?{}", select.int(time.as_millisecond()));
            }
        }
        if let Some(trigrams) = self.trigrams {
            let _ = write!(
                sql,
                " AND rowid IN (SELECT rowid FROM thread_trigrams WHERE thread_trigrams MATCH ?{})",
                select.text(trigrams.query)
            );
        }
        if let Some((at, id)) = self.after {
            let beyond = if self.direction == SortDirection::Ascending { ">" } else { "<" };
            let (at, id) = (select.int(at), select.text(&uuid_text(id)));
            let _ = write!(sql, " AND ({}, id) {beyond} (?{at}, ?{id})", time_of(self.sort));
        }
        sql
    }
}

impl Select {
    /// Returns the statement with its values.
    pub(super) fn query(&self) -> Query<'_, Sqlite, SqliteArguments> {
        self.binds.iter().fold(sqlx::query(AssertSqlSafe(self.sql.clone())), |query, bind| match bind {
            Bind::Int(int) => query.bind(*int),
            Bind::Text(text) => query.bind(text.as_str()),
            Bind::Json(json) => query.bind(json),
        })
    }

    /// Binds a value, and returns the number of its parameter.
    fn bind(&mut self, bind: Bind) -> usize {
        self.binds.push(bind);
        self.binds.len()
    }

    fn text(&mut self, text: &str) -> usize {
        self.bind(Bind::Text(text.to_owned()))
    }

    fn int(&mut self, int: i64) -> usize {
        self.bind(Bind::Int(int))
    }
}

fn time_of(sort: SortKey) -> &'static str {
    match sort {
        SortKey::Created => "created_at_ms",
        SortKey::Updated => "updated_at_ms",
    }
}

fn order_of(direction: SortDirection) -> &'static str {
    match direction {
        SortDirection::Ascending => "ASC",
        SortDirection::Descending => "DESC",
    }
}
