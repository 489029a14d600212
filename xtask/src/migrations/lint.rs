//! Rules for the schema that the migrations leave.
//!
//! They cost nothing before a release. After it, a mistake can only be fixed by a rebuild.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Owner;
use super::allow::{Allowances, Broken};
use super::replay::{Replay, Step};
use super::sql::{Kind, Script, Token};
use super::tables::{Column, Index, Schema, Table};
use crate::crates::ONE_HOME;
use crate::finding::Finding;

/// Last words of names that stand for a moment.
const MOMENTS: [&str; 12] = [
    "at",
    "on",
    "time",
    "timestamp",
    "ts",
    "date",
    "until",
    "since",
    "expires",
    "expiry",
    "deadline",
    "when",
];

/// Last words of names that stand for one of a few words.
const ENUMERATIONS: [&str; 6] = ["status", "state", "outcome", "lifecycle", "phase", "kind"];

/// Checks what was added to the schema of one crate since its last release.
pub(super) fn shape(replay: &Replay, released: u32, allowances: &Allowances) -> Vec<Finding> {
    let schema = replay.schema();
    let mut found = Vec::new();
    let mut refuse = |step: Option<&Step>, broken: Broken| {
        if let Some(step) = step.filter(|step| step.version > released)
            && !allowances.allows(step, broken.rule)
        {
            found.push(broken.at(step.place()));
        }
    };
    for (name, table) in schema.stored() {
        let maker = replay.origin(|schema| schema.tables.contains_key(name));
        for broken in whole(name, table, &schema) {
            refuse(maker, broken);
        }
        for column in &table.columns {
            let has = |schema: &Schema| {
                schema.tables.get(name).is_some_and(|table| table.column(&column.name).is_some())
            };
            for broken in one_column(name, table, column) {
                refuse(replay.origin(has), broken);
            }
        }
        for (index, better, broken) in redundant(table) {
            // The later of the two is the one too many.
            refuse(
                replay.origin(|schema| has_index(schema, name, index) && has_index(schema, name, better)),
                broken,
            );
        }
    }
    found
}

fn has_index(schema: &Schema, table: &str, name: &str) -> bool {
    schema.tables.get(table).is_some_and(|table| table.indexes.iter().any(|index| index.name == name))
}

/// Checks a table as a whole.
fn whole(name: &str, table: &Table, schema: &Schema) -> Vec<Broken> {
    let mut found = Vec::new();
    if !table.is_strict {
        found.push(Broken {
            rule: "migrations/strict",
            reason: format!("{name} is not STRICT: a column would take values of any type"),
            instead: "write STRICT after the columns",
        });
    }
    for key in &table.keys {
        let columns = key.columns.join(", ");
        if schema.table(&key.parent).is_none() {
            found.push(Broken {
                rule: "migrations/reference",
                reason: format!("{name} ({columns}) points to {}, which is not in this database", key.parent),
                instead: "keep the id alone: what must happen in two databases is done by StateRuntime",
            });
        } else if !table.indexes.iter().any(|index| finds(index, &key.columns))
            && !is_key(table, &key.columns)
        {
            found.push(Broken {
                rule: "migrations/foreign-key-index",
                reason: format!(
                    "{name} ({columns}) points to {} without an index: every deletion there reads all of {name}",
                    key.parent
                ),
                instead: "create an index that begins with these columns",
            });
        }
    }
    found
}

/// Returns true if an index finds the rows that point to a given row.
fn finds(index: &Index, columns: &[String]) -> bool {
    let names: Vec<&str> =
        index.columns.iter().filter_map(|(name, _, _)| name.as_deref()).take(columns.len()).collect();
    // A row without the value points nowhere, so the index may leave it out.
    let leaves_out_null =
        |filter: &String| columns.iter().any(|column| *filter == format!("{column} IS NOT NULL"));
    names.len() == columns.len()
        && columns.iter().all(|column| names.contains(&&**column))
        && index.filter.as_ref().is_none_or(leaves_out_null)
}

fn is_key(table: &Table, columns: &[String]) -> bool {
    table.primary_key().iter().take(columns.len()).eq(columns.iter())
}

fn one_column(name: &str, table: &Table, column: &Column) -> Vec<Broken> {
    let mut found = Vec::new();
    let last = column.name.rsplit('_').next().unwrap_or_default();
    let is_number = matches!(&*column.kind, "INTEGER" | "INT" | "REAL");
    if MOMENTS.contains(&last) || (last == "ms" && !is_number) {
        found.push(Broken {
            rule: "migrations/time",
            reason: format!("{name}.{} reads like a moment, and is not an INTEGER named `*_ms`", column.name),
            instead: "store Unix milliseconds in an INTEGER column named `*_ms`",
        });
    }
    let is_enumeration = column.kind == "TEXT" && ENUMERATIONS.contains(&last);
    let is_switch = is_number && matches!(column.name.split('_').next(), Some("is" | "has"));
    if (is_enumeration || is_switch) && !column.is_generated && !is_checked(table, &column.name) {
        found.push(Broken {
            rule: "migrations/enumeration",
            reason: format!("{name}.{} reads like one of a few values, and takes any", column.name),
            instead: "write CHECK (column IN (…))",
        });
    }
    found
}

