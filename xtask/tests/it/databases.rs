//! Each part of the check, on real databases with real processes: it passes and fails as it should.

use std::path::Path;

use insta::assert_snapshot;
use threadkeep_sqlite::{DbKind, DbSpec};
use xtask::crates::find;
use xtask::finding::render;
use xtask::migrations::scenarios;
use xtask::migrations::stores::{Store, Work};
use xtask::migrations::{DYNAMIC, Owner, Run, Task, test_database};

use crate::fixture::Fixture;

const FIRST: &str = "CREATE TABLE threads (id TEXT NOT NULL PRIMARY KEY, title TEXT, size INTEGER NOT NULL DEFAULT 0) STRICT;\n\
    CREATE TABLE tags (thread_id TEXT NOT NULL PRIMARY KEY REFERENCES threads (id), tag TEXT NOT NULL) STRICT;\n";

/// Makes a house whose second migration is this one, with rows for what the first one made.
pub(crate) fn house(second: &str, hook: &str) -> Fixture {
    let house = Fixture::new();
    house.write("state/migrations/0001_threads.sql", FIRST);
    house.write(
        "state/fixtures/0001_threads.sql",
        "--! fill\nINSERT INTO threads (id, title) VALUES ('a', 'A'), ('b', NULL);\nINSERT INTO tags VALUES ('a', 'red');\n",
    );
    house.write(
        "state/fixtures/live.sql",
        "INSERT INTO threads (id, title) VALUES (?1, 'live');\nSELECT id FROM threads WHERE title = 'live';\n",
    );
    house.migration("state", "0002_more.sql", second);
    if !hook.is_empty() {
        house.write("state/fixtures/0002_more.sql", hook);
    }
    house
}

/// Runs one part of the check, or all when it has no name, with real processes.
pub(crate) fn check(house: &Fixture, part: &str) -> String {
    let parts: Vec<_> = DYNAMIC.iter().filter(|one| part.is_empty() || one.name == part).copied().collect();
    assert!(!parts.is_empty(), "there is no part {part}");
    let repo = house.repo();
    let run = Run { rounds: 3, ..Run::new(&repo, Path::new(env!("CARGO_BIN_EXE_xtask"))) };
    match run.check(&parts, |_, _| ()) {
        Ok(found) => render(&found),
        Err(error) => format!("error: {error:#}"),
    }
}

pub(crate) const GOOD: &str = "ALTER TABLE threads ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';\n\
    CREATE TABLE visits (id INTEGER PRIMARY KEY) STRICT;\n\
    INSERT INTO visits (id) VALUES (1);\n\
    UPDATE threads SET size = 1 WHERE title IS NULL;\n";
pub(crate) const GOOD_HOOK: &str = "--! before\nINSERT INTO threads (id) VALUES ('c');\n\
    --! rows: visits +1\n--! after\nSELECT count(*) = 2 FROM threads WHERE size = 1;\n";

#[test]
fn a_good_migration_passes_every_part() {
    assert_eq!(check(&house(GOOD, GOOD_HOOK), ""), "");
}

