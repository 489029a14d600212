//! Rules for the schema that the migrations leave.
//!
//! They cost nothing before a release. After it, a mistake can only be fixed by a rebuild.

use std::collections::BTreeMap;

use anyhow::Result;
use rusqlite::Connection;

use super::allow::{Allowances, Broken};
use super::plans::plan;
use super::replay::{Replay, Step};
use super::sql::pieces;
use super::tables::{Column, Schema, Table};
use super::test_database::quote;
use super::{Owner, Task};
use crate::crates::ONE_HOME;
use crate::finding::Finding;

/// Last words of names that stand for a moment.
const MOMENTS: &str = "at|on|time|timestamp|ts|date|until|since|expires|expiry|deadline|when";

/// Last words of names that stand for one of a few words.
const ENUMERATIONS: &str = "status|state|outcome|lifecycle|phase|kind";

/// Names that break a rule together, as in [`Schema::has`], and the rule.
type Shape = (Vec<String>, Broken);

/// Checks what was added to the schema of one crate since its last release.
pub(super) fn shape(replay: &Replay, released: u32, allowances: &Allowances) -> Result<Vec<Finding>> {
    let schema = replay.schema();
    let mut shapes = Vec::new();
    for (name, table) in schema.stored() {
        if !table.is_strict {
            let reason = format!("{name} is not STRICT: a column would take values of any type");
            let broken = Broken::new("migrations/strict", reason, "write STRICT after the columns");
            shapes.push((vec![name.clone()], broken));
        }
        shapes.extend(foreign_keys(name, &schema, &replay.connection)?);
        shapes.extend(table.columns.iter().flat_map(|column| one_column(name, table, column)));
        shapes.extend(redundant(table));
    }
    let mut found = Vec::new();
    for (names, broken) in shapes {
        if let Some(step) = replay.origin(&names).filter(|step| step.version > released)
            && !allowances.allows(step, broken.rule)
        {
            found.push(broken.at(step.place()));
        }
    }
    Ok(found)
}

/// Finds foreign keys that leave the database, and those without an index.
fn foreign_keys(name: &str, schema: &Schema, connection: &Connection) -> Result<Vec<Shape>> {
    let sql = "SELECT \"table\", group_concat(\"from\", ', ' ORDER BY seq) FROM pragma_foreign_key_list(?1) GROUP BY id";
    let mut query = connection.prepare(sql)?;
    let keys = query.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found = Vec::new();
    for key in keys {
        let (parent, list): (String, String) = key?;
        let columns: Vec<&str> = list.split(", ").collect();
        let broken = if schema.table(&parent).is_none() {
            Broken::new(
                "migrations/reference",
                format!("{name} ({list}) points to {parent}, which is not in this database"),
                "keep the id alone: what must happen in two databases is done by StateRuntime",
            )
        } else if !is_found(name, &columns, connection)? {
            Broken::new(
                "migrations/foreign-key-index",
                format!(
                    "{name} ({list}) points to {parent} without an index: every deletion there reads all of {name}"
                ),
                "create an index that begins with these columns",
            )
        } else {
            continue;
        };
        found.push((columns.iter().map(|column| format!("{name}.{column}")).collect(), broken));
    }
    Ok(found)
}

/// Returns true if SQLite finds rows by all these columns without reading others.
fn is_found(table: &str, columns: &[&str], connection: &Connection) -> Result<bool> {
    let terms: Vec<String> = columns.iter().map(|column| format!("{} = ?", quote(column))).collect();
    let sql = format!("SELECT 1 FROM {} WHERE {}", quote(table), terms.join(" AND "));
    let steps = plan(connection, &sql)?.concat();
    Ok(steps.starts_with("SEARCH ") && steps.matches("=?").count() == columns.len())
}

fn one_column(name: &str, table: &Table, column: &Column) -> Vec<Shape> {
    let mut found = Vec::new();
    let subject = format!("{name}.{}", column.name);
    let mut refuse = |rule, reason, instead| {
        let broken = Broken::new(rule, format!("{subject} reads like {reason}"), instead);
        found.push((vec![subject.clone()], broken));
    };
    let last = column.name.rsplit('_').next().unwrap_or_default();
    let is_one_of = |words: &str| words.split('|').any(|word| word == last);
    let is_number = matches!(&*column.kind, "INTEGER" | "INT" | "REAL");
    if is_one_of(MOMENTS) || (last == "ms" && !is_number) {
        refuse(
            "migrations/time",
            "a moment, and is not an INTEGER named `*_ms`",
            "store Unix milliseconds in an INTEGER column named `*_ms`",
        );
    }
    let is_enumeration = column.kind == "TEXT" && is_one_of(ENUMERATIONS);
    let is_switch = is_number && matches!(column.name.split('_').next(), Some("is" | "has"));
    if (is_enumeration || is_switch) && !column.is_generated && !is_checked(table, &column.name) {
        refuse("migrations/enumeration", "one of a few values, and takes any", "write CHECK (column IN (…))");
    }
    found
}

/// Returns true if a CHECK of the table names a column.
fn is_checked(table: &Table, column: &str) -> bool {
    let (mut is_check, mut depth) = (false, 0_usize);
    pieces(&table.sql).unwrap_or_default().iter().any(|piece| {
        depth += usize::from(piece.is("(") && (is_check || depth > 0));
        depth -= usize::from(piece.is(")") && depth > 0);
        is_check = piece.is("CHECK");
        depth > 0 && piece.names(column)
    })
}

/// Finds indexes that another one makes needless.
fn redundant(table: &Table) -> Vec<Shape> {
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
            let names = vec![index.name.clone(), better.name.clone()];
            let reason = format!(
                "{} begins with the columns of {}, which costs space and writes",
                better.name, index.name
            );
            found.push((names, Broken::new("migrations/redundant-index", reason, "leave out one of them")));
        }
    }
    found
}

/// Tables of `threadkeep-sqlite`, which every store that keeps decisions has.
const SHARED: [&str; 2] = ["decisions_due", "decisions_position"];

/// Finds tables that two databases have, and names that belong to another database.
pub fn shared(tasks: &[Task<'_>]) -> Result<Vec<Finding>> {
    let mut first: BTreeMap<String, &Owner> = BTreeMap::new();
    let mut found = Vec::new();
    for task in tasks {
        let (owner, replay) = (task.owner, task.replay()?);
        let place = |name: &str| {
            let step = replay.origin(&[name.to_owned()]);
            step.map_or_else(|| owner.folder.path.clone(), Step::place)
        };
        for (name, table) in &replay.schema().tables {
            let is_shared = SHARED.contains(&name.as_str());
            if let Some(other) = first.insert(name.to_ascii_lowercase(), owner).filter(|_| !is_shared) {
                let reason = format!(
                    "{} has a table {name} too: a reader of a statement cannot tell which is meant",
                    other.krate.package
                );
                let fix = "give one of them another name";
                found.push(Finding::new(place(name), "migrations/two-databases", reason, fix));
            }
            let columns =
                table.columns.iter().map(|column| (&column.name, format!("{name}.{}", column.name)));
            for (own, whole) in std::iter::once((name, name.clone())).chain(columns) {
                let of_another = ONE_HOME.iter().find(|(word, package, _)| {
                    *package != owner.krate.package && own.to_ascii_lowercase().contains(word)
                });
                let Some((word, package, why)) = of_another else { continue };
                found.push(Finding::new(
                    place(&whole),
                    "migrations/one-home",
                    format!("{whole} is named like a {word}, which only {package} holds: {why}"),
                    format!("ask the store of {package}, or give it a name that says what else it is"),
                ));
            }
        }
    }
    Ok(found)
}
