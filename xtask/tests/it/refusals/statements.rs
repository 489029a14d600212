//! Statements that the audit refuses by what they do.

use insta::assert_snapshot;

use super::refusal;

#[test]
fn another_file() {
    assert_snapshot!(refusal("attach"), @r"
    state/migrations/0002_bad.sql:1 [migrations/attach]
        a migration changes one file
        → leave it out; or write above it `-- audit: allow attach: WHY`
    state/migrations/0002_bad.sql:2 [migrations/attach]
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
    state/migrations/0002_bad.sql:3 [migrations/delete]
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
    state/migrations/0002_bad.sql:4 [migrations/contract]
        it removes threads.size, and the release at 0001 still reads and writes threads
        → add the new next to it, and remove the old once no release reads it; or write above it `-- audit: allow contract: WHY`
    state/migrations/0002_bad.sql:4 [migrations/drop]
        it drops the column threads.size; the release at 0001 uses it, and may be running on the same file
        → leave it: stop using it now, and drop it a release later; or write above it `-- audit: allow drop: WHY`
    state/migrations/0002_bad.sql:6 [migrations/drop]
        it drops trigger keep; no release has it, but databases of developers may
        → leave it: stop using it now, and drop it a release later; or write above it `-- audit: allow drop: WHY`
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
        → add the new name next to the old one, and drop the old one a release later; or write above it `-- audit: allow rename: WHY`
    state/migrations/0002_bad.sql:2 [migrations/rename]
        it renames conversations.title to name; no release has it, but databases of developers may
        → add the new name next to the old one, and drop the old one a release later; or write above it `-- audit: allow rename: WHY`
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
    state/migrations/0002_bad.sql:3 [migrations/replace]
        REPLACE deletes rows of threads that are in the way, and with them columns that it does not name
        → write INSERT with ON CONFLICT DO UPDATE or DO NOTHING; or write above it `-- audit: allow replace: WHY`
    state/migrations/0002_bad.sql:4 [migrations/replace]
        REPLACE deletes rows of threads that are in the way, and with them columns that it does not name
        → write INSERT with ON CONFLICT DO UPDATE or DO NOTHING; or write above it `-- audit: allow replace: WHY`
    ");
}

#[test]
fn the_transaction_ends_half_way() {
    assert_snapshot!(refusal("transaction"), @r"
    state/migrations/0002_bad.sql:1 [migrations/transaction]
        all pending migrations are one transaction, and this would end it half way
        → leave it out; or write above it `-- audit: allow transaction: WHY`
    state/migrations/0002_bad.sql:2 [migrations/transaction]
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
fn a_statement_without_an_effect() {
    assert_snapshot!(refusal("unknown"), @r"
    state/migrations/0002_bad.sql:1 [migrations/unknown]
        EXPLAIN changes nothing
        → leave it out; or write above it `-- audit: allow unknown: WHY`
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