#[test]
fn rows_that_change_unseen() {
    let house = house(GOOD, "");
    assert_snapshot!(check(&house, "upgrade"), @"
    state/migrations/0002_more.sql [migrations/upgrade]
        it changes data, and its hook asks nothing after it
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        it changes the number of rows of visits by 1, and 0 is declared
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    ");
}

#[test]
fn rows_that_are_lost_or_not_there() {
    let house = house(
        "DELETE FROM threads WHERE title IS NULL;\nCREATE TABLE visits (id INTEGER PRIMARY KEY) STRICT;\n\
         CREATE TABLE places (id INTEGER PRIMARY KEY) STRICT;\n",
        "--! rows: visits +1, moves -1\n--! after\nSELECT count(*) = 0 FROM threads;\nSELECT nothing FROM threads;\n",
    );
    assert_snapshot!(check(&house, "upgrade"), @r#"
    state/migrations/0002_more.sql [migrations/upgrade]
        it changes the number of rows of threads by -1, and 0 is declared
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        it changes the number of rows of visits by 0, and 1 is declared
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        no rows are in places, visits: the next migration would be tried on nothing
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        rows are declared for moves, which is no table
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        state/fixtures/0002_more.sql:3 is not true: `SELECT count(*) = 0 FROM threads` gives 0
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    state/migrations/0002_more.sql [migrations/upgrade]
        state/fixtures/0002_more.sql:4 is not true: `SELECT nothing FROM threads` gives near "nothing": syntax error
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    "#);
}

#[test]
fn rows_that_point_to_nothing() {
    let house = house(
        "INSERT INTO tags (thread_id, tag) VALUES ('nobody', 'blue');\n",
        "--! rows: tags +1\n--! after\nSELECT 1;\n",
    );
    let found = check(&house, "upgrade");
    assert!(found.contains("the upgrade from an empty database fails: it cannot be opened"), "{found}");
    assert!(found.contains("rows are left that point to rows which are gone"), "{found}");
}

#[test]
fn fixtures_that_nobody_uses_or_wrote() {
    let house = house(GOOD, GOOD_HOOK);
    house.remove("state/fixtures/live.sql");
    house.write("state/fixtures/0002_other.sql", "--! fill\nSELECT 1;\n");
    house.write("state/fixtures/0003_later.sql", "--! fill\nSELECT 1;\n");
    house.write("state/fixtures/v2.sql", "SELECT 1;\n");
    house.write("state/fixtures/notes.txt", "Notes.\n");
    assert_snapshot!(check(&house, "fixtures"), @"
    state/fixtures/0002_other.sql [migrations/fixture]
        no migration has this name, so the hook is never used
        → name it like its migration, or remove it
    state/fixtures/0003_later.sql [migrations/fixture]
        no migration has this name, so the hook is never used
        → name it like its migration, or remove it
    state/fixtures/live.sql [migrations/fixture]
        without it, nothing is written while several versions are at work
        → write there one INSERT with ?1, and a SELECT that lists what it wrote
    state/fixtures/notes.txt [migrations/fixture]
        it is no fixture: nothing reads it
        → name it NNNN_name.sql, vN.sql, vN.statements.sql or live.sql, or remove it
    state/fixtures/v2.sql [migrations/fixture]
        version 2 has not been released: the mark is at 0
        → remove it: `cargo xtask migrations freeze` writes it at a release
    ");
    house.write("state/fixtures/0002_more.sql", "SELECT 1;\n");
    assert_snapshot!(check(&house, "fixtures"), @"error: state/fixtures/0002_more.sql:1: statements stand in a section `--! before`, `--! after` or `--! fill`");
    house.write("state/fixtures/0002_more.sql", "--! before\n--! rows: visits\n");
    assert_snapshot!(check(&house, "fixtures"), @"error: state/fixtures/0002_more.sql:2: not `--! rows: TABLE +1, TABLE -2`: a change of the number of rows");
    house.write("state/fixtures/0002_more.sql", "--! fill\nINSERT INTO visits VALUES ('one);\n");
    assert_snapshot!(check(&house, "fixtures"), @"error: state/fixtures/0002_more.sql: the string that begins in line 2 does not end");
    house.remove("state/fixtures/0002_more.sql");
    house.write("state/fixtures/live.sql", "SELECT 1;\n");
    assert_snapshot!(check(&house, "fixtures"), @"error: state/fixtures/live.sql: it holds one INSERT with `?1` and one SELECT that lists what was written");
}

#[test]
fn a_second_run_that_changes_something() {
    let house = house(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY) STRICT;\nDELETE FROM _sqlx_migrations WHERE version = 1;\n",
        "--! fill\nINSERT INTO visits VALUES (1);\n",
    );
    house.edit("state/migrations/0001_threads.sql", "CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ");
    assert_snapshot!(check(&house, "twice"), @r#"
    state/migrations [migrations/twice]
        a second run changes {"state_5.sqlite", "state_5.sqlite.before-v2", "state_5.sqlite.lock"}
        → let nothing in a migration touch what the migrator keeps, and nothing run at every opening
    "#);
}

#[test]
fn a_kill_that_leaves_something_in_between() {
    let house = house(
        // Commits half way, and gives the migrator back the savepoint that it expects.
        "CREATE TABLE visits (id INTEGER PRIMARY KEY) STRICT;\nCOMMIT;\nBEGIN;\nSAVEPOINT _sqlx_savepoint_1;\n\
         INSERT INTO visits (id) VALUES (1);\n",
        "--! rows: visits +1\n--! after\nSELECT count(*) = 1 FROM visits;\n",
    );
    let found = check(&house, "crash");
    assert!(found.contains("neither before nor after"), "{found}");
}

#[test]
fn processes_that_make_different_things() {
    let house = house(
        "INSERT INTO threads (id) SELECT hex(randomblob(16));\n",
        "--! rows: threads +1\n--! after\nSELECT count(*) = 3 FROM threads;\n",
    );
    assert_snapshot!(check(&house, "race"), @"
    state/migrations [migrations/race]
        round 1 of 8 processes: the database is not what one process alone makes of it
        → let a migration do the same wherever it runs; or check the locks taken at opening: state/sqlite/src
    ");
}

#[test]
fn texts_that_are_lost_while_two_versions_write() {
    let house = house(
        "DELETE FROM threads WHERE title = 'live';\n",
        "--! before\nINSERT INTO threads (id, title) VALUES ('l', 'live');\n\
         --! rows: threads -1\n--! after\nSELECT count(*) = 2 FROM threads;\n",
    );
    let found = check(&house, "mix");
    assert!(
        found.contains("committed texts are not there once, first `version 1, program 0, text 0`"),
        "{found}"
    );
}

#[test]
fn an_old_program_that_is_told_to_stop_has_lost_nothing() {
    let house = house(&format!("{GOOD}PRAGMA user_version = 2;\n"), GOOD_HOOK);
    assert_eq!(check(&house, "mix"), "");
    assert_eq!(check(&house, "backward"), "");
}

#[test]
fn an_old_program_that_can_no_longer_write() {
    let house = house(
        "CREATE TRIGGER threads_have_titles BEFORE INSERT ON threads WHEN new.title IS NULL\n\
         BEGIN SELECT raise(ABORT, 'a title is missing'); END;\n",
        "",
    );
    assert_snapshot!(check(&house, "backward"), @"
    state/migrations [migrations/backward]
        a program of version 1 on today's database: it writes `INSERT INTO threads (id, title) VALUES ('a', 'A'), ('b', NULL)`: error returned from database: (code: 1811) a title is missing: (code: 1811) a title is missing
        → add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it to stop
    ");
    assert!(check(&house, "mix").is_empty(), "what it writes there has titles");
}

#[test]
fn an_old_program_that_can_no_longer_read() {
    let house = house("ALTER TABLE tags RENAME COLUMN tag TO label;\n", "");
    assert_snapshot!(check(&house, "backward"), @"
    state/migrations [migrations/backward]
        a program of version 1 on today's database: it reads tags: no such column: tags.tag: Error code 1: SQL logic error
        → add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it to stop
    ");
}

static SPEC: DbSpec = DbSpec::new("state", "state_5.sqlite", DbKind::Rebuildable, 1, &[]);

fn nothing() -> Vec<(String, String)> {
    Vec::new()
}

/// Tries a store on a database of the future.
fn forward(exercise: fn(&Path) -> Work<'_>) -> String {
    let house = house(GOOD, GOOD_HOOK);
    let store = Box::leak(Box::new(Store {
        package: "threadkeep-state",
        spec: &SPEC,
        queues: &[],
        statements: nothing,
        exercise,
    }));
    let repo = house.repo();
    let owner = Owner { store: Some(store), ..Owner::read(&repo, find("state").unwrap()).unwrap() };
    let run = Run::new(&repo, Path::new(""));
    render(&scenarios::forward(&Task::new(&run, &owner)).unwrap())
}

fn run(folder: &Path, sql: &str) -> Work<'static> {
    let done = test_database::connect(&folder.join("state_5.sqlite"))
        .and_then(|connection| Ok(connection.execute_batch(sql)?));
    Box::pin(async { done })
}

#[test]
fn a_store_that_updates_keeps_what_it_does_not_know() {
    let updates = |folder: &Path| {
        run(folder, "INSERT INTO threads (id) VALUES ('e') ON CONFLICT (id) DO UPDATE SET title = 'E'")
    };
    assert_eq!(forward(updates), "");
}

#[test]
fn a_store_that_replaces_loses_what_it_does_not_know() {
    let replaces = |folder: &Path| run(folder, "INSERT OR REPLACE INTO threads (id) VALUES ('e')");
    assert_snapshot!(forward(replaces), @r#"
    state/migrations [migrations/forward]
        rows of threads have lost a column that the store does not know: ["'e'"]
        → name the columns that a statement writes, update rows rather than replace them, and delete only what is meant
    "#);
    let counts = |folder: &Path| run(folder, "DELETE FROM visits; INSERT INTO visits VALUES (NULL)");
    assert_snapshot!(forward(counts), @"
    state/migrations [migrations/forward]
        on a database of the future: table visits has 2 columns but 1 values were supplied: Error code 1: SQL logic error
        → name the columns that a statement writes, update rows rather than replace them, and delete only what is meant
    ");
    let deletes = |folder: &Path| run(folder, "DELETE FROM tags");
    assert_snapshot!(forward(deletes), @"
    state/migrations [migrations/forward]
        every row of tags is gone
        → name the columns that a statement writes, update rows rather than replace them, and delete only what is meant
    ");
}
