//! Classifies every statement, and refuses what loses data or leaves older programs behind.
//!
//! The words of a statement say what it is meant to do, and SQLite says what it does
//! ([`replay`](super::replay)). The two must agree. A comment above a statement can allow what is
//! refused, with a reason (`allow.rs`).

mod class;
mod contract;

use anyhow::Result;
use class::Class;

use super::allow::{Allowances, Broken};
use super::replay::{Effect, Replay, Step};
use super::{Task, lint};
use crate::finding::Finding;

/// Checks what the migrations of a crate do, and the schema that they leave.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let (replay, released) = (task.replay()?, task.released()?);
    let allowances = Allowances::read(replay, released);
    let mut found = Vec::new();
    // A released migration cannot change, so it is not judged again.
    for step in replay.steps.iter().filter(|step| step.version > released) {
        let broken = statement(replay, step, released);
        let refused = broken.into_iter().filter(|broken| !allowances.allows(step, broken.rule));
        found.extend(refused.map(|broken| broken.at(step.place())));
    }
    if let Some(failure) = &replay.failure {
        let fix = "write SQL that SQLite runs on an empty database";
        found.push(Finding::new(&*failure.place, "migrations/refused", &*failure.reason, fix));
    }
    found.extend(lint::shape(replay, released, &allowances));
    found.extend(allowances.findings());
    Ok(found)
}

/// Lists the rules that one statement breaks.
fn statement(replay: &Replay, step: &Step, released: u32) -> Vec<Broken> {
    let class = Class::of(&step.statement);
    let mut found: Vec<Broken> = refused(&class, replay, step, released).into_iter().collect();
    found.extend(surprises(&class, step));
    found.extend(contract::broken(step, &replay.schema_at(released), released));
    found
}

/// Refuses what a statement is by its words.
fn refused(class: &Class, replay: &Replay, step: &Step, released: u32) -> Option<Broken> {
    let broken = |rule, reason, instead| Some(Broken { rule, reason, instead });
    match class {
        Class::Create { is_unsure: true } => broken(
            "migrations/if-not-exists",
            "with IF NOT EXISTS, an object in another form would stay unseen".to_owned(),
            "leave that out: a migration knows what the ones before it have made",
        ),
        Class::Drop(what, name) if is_rebuilt(replay, step, name) => broken(
            "migrations/rebuild",
            format!(
                "{what} {name} is rebuilt: its rows, indexes, triggers and what points to it depend on every line"
            ),
            "add a column or a table instead",
        ),
        Class::Drop(what, name) => broken(
            "migrations/drop",
            format!("it drops {what} {name}; {}", readers(name, replay, released)),
            "leave it: stop using it now, and drop it a release later",
        ),
        Class::DropColumn(table, column) => broken(
            "migrations/drop",
            format!("it drops the column {table}.{column}; {}", readers(table, replay, released)),
            "leave it: stop using it now, and drop it a release later",
        ),
        Class::Rename(_, to)
            if replay.steps.iter().any(|other| drops(other, to) && other.version == step.version) =>
        {
            broken(
                "migrations/rebuild",
                format!("a new table takes the name {to}: what the old one had and this one has not is lost"),
                "add a column or a table instead",
            )
        }
        Class::Rename(from, to) => broken(
            "migrations/rename",
            format!("it renames {from} to {to}; {}", readers(from, replay, released)),
            "add the new name beside the old one, and drop the old one a release later",
        ),
        Class::AddColumn { table, column, is_bare_not_null: true } => broken(
            "migrations/not-null",
            format!(
                "{table}.{column} is NOT NULL without DEFAULT: a table with rows refuses it, and so does every older program's INSERT"
            ),
            "give it a DEFAULT, or let it be NULL",
        ),
        Class::Delete { table, is_bounded: false } => broken(
            "migrations/delete",
            format!("it deletes every row of {table}"),
            "write a WHERE that says which rows",
        ),
        Class::Update { table, is_bounded: false } => broken(
            "migrations/update",
            format!("it rewrites every row of {table}, which takes minutes on a large database"),
            "write a WHERE that says which rows",
        ),
        Class::Replace(table) => broken(
            "migrations/replace",
            format!(
                "REPLACE deletes rows of {table} that are in the way, and with them columns that it does not name"
            ),
            "write INSERT with ON CONFLICT DO UPDATE or DO NOTHING",
        ),
        Class::Pragma(name) if name == "user_version" => broken(
            "migrations/floor",
            "it sets the oldest version that a program must know: older ones no longer open the database"
                .to_owned(),
            "change the schema so that they can",
        ),
        Class::Pragma(name) => broken(
            "migrations/pragma",
            format!(
                "PRAGMA {name} belongs to the code that opens the database; within a transaction most do nothing"
            ),
            "leave it out",
        ),
        Class::Attach => {
            broken("migrations/attach", "a migration changes one file".to_owned(), "leave it out")
        }
        Class::Vacuum => broken(
            "migrations/vacuum",
            "VACUUM cannot run in the transaction that migrations run in".to_owned(),
            "leave it out",
        ),
        Class::Transaction => broken(
            "migrations/transaction",
            "all pending migrations are one transaction, and this would end it half way".to_owned(),
            "leave it out",
        ),
        Class::Unknown(word) => broken(
            "migrations/unknown",
            format!("the audit does not know what `{word}` does to data"),
            "write it with statements that it knows, or teach it to xtask/src/migrations/audit/class.rs",
        ),
        _ => None,
    }
}

/// Names the programs that still read something.
fn readers(name: &str, replay: &Replay, released: u32) -> String {
    let schema = replay.schema_at(released);
    if schema.table(name).is_some() || schema.objects.contains_key(name) {
        format!("the release at {released:04} uses it, and may be running on the same file")
    } else {
        "no release has it, but databases of developers may".to_owned()
    }
}

fn drops(step: &Step, name: &str) -> bool {
    matches!(Class::of(&step.statement), Class::Drop(_, dropped) if dropped.eq_ignore_ascii_case(name))
}

/// Returns true if the same migration creates a dropped table again.
fn is_rebuilt(replay: &Replay, step: &Step, name: &str) -> bool {
    replay.schema_at(step.version).table(name).is_some()
}

/// Refuses a statement that does more than its words say.
fn surprises(class: &Class, step: &Step) -> Option<Broken> {
    let is_new = |table: &str| step.before.table(table).is_none();
    let unexpected = step.effects.iter().find(|effect| match effect {
        Effect::Drop(_) => !class.is_drop(),
        Effect::Alter(_) => !class.is_alter(),
        Effect::Delete(table) => !(is_new(table) || class.is_drop() || class.is_write()),
        Effect::Update(table) => !(is_new(table) || class.is_alter() || class.is_write()),
        Effect::Insert(table) => !(is_new(table) || class.is_write()),
        // An ALTER checks the rows with one of these.
        Effect::Pragma(_) => !matches!(class, Class::Pragma(_)) && !class.is_alter(),
        Effect::Attach => !matches!(class, Class::Attach | Class::Vacuum),
        Effect::Transaction => !matches!(class, Class::Transaction),
    })?;
    Some(Broken {
        rule: "migrations/unknown",
        reason: format!("by its words it is {class:?}, and to SQLite it is {unexpected:?}"),
        instead: "write it with plainer statements",
    })
}
