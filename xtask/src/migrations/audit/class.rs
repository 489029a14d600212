//! Class of a statement, by its words.

use crate::migrations::sql::Statement;

/// Class of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    /// Creates a table, index, view or trigger; `is_unsure` with IF NOT EXISTS.
    Create {
        is_unsure: bool,
    },
    /// Adds a column; `is_bare_not_null` if existing rows cannot have it.
    AddColumn {
        table: String,
        column: String,
        is_bare_not_null: bool,
    },
    /// Drops a column of a table.
    DropColumn(String, String),
    /// Gives a table or a column another name.
    Rename(String, String),
    /// Drops a `table`, `index`, `view` or `trigger`.
    Drop(String, String),
    Insert,
    Replace(String),
    Update {
        table: String,
        is_bounded: bool,
    },
    Delete {
        table: String,
        is_bounded: bool,
    },
    Select,
    /// Reads or sets a property of the file or the connection.
    Pragma(String),
    /// Opens or closes another file.
    Attach,
    Vacuum,
    /// Begins or ends a transaction or a savepoint.
    Transaction,
    /// Computes indexes or statistics: no row changes.
    Recompute,
    Unknown(String),
}

impl Class {
    /// Reads a statement's words.
    pub(super) fn of(statement: &Statement) -> Self {
        let word = |at: usize| {
            statement.tokens.get(at).map(|token| token.text.to_ascii_uppercase()).unwrap_or_default()
        };
        let name = |at| statement.name_at(at).unwrap_or_default();
        match &*word(0) {
            "CREATE" => {
                let is = |at: usize, word: &str| statement.tokens.get(at).is_some_and(|token| token.is(word));
                let mut places = 1..statement.tokens.len().min(6);
                let is_unsure = places.any(|at| is(at, "IF") && is(at + 1, "NOT") && is(at + 2, "EXISTS"));
                Self::Create { is_unsure }
            }
            "DROP" => {
                let at = if word(2) == "IF" { 4 } else { 2 };
                Self::Drop(word(1).to_ascii_lowercase(), name(at))
            }
            "ALTER" => alter(statement),
            "INSERT" if word(1) == "OR" && word(2) == "REPLACE" => Self::Replace(name(4)),
            "REPLACE" => Self::Replace(name(2)),
            "UPDATE" if word(1) == "OR" && word(2) == "REPLACE" => Self::Replace(name(3)),
            "INSERT" | "UPDATE" | "DELETE" => write(statement, 0),
            // The verb comes after the subqueries.
            "WITH" => ["INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT"]
                .iter()
                .filter_map(|verb| statement.find_outside(verb))
                .min()
                .map_or_else(|| Self::Unknown(word(0)), |at| write(statement, at)),
            "SELECT" | "VALUES" => Self::Select,
            "PRAGMA" => Self::Pragma(name(1).to_ascii_lowercase()),
            "ATTACH" | "DETACH" => Self::Attach,
            "VACUUM" => Self::Vacuum,
            "BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => Self::Transaction,
            "ANALYZE" | "REINDEX" => Self::Recompute,
            other => Self::Unknown(other.to_owned()),
        }
    }

    pub(super) fn is_drop(&self) -> bool {
        matches!(self, Self::Drop(..) | Self::DropColumn(..))
    }

    pub(super) fn is_alter(&self) -> bool {
        matches!(self, Self::AddColumn { .. } | Self::DropColumn(..) | Self::Rename(..))
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self, Self::Insert | Self::Replace(_) | Self::Update { .. } | Self::Delete { .. })
    }
}

/// Reads INSERT, UPDATE, DELETE and SELECT, whose verb stands at a position.
fn write(statement: &Statement, at: usize) -> Class {
    let token = |at: usize| statement.tokens.get(at);
    let name = |at| statement.name_at(at).unwrap_or_default();
    let is_bounded = statement.find_outside("WHERE").is_some();
    match token(at) {
        Some(verb) if verb.is("DELETE") => Class::Delete { table: name(at + 2), is_bounded },
        Some(verb) if verb.is("UPDATE") => {
            let at = if token(at + 1).is_some_and(|token| token.is("OR")) { at + 3 } else { at + 1 };
            Class::Update { table: name(at), is_bounded }
        }
        Some(verb) if verb.is("REPLACE") => Class::Replace(name(at + 2)),
        Some(verb) if verb.is("INSERT") && token(at + 2).is_some_and(|token| token.is("REPLACE")) => {
            Class::Replace(name(at + 4))
        }
        Some(verb) if verb.is("INSERT") => Class::Insert,
        _ => Class::Select,
    }
}

/// Reads `ALTER TABLE table …`.
fn alter(statement: &Statement) -> Class {
    let table = statement.name_at(2).unwrap_or_default();
    let dotted = statement.tokens.get(3).is_some_and(|token| token.text == ".");
    let at = if dotted { 5 } else { 3 };
    let is = |at: usize, word: &str| statement.tokens.get(at).is_some_and(|token| token.is(word));
    let name = |at| statement.name_at(at).unwrap_or_default();
    let column = if is(at + 1, "COLUMN") { at + 2 } else { at + 1 };
    if is(at, "ADD") {
        let has = |word| statement.find_outside(word).is_some_and(|found| found > column);
        let not_null = (column..statement.tokens.len()).any(|at| is(at, "NOT") && is(at + 1, "NULL"));
        let is_bare_not_null = not_null && !has("DEFAULT") && !has("AS");
        Class::AddColumn { table, column: name(column), is_bare_not_null }
    } else if is(at, "DROP") {
        Class::DropColumn(table, name(column))
    } else if is(at, "RENAME") && is(at + 1, "TO") {
        Class::Rename(table, name(at + 2))
    } else if is(at, "RENAME") {
        Class::Rename(format!("{table}.{}", name(column)), name(column + 2))
    } else {
        Class::Unknown(statement.one_line())
    }
}
