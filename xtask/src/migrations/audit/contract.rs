//! Expand, then contract a release later: what a statement takes from the last release.
//!
//! The last release reads and writes the schema at the mark. A program of that release may run on
//! the file while a newer one migrates it, so everything that it uses must stay as it was.

use crate::migrations::allow::Broken;
use crate::migrations::replay::Step;
use crate::migrations::tables::{Schema, Table};

const INSTEAD: &str = "add the new next to it, and remove the old once no release reads it";

/// Lists changes to tables of the last release that a program of that release would notice.
pub(super) fn broken(step: &Step, released: &Schema, version: u32) -> Vec<Broken> {
    let mut found = Vec::new();
    for (name, table) in &released.tables {
        let (Some(before), after) = (step.before.tables.get(name), step.after.tables.get(name)) else {
            continue;
        };
        let losses = match after {
            None => vec![format!("it removes {name}")],
            Some(after) => losses(name, table, before, after),
        };
        found.extend(losses.into_iter().map(|loss| {
            let reason = format!("{loss}, and the release at {version:04} still reads and writes {name}");
            Broken::new("migrations/contract", reason, INSTEAD)
        }));
    }
    found
}

fn losses(name: &str, released: &Table, before: &Table, after: &Table) -> Vec<String> {
    let mut found = Vec::new();
    for column in &released.columns {
        match (before.column(&column.name), after.column(&column.name)) {
            (Some(_), None) => found.push(format!("it removes {name}.{}", column.name)),
            (Some(was), Some(is)) if was.kind != is.kind => {
                found.push(format!("it makes {name}.{} {} where it was {}", is.name, is.kind, was.kind));
            }
            (Some(was), Some(is)) if is.not_null && !was.not_null => {
                found.push(format!("it makes {name}.{} NOT NULL", is.name));
            }
            _ => {}
        }
    }
    for column in after.columns.iter().filter(|column| before.column(&column.name).is_none()) {
        if column.needs_value() {
            found.push(format!("{name}.{} needs a value, which no older INSERT gives", column.name));
        }
    }
    let is_new = |index: &str| !before.indexes.iter().any(|other| other.name == index);
    for index in after.indexes.iter().filter(|index| index.is_unique && is_new(&index.name)) {
        found.push(format!("{} refuses rows of {name} that were allowed", index.name));
    }
    if before.primary_key() != after.primary_key() {
        found.push(format!("{name} gets another primary key"));
    }
    found
}
