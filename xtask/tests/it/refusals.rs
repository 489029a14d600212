//! Every rule for migrations has a bad migration in `tests/bad`, and this is how each is refused.

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
    let tests =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/refusals.rs")).unwrap();
    for name in bad_migrations() {
        assert!(tests.contains(&format!("\"{name}\")")), "nothing tries tests/bad/{name}.sql");
    }
    let repo = Repo::find().unwrap();
    for file in ["allow", "audit", "audit/contract", "lint"] {
        let source = Source::read(&repo, &format!("xtask/src/migrations/{file}.rs")).unwrap();
        let rules = strings(&source.syntax).into_iter().map(|(_, text)| text);
        for rule in rules.filter(|text| text.starts_with("migrations/") && text.len() > "migrations/".len()) {
            assert!(tests.contains(&format!(" [{rule}]\n")), "no test shows how {rule} is refused");
        }
    }
}

#[test]
fn one_table_in_two_databases() {
    let house = Fixture::new();
    house.member("state-goals", "threadkeep-state-goals", "");
    house.write("state-goals/build.rs", house.read("state/build.rs"));
    assert_snapshot!(refusal_of(&house, "state-goals", "0001_goals.sql", "two-databases"), @r"
    state-goals/migrations/0001_goals.sql:1 [migrations/two-databases]
        threadkeep-state has a table Threads too: a reader of a statement cannot tell which is meant
        → give one of them another name
    ");
}

#[test]
fn a_goal_in_another_database() {
    assert_snapshot!(refusal("one-home"), @"
    state/migrations/0002_bad.sql:1 [migrations/one-home]
        thread_goals is named like a goal, which only threadkeep-state-goals holds: a goal is held in one place, so that setting it touches no thread and deleting it leaves none
        → ask the store of threadkeep-state-goals, or give it a name that says what else it is
    state/migrations/0002_bad.sql:2 [migrations/one-home]
        threads.goal_id is named like a goal, which only threadkeep-state-goals holds: a goal is held in one place, so that setting it touches no thread and deleting it leaves none
        → ask the store of threadkeep-state-goals, or give it a name that says what else it is
    ");
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
fn another_file() {
    assert_snapshot!(refusal("attach"), @r"
    state/migrations/0002_bad.sql:1 [migrations/attach]
        a migration changes one file
        → leave it out; or write above it `-- audit: allow attach: WHY`
    ");
}

#[test]
fn what_the_last_release_uses_is_taken_away() {
    assert_snapshot!(refusal("contract"), @r"
    state/migrations/0002_bad.sql:2 [migrations/contract]
        it removes threads.size, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:3 [migrations/contract]
        threads_by_one_title refuses rows of threads that were allowed, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    ");
}

#[test]
fn every_row_is_deleted() {
    assert_snapshot!(refusal("delete"), @r"
    state/migrations/0002_bad.sql:1 [migrations/delete]
        it deletes every row of threads
        → write a WHERE that says which rows; or write above it `-- audit: allow delete: WHY`
    ");
}

#[test]
fn something_is_dropped() {
    assert_snapshot!(refusal("drop"), @r"
    state/migrations/0002_bad.sql:1 [migrations/drop]
        it drops index threads_by_title; the release at 0001 uses it, and may be running on the same file
        → leave it: stop using it now, and drop it a release later; or write above it `-- audit: allow drop: WHY`
    state/migrations/0002_bad.sql:3 [migrations/drop]
        it drops table tags; no release has it, but databases of developers may
        → leave it: stop using it now, and drop it a release later; or write above it `-- audit: allow drop: WHY`
    ");
}

#[test]
fn one_of_a_few_values_is_not_checked() {
    assert_snapshot!(refusal("enumeration"), @r"
    state/migrations/0002_bad.sql:1 [migrations/enumeration]
        jobs.is_new reads like one of a few values, and takes any
        → write CHECK (column IN (…)); or write above it `-- audit: allow enumeration: WHY`
    state/migrations/0002_bad.sql:1 [migrations/enumeration]
        jobs.status reads like one of a few values, and takes any
        → write CHECK (column IN (…)); or write above it `-- audit: allow enumeration: WHY`
    ");
}

#[test]
fn older_programs_are_shut_out() {
    assert_snapshot!(refusal("floor"), @r"
    state/migrations/0002_bad.sql:1 [migrations/floor]
        it sets the oldest version that a program must know: older ones no longer open the database
        → change the schema so that they can; or write above it `-- audit: allow floor: WHY`
    ");
}

#[test]
fn a_foreign_key_has_no_index() {
    assert_snapshot!(refusal("foreign-key-index"), @r"
    state/migrations/0002_bad.sql:1 [migrations/foreign-key-index]
        tags (parent_id) points to threads without an index: every deletion there reads all of tags
        → create an index that begins with these columns; or write above it `-- audit: allow foreign-key-index: WHY`
    state/migrations/0002_bad.sql:1 [migrations/foreign-key-index]
        tags (thread_id) points to threads without an index: every deletion there reads all of tags
        → create an index that begins with these columns; or write above it `-- audit: allow foreign-key-index: WHY`
    ");
}

#[test]
fn a_column_that_no_older_program_writes() {
    assert_snapshot!(refusal("not-null"), @r"
    state/migrations/0002_bad.sql:1 [migrations/contract]
        threads.colour needs a value, which no older INSERT gives, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:1 [migrations/not-null]
        threads.colour is NOT NULL without DEFAULT: a table with rows refuses it, and so does every older program's INSERT
        → give it a DEFAULT, or let it be NULL; or write above it `-- audit: allow not-null: WHY`
    ");
}

#[test]
fn a_pragma() {
    assert_snapshot!(refusal("pragma"), @r"
    state/migrations/0002_bad.sql:1 [migrations/pragma]
        PRAGMA foreign_keys belongs to the code that opens the database; within a transaction most do nothing
        → leave it out; or write above it `-- audit: allow pragma: WHY`
    ");
}

#[test]
fn a_table_is_made_anew() {
    assert_snapshot!(refusal("rebuild"), @r"
    state/migrations/0002_bad.sql:3 [migrations/contract]
        it removes threads, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:3 [migrations/rebuild]
        table threads is rebuilt: its rows, indexes, triggers and what points to it depend on every line
        → add a column or a table instead; or write above it `-- audit: allow rebuild: WHY`
    state/migrations/0002_bad.sql:4 [migrations/rebuild]
        a new table takes the name threads: what the old one had and this one has not is lost
        → add a column or a table instead; or write above it `-- audit: allow rebuild: WHY`
    ");
}

#[test]
fn an_index_too_many() {
    assert_snapshot!(refusal("redundant-index"), @r"
    state/migrations/0002_bad.sql:2 [migrations/redundant-index]
        sqlite_autoindex_threads_1 begins with the columns of threads_by_id, which costs space and writes
        → leave out one of them; or write above it `-- audit: allow redundant-index: WHY`
    state/migrations/0002_bad.sql:3 [migrations/contract]
        threads_by_one_title refuses rows of threads that were allowed, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:3 [migrations/redundant-index]
        threads_by_one_title begins with the columns of threads_by_title, which costs space and writes
        → leave out one of them; or write above it `-- audit: allow redundant-index: WHY`
    state/migrations/0002_bad.sql:3 [migrations/redundant-index]
        threads_by_one_title begins with the columns of threads_by_title_and_size, which costs space and writes
        → leave out one of them; or write above it `-- audit: allow redundant-index: WHY`
    ");
}

#[test]
fn a_reference_to_another_database() {
    assert_snapshot!(refusal("reference"), @r"
    state/migrations/0002_bad.sql:1 [migrations/reference]
        tags (log_id) points to logs, which is not in this database
        → keep the id alone: what must happen in two databases is done by StateRuntime; or write above it `-- audit: allow reference: WHY`
    ");
}

#[test]
fn no_sql() {
    assert_snapshot!(refusal("refused"), @r#"
    state/migrations/0002_bad.sql:2 [migrations/refused]
        SQLite refuses it: near "TABEL": syntax error
        → write SQL that SQLite runs on an empty database
    "#);
}

#[test]
fn a_name_changes() {
    assert_snapshot!(refusal("rename"), @r"
    state/migrations/0002_bad.sql:1 [migrations/contract]
        it removes threads, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:1 [migrations/rename]
        it renames threads to conversations; the release at 0001 uses it, and may be running on the same file
        → add the new name beside the old one, and drop the old one a release later; or write above it `-- audit: allow rename: WHY`
    state/migrations/0002_bad.sql:2 [migrations/rename]
        it renames conversations.title to name; no release has it, but databases of developers may
        → add the new name beside the old one, and drop the old one a release later; or write above it `-- audit: allow rename: WHY`
    ");
}

#[test]
fn rows_are_replaced() {
    assert_snapshot!(refusal("replace"), @r"
    state/migrations/0002_bad.sql:1 [migrations/replace]
        REPLACE deletes rows of threads that are in the way, and with them columns that it does not name
        → write INSERT with ON CONFLICT DO UPDATE or DO NOTHING; or write above it `-- audit: allow replace: WHY`
    state/migrations/0002_bad.sql:2 [migrations/replace]
        REPLACE deletes rows of threads that are in the way, and with them columns that it does not name
        → write INSERT with ON CONFLICT DO UPDATE or DO NOTHING; or write above it `-- audit: allow replace: WHY`
    ");
}

#[test]
fn a_table_that_is_not_strict() {
    assert_snapshot!(refusal("strict"), @r"
    state/migrations/0002_bad.sql:1 [migrations/strict]
        tags is not STRICT: a column would take values of any type
        → write STRICT after the columns; or write above it `-- audit: allow strict: WHY`
    ");
}

#[test]
fn a_moment_without_its_unit() {
    assert_snapshot!(refusal("time"), @r"
    state/migrations/0002_bad.sql:1 [migrations/time]
        visits.seen_at reads like a moment, and is not an INTEGER named `*_ms`
        → store Unix milliseconds in an INTEGER column named `*_ms`; or write above it `-- audit: allow time: WHY`
    state/migrations/0002_bad.sql:1 [migrations/time]
        visits.started_ms reads like a moment, and is not an INTEGER named `*_ms`
        → store Unix milliseconds in an INTEGER column named `*_ms`; or write above it `-- audit: allow time: WHY`
    ");
}

#[test]
fn the_transaction_ends_half_way() {
    assert_snapshot!(refusal("transaction"), @r"
    state/migrations/0002_bad.sql:1 [migrations/transaction]
        all pending migrations are one transaction, and this would end it half way
        → leave it out; or write above it `-- audit: allow transaction: WHY`
    ");
}

#[test]
fn a_string_that_does_not_end() {
    assert_snapshot!(refusal("unclosed"), @r"
    state/migrations/0002_bad.sql:2 [migrations/refused]
        the file ends within a string that begins here
        → write SQL that SQLite runs on an empty database
    ");
}

#[test]
fn a_statement_that_nobody_knows() {
    assert_snapshot!(refusal("unknown"), @r"
    state/migrations/0002_bad.sql:1 [migrations/unknown]
        the audit does not know what `EXPLAIN` does to data
        → write it with statements that it knows, or teach it to xtask/src/migrations/audit/class.rs; or write above it `-- audit: allow unknown: WHY`
    ");
}

#[test]
fn every_row_is_rewritten() {
    assert_snapshot!(refusal("update"), @r"
    state/migrations/0002_bad.sql:1 [migrations/update]
        it rewrites every row of threads, which takes minutes on a large database
        → write a WHERE that says which rows; or write above it `-- audit: allow update: WHY`
    state/migrations/0002_bad.sql:3 [migrations/update]
        it rewrites every row of threads, which takes minutes on a large database
        → write a WHERE that says which rows; or write above it `-- audit: allow update: WHY`
    ");
}

#[test]
fn the_file_is_rewritten() {
    assert_snapshot!(refusal("vacuum"), @r"
    state/migrations/0002_bad.sql:1 [migrations/vacuum]
        VACUUM cannot run in the transaction that migrations run in
        → leave it out; or write above it `-- audit: allow vacuum: WHY`
    ");
}

#[test]
fn something_that_may_be_there_already() {
    assert_snapshot!(refusal("if-not-exists"), @"
    state/migrations/0002_bad.sql:1 [migrations/if-not-exists]
        with IF NOT EXISTS, an object in another form would stay unseen
        → leave that out: a migration knows what the ones before it have made; or write above it `-- audit: allow if-not-exists: WHY`
    state/migrations/0002_bad.sql:2 [migrations/if-not-exists]
        with IF NOT EXISTS, an object in another form would stay unseen
        → leave that out: a migration knows what the ones before it have made; or write above it `-- audit: allow if-not-exists: WHY`
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