/// Returns true if a CHECK of the table names a column.
fn is_checked(table: &Table, column: &str) -> bool {
    let Ok(script) = Script::parse(&format!("{};", table.sql)) else { return false };
    let Some(statement) = script.statements.first() else { return false };
    let tokens = &statement.tokens;
    let checks = (0..tokens.len()).filter(|at| tokens[*at].is("CHECK"));
    checks.into_iter().any(|at| within(&tokens[at + 1..]).iter().any(|token| is_name(token, column)))
}

/// Returns the tokens within the parentheses that a list begins with.
fn within(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_i32;
    let end = tokens.iter().position(|token| {
        depth += i32::from(token.text == "(") - i32::from(token.text == ")");
        depth == 0
    });
    &tokens[..end.unwrap_or(tokens.len())]
}

fn is_name(token: &Token, name: &str) -> bool {
    matches!(token.kind, Kind::Word | Kind::Name) && token.name().eq_ignore_ascii_case(name)
}

/// Finds indexes that another one makes needless; returns both names.
fn redundant(table: &Table) -> Vec<(&str, &str, Broken)> {
    let mut found = Vec::new();
    for (at, index) in table.indexes.iter().enumerate().filter(|(_, index)| index.is_own) {
        let better = table.indexes.iter().enumerate().find(|(other_at, other)| {
            let is_prefix = other.columns.starts_with(&index.columns) && other.filter == index.filter;
            let is_same = other.columns.len() == index.columns.len();
            // A unique index refuses rows, which a longer one does not.
            let serves = if index.is_unique { is_same && other.is_unique } else { true };
            // Of two that are the same, the later one is needless.
            other_at != &at && is_prefix && serves && (!is_same || !other.is_own || *other_at < at)
        });
        if let Some((_, better)) = better {
            let reason = format!(
                "{} begins with the columns of {}, which costs space and writes",
                better.name, index.name
            );
            let broken =
                Broken { rule: "migrations/redundant-index", reason, instead: "leave out one of them" };
            found.push((&*index.name, &*better.name, broken));
        }
    }
    found
}

/// Finds tables that two databases have, and names that belong to another database.
pub fn shared(owners: &[Owner]) -> Result<Vec<Finding>> {
    let mut first: BTreeMap<String, &Owner> = BTreeMap::new();
    let mut found = Vec::new();
    for owner in owners {
        let replay = Replay::run(&owner.folder)?;
        found.extend(strangers(owner, &replay));
        for name in replay.schema().tables.keys() {
            let Some(other) = first.insert(name.to_ascii_lowercase(), owner) else { continue };
            let maker = replay.origin(|schema| schema.tables.contains_key(name));
            found.push(Finding::new(
                maker.map_or_else(|| owner.folder.path.clone(), Step::place),
                "migrations/two-databases",
                format!(
                    "{} has a table {name} too: a reader of a statement cannot tell which is meant",
                    other.krate.package
                ),
                "give one of them another name",
            ));
        }
    }
    Ok(found)
}

/// Finds tables and columns whose names belong to another database.
fn strangers(owner: &Owner, replay: &Replay) -> Vec<Finding> {
    let mut found = Vec::new();
    for (word, package, why) in ONE_HOME.iter().filter(|(_, package, _)| *package != owner.krate.package) {
        let is_its = |name: &str| name.to_ascii_lowercase().contains(word);
        for (name, table) in &replay.schema().tables {
            let columns = table.columns.iter().map(|column| &column.name).filter(|name| is_its(name));
            let columns = columns.map(|column| (format!("{name}.{column}"), Some(column)));
            let itself = is_its(name).then(|| (name.clone(), None));
            for (what, column) in itself.into_iter().chain(columns) {
                let has = |schema: &Schema| {
                    let table = schema.tables.get(name);
                    table.is_some_and(|table| column.is_none_or(|column| table.column(column).is_some()))
                };
                found.push(Finding::new(
                    replay.origin(has).map_or_else(|| owner.folder.path.clone(), Step::place),
                    "migrations/one-home",
                    format!("{what} is named like a {word}, which only {package} holds: {why}"),
                    format!("ask the store of {package}, or give it a name that says what else it is"),
                ));
            }
        }
    }
    found
}
