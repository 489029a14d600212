//! Classifies every statement, and refuses what loses data or leaves older programs behind.
//!
//! Words say what a statement is meant to be, SQLite says what it does ([`replay`](super::replay)), and the two have to
//! agree. What is refused can be allowed, with a reason, above the statement (`allow.rs`).

mod class;
mod contract;

use anyhow::Result;
use class::Class;

use super::allow::Allowances;
use super::replay::{Effect, Replay, Step};
use super::{Owner, lint, lock};
use crate::finding::Finding;
use crate::repo::Repo;

/// Names a broken rule: its name, the reason, and what to do instead.
pub(super) struct Broken {
    pub(super) rule: &'static str,
    pub(super) reason: String,
    pub(super) instead: &'static str,
}

/// Checks what the migrations of a crate do, and the schema that they leave.
///
/// # Errors
///
/// When SQLite does not start, or the lock cannot be read.
pub fn audit(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let replay = Replay::run(&owner.folder)?;
    let released = lock::Lock::read(repo, owner.room)?.map_or(0, |lock| lock.released);
    let allowances = Allowances::read(&replay, released);
    let mut found = Vec::new();
    // What has been released cannot be changed, so it is not judged again.
    for step in replay.steps.iter().filter(|step| step.version > released) {
        let broken = statement(&replay, step, released);
        let refused = broken.into_iter().filter(|broken| !allowances.allows(step, broken.rule));
        found.extend(refused.map(|broken| broken.at(step.place())));
    }
    if let Some(failure) = &replay.failure {
        let mend = "write SQL that SQLite runs on an empty database";
        found.push(Finding::new(&*failure.place, "migrations/refused", &*failure.reason, mend));
    }
    found.extend(lint::shape(&replay, released, &allowances));
    found.extend(allowances.findings());
    Ok(found)
}

impl Broken {
    /// Makes it a finding.
    pub(super) fn at(self, place: String) -> Finding {
        let rule = self.rule.trim_start_matches("migrations/");
        let mend = format!("{}; or write above it `-- audit: allow {rule}: WHY`", self.instead);
        Finding::new(place, self.rule, self.reason, mend)
    }
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
            "with IF NOT EXISTS, what is there in another form would stay, and nobody would know".to_owned(),
            "leave that out: a migration knows what the ones before it have made",
        ),
        Class::Drop(what, name) if is_rebuilt(replay, step, name) => broken(
            "migrations/rebuild",
            format!(
                "{what} {name} is made anew: its rows, indexes, triggers and what points to it depend on every line"
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
            format!("it rewrites every row of {table}, which on a large database takes as long as it takes"),
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
                "PRAGMA {name} belongs to the plumbing that opens the database; within a transaction most do nothing"
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

/// Says who still reads something.
fn readers(name: &str, replay: &Replay, released: u32) -> String {
    let schema = replay.schema_at(released);
    if schema.table(name).is_some() || schema.objects.contains_key(name) {
        format!("the release at {released:04} uses it, and may be running on the same file")
    } else {
        "no release has it, but databases of those who build from git may".to_owned()
    }
}

fn drops(step: &Step, name: &str) -> bool {
    matches!(Class::of(&step.statement), Class::Drop(_, dropped) if dropped.eq_ignore_ascii_case(name))
}

/// Says whether a table that is dropped is there again under its name at the end of the same migration.
fn is_rebuilt(replay: &Replay, step: &Step, name: &str) -> bool {
    replay.schema_at(step.version).table(name).is_some()
}

/// Refuses what SQLite says that a statement does, and its words do not.
fn surprises(class: &Class, step: &Step) -> Option<Broken> {
    let is_new = |table: &str| step.before.table(table).is_none();
    let unexpected = step.effects.iter().find(|effect| match effect {
        Effect::Drop(_) => !class.is_drop(),
        // A table that is made keeps house in others: `fts5` fills its own.
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
        reason: format!("by its words it is {class:?}, and SQLite says that it does {unexpected:?}"),
        instead: "write it with plainer statements",
    })
}
