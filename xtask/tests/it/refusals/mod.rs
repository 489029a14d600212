//! Every rule for migrations has a bad migration in `tests/bad`, and this is how each is refused.

mod schemas;
mod statements;

use std::collections::BTreeSet;

use insta::assert_snapshot;
use xtask::crates::find;
use xtask::migrations::lock;
use xtask::repo::Repo;
use xtask::source::{Source, strings};

use crate::fixture::Fixture;

/// The first migration of the house that the bad ones are put into; it has been released.
const FIRST: &str = "CREATE TABLE threads (\n    id    TEXT    NOT NULL PRIMARY KEY,\n    title TEXT,\n    \
    size  INTEGER NOT NULL DEFAULT 0\n) STRICT;\nCREATE INDEX threads_by_title ON threads (title);\n";

/// Puts a bad migration into a house that is otherwise in order, and returns what the check says.
fn refusal(name: &str) -> String {
    let house = Fixture::new();
    house.write("state/migrations/0001_threads.sql", FIRST);
    lock::update(&house.repo(), find("state").unwrap(), true).unwrap();
    house.edit("state/migrations.lock", "# released: 0", "# released: 1");
    refusal_of(&house, "state", "0002_bad.sql", name)
}

fn refusal_of(house: &Fixture, folder: &str, file: &str, name: &str) -> String {
    let path = format!("{}/tests/bad/{name}.sql", env!("CARGO_MANIFEST_DIR"));
    house.migration(folder, file, std::fs::read(path).unwrap());
    lock::update(&house.repo(), find(folder).unwrap(), false).unwrap();
    house.bless();
    house.migrations()
}

fn bad_migrations() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad");
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.map(|file| file.strip_suffix(".sql").unwrap().to_owned()).collect()
}

#[test]
fn every_rule_has_a_bad_migration_and_each_is_tried_here() {
    let tests = [include_str!("mod.rs"), include_str!("schemas.rs"), include_str!("statements.rs")].concat();
    for name in bad_migrations() {
        assert!(tests.contains(&format!("\"{name}\")")), "nothing tries tests/bad/{name}.sql");
    }
    let repo = Repo::find().unwrap();
    for file in ["allow", "audit", "audit/contract", "lint", "replay"] {
        let source = Source::read(&repo, &format!("xtask/src/migrations/{file}.rs")).unwrap();
        let rules = strings(&source).into_iter().map(|one| one.text);
        for rule in rules.filter(|text| text.starts_with("migrations/") && text.len() > "migrations/".len()) {
            assert!(tests.contains(&format!(" [{rule}]\n")), "no test shows how {rule} is refused");
        }
    }
}

#[test]
fn exceptions_are_needed_and_say_why() {
    assert_snapshot!(refusal("allow"), @r"
    state/migrations/0002_bad.sql:1 [migrations/allow]
        it allows `drop`, and nothing here needs that
        → remove the comment, or put it right above the statement it is for
    state/migrations/0002_bad.sql:3 [migrations/allow]
        it allows `drop` and does not say why
        → write `-- audit: allow RULE: WHY` in one line, above the statement
    state/migrations/0002_bad.sql:5 [migrations/allow]
        it looks like an exception, and names no rule
        → write `-- audit: allow RULE: WHY` in one line, above the statement
    state/migrations/0002_bad.sql:7 [migrations/allow]
        it allows `drop`, and nothing here needs that
        → remove the comment, or put it right above the statement it is for
    ");
}

#[test]
fn what_has_been_released_is_not_judged_again() {
    let house = Fixture::new();
    house.migration("state", "0002_bad.sql", "CREATE TABLE tags (id TEXT);\nDROP TABLE tags;\n");
    lock::update(&house.repo(), find("state").unwrap(), false).unwrap();
    house.bless();
    assert!(house.migrations().contains("[migrations/drop]"));
    house.edit("state/migrations.lock", "# released: 0", "# released: 2");
    assert_eq!(house.migrations(), "");
}

#[test]
fn what_is_allowed_with_a_reason_passes() {
    let house = Fixture::new();
    house.migration(
        "state",
        "0002_allowed.sql",
        "-- audit: allow strict: values of any type are what it is for\n\
         CREATE TABLE tags (id TEXT);\n\
         CREATE TABLE marks (id TEXT) STRICT;\n\
         -- audit: allow drop: it was only for a test\n\
         DROP TABLE marks;\n",
    );
    lock::update(&house.repo(), find("state").unwrap(), false).unwrap();
    house.bless();
    assert_eq!(house.migrations(), "");
}
