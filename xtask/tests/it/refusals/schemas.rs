//! Tables, columns and indexes that a check of the schema refuses.

use insta::assert_snapshot;

use super::{refusal, refusal_of};
use crate::fixture::Fixture;

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
fn one_of_a_few_values_is_not_checked() {
    assert_snapshot!(refusal("enumeration"), @r"
    state/migrations/0002_bad.sql:1 [migrations/enumeration]
        jobs.is_new reads like one of a few values, and takes any
        → write CHECK (column IN (…)); or write above it `-- audit: allow enumeration: WHY`
    state/migrations/0002_bad.sql:1 [migrations/enumeration]
        jobs.kind reads like one of a few values, and takes any
        → write CHECK (column IN (…)); or write above it `-- audit: allow enumeration: WHY`
    state/migrations/0002_bad.sql:1 [migrations/enumeration]
        jobs.status reads like one of a few values, and takes any
        → write CHECK (column IN (…)); or write above it `-- audit: allow enumeration: WHY`
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
    state/migrations/0002_bad.sql:8 [migrations/foreign-key-index]
        threads (first_id) points to threads without an index: every deletion there reads all of threads
        → create an index that begins with these columns; or write above it `-- audit: allow foreign-key-index: WHY`
    state/migrations/0002_bad.sql:10 [migrations/foreign-key-index]
        visits (y, x) points to places without an index: every deletion there reads all of visits
        → create an index that begins with these columns; or write above it `-- audit: allow foreign-key-index: WHY`
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
