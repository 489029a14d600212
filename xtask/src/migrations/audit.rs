//! Refuses statements that lose data or leave older programs behind.
//!
//! SQLite says what a statement does ([`replay`](super::replay)), and the schemas before and after
//! it say what an ALTER changed. The words are asked only where two statements have the same effect
//! and one of them is refused. A comment above a statement can allow what is refused, with a reason
//! (`allow.rs`).

mod contract;

use anyhow::Result;

use super::allow::{Allowances, Broken};
use super::replay::{Effect, Replay, Step};
use super::{Task, lint};
use crate::finding::Finding;

const WAIT: &str = "leave it: stop using it now, and drop it a release later";
const BOUND: &str = "write a WHERE that says which rows";

/// Checks what the migrations of a crate do, and the schema that they leave.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let (replay, released) = (task.replay()?, task.released()?);
    let allowances = Allowances::read(replay, released);
    let mut found = Vec::new();
    // A released migration cannot change, so it is not judged again.
    for step in replay.steps.iter().filter(|step| step.version > released) {
        let mut broken = by_words(step);
        broken.extend(step.effects.iter().filter_map(|effect| by_effect(effect, step, replay, released)));
        broken.extend(contract::broken(step, &replay.schema_at(released), released));
        let refused = broken.into_iter().filter(|broken| !allowances.allows(step, broken.rule));
        found.extend(refused.map(|broken| broken.at(step.place())));
    }
    found.extend(replay.failure.clone());
    found.extend(lint::shape(replay, released, &allowances)?);
    found.extend(allowances.findings());
    Ok(found)
}

/// Refuses a statement by its words.
fn by_words(step: &Step) -> Vec<Broken> {
    let statement = &step.statement;
    let mut found = Vec::new();
    if statement.begins("CREATE") && statement.says(&["IF", "NOT", "EXISTS"]) {
        found.push(Broken::new(
            "migrations/if-not-exists",
            "with IF NOT EXISTS, an object in another form would stay unseen",
            "leave that out: a migration knows what the ones before it have made",
        ));
    }
    if statement.begins("VACUUM") {
        let reason = "VACUUM cannot run in the transaction that migrations run in";
        found.push(Broken::new("migrations/vacuum", reason, "leave it out"));
    }
    if statement.begins("EXPLAIN") {
        found.push(Broken::new("migrations/unknown", "EXPLAIN changes nothing", "leave it out"));
    }
    found
}

/// Refuses a statement by an effect that SQLite reported.
fn by_effect(effect: &Effect, step: &Step, replay: &Replay, released: u32) -> Option<Broken> {
    let (statement, is_row) = (&step.statement, step.writes_rows());
    let is_bounded = statement.says(&["WHERE"]);
    let is_altered = step.effects.iter().any(|effect| matches!(effect, Effect::Alter(_)));
    Some(match effect {
        Effect::Drop(_, name) if replay.schema_at(step.version).table(name).is_some() => Broken::new(
            "migrations/rebuild",
            format!(
                "table {name} is rebuilt: its rows, indexes, triggers and what points to it depend on every line"
            ),
            "add a column or a table instead",
        ),
        Effect::Drop(what, name) => {
            let reason = format!("it drops {what} {name}; {}", readers(name, replay, released));
            Broken::new("migrations/drop", reason, WAIT)
        }
        Effect::Alter(table) => altered(table, step, replay, released)?,
        Effect::Insert(table) | Effect::Update(table) if is_row && statement.replaces() => Broken::new(
            "migrations/replace",
            format!(
                "REPLACE deletes rows of {table} that are in the way, and with them columns that it does not name"
            ),
            "write INSERT with ON CONFLICT DO UPDATE or DO NOTHING",
        ),
        Effect::Delete(table) if is_row && !is_bounded => {
            Broken::new("migrations/delete", format!("it deletes every row of {table}"), BOUND)
        }
        // An INSERT updates only the rows that are in its way.
        Effect::Update(table)
            if is_row && !is_bounded && !step.effects.contains(&Effect::Insert(table.clone())) =>
        {
            let reason = format!("it rewrites every row of {table}, which takes minutes on a large database");
            Broken::new("migrations/update", reason, BOUND)
        }
        Effect::Pragma(name) if name == "user_version" => Broken::new(
            "migrations/floor",
            "it sets the oldest version that a program must know: older ones no longer open the database",
            "change the schema so that they can",
        ),
        // An ALTER checks the rows with one of these.
        Effect::Pragma(name) if !is_altered => Broken::new(
            "migrations/pragma",
            format!(
                "PRAGMA {name} belongs to the code that opens the database; within a transaction most do nothing"
            ),
            "leave it out",
        ),
        Effect::Attach => Broken::new("migrations/attach", "a migration changes one file", "leave it out"),
        Effect::Transaction => Broken::new(
            "migrations/transaction",
            "all pending migrations are one transaction, and this would end it half way",
            "leave it out",
        ),
        _ => return None,
    })
}

/// Refuses what an ALTER TABLE did, by the schemas before and after it.
fn altered(table: &str, step: &Step, replay: &Replay, released: u32) -> Option<Broken> {
    let before = step.before.tables.get(table)?;
    let renames = |from: String, to: &str| {
        let reason = format!("it renames {from} to {to}; {}", readers(&from, replay, released));
        let instead = "add the new name next to the old one, and drop the old one a release later";
        Broken::new("migrations/rename", reason, instead)
    };
    let Some(after) = step.after.tables.get(table) else {
        let to = step.after.tables.keys().find(|name| !step.before.tables.contains_key(*name))?;
        let is_taken = |effect: &Effect| matches!(effect, Effect::Drop("table", name) if name == to);
        let mut siblings = replay.steps.iter().filter(|other| other.version == step.version);
        if siblings.any(|other| other.effects.iter().any(is_taken)) {
            let reason =
                format!("a new table takes the name {to}: what the old one had and this one has not is lost");
            return Some(Broken::new("migrations/rebuild", reason, "add a column or a table instead"));
        }
        return Some(renames(table.to_owned(), to));
    };
    let gone = before.columns.iter().find(|old| after.columns.iter().all(|column| column.name != old.name));
    let new = after.columns.iter().find(|new| before.columns.iter().all(|column| column.name != new.name));
    match (gone, new) {
        (Some(gone), Some(new)) => Some(renames(format!("{table}.{}", gone.name), &new.name)),
        (Some(gone), None) => {
            let readers = readers(table, replay, released);
            let reason = format!("it drops the column {table}.{}; {readers}", gone.name);
            Some(Broken::new("migrations/drop", reason, WAIT))
        }
        (None, Some(new)) if new.needs_value() => Some(Broken::new(
            "migrations/not-null",
            format!(
                "{table}.{} is NOT NULL without DEFAULT: a table with rows refuses it, and so does every older program's INSERT",
                new.name
            ),
            "give it a DEFAULT, or let it be NULL",
        )),
        (None, Some(_)) => None,
        (None, None) => Some(Broken::new(
            "migrations/unknown",
            format!("the audit does not know what `{}` changes in {table}", step.statement.one_line),
            "write it with statements that it knows, or teach it to xtask/src/migrations/audit.rs",
        )),
    }
}

/// Names the programs that still read something.
fn readers(name: &str, replay: &Replay, released: u32) -> String {
    if replay.schema_at(released).has(name) {
        format!("the release at {released:04} uses it, and may be running on the same file")
    } else {
        "no release has it, but databases of developers may".to_owned()
    }
}
