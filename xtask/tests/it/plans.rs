//! Plans of a store's statements: they are recorded, and reading a whole table is reported.

use std::path::Path;

use insta::assert_snapshot;
use threadkeep_sqlite::{DbKind, DbSpec};
use xtask::crates::find;
use xtask::finding::render;
use xtask::migrations::stores::{Store, Work};
use xtask::migrations::{Owner, Run, Task, plans};

use crate::fixture::Fixture;

static SPEC: DbSpec = DbSpec::new("state", "state_5.sqlite", DbKind::Rebuildable, 1, &[]);
static STORE: Store =
    Store { package: "threadkeep-state", spec: &SPEC, queues: &[], statements: registered, exercise };

fn registered() -> Vec<(String, String)> {
    let statement = |name: &str, sql: &str| (name.to_owned(), sql.to_owned());
    vec![
        statement("by id", "SELECT id FROM threads WHERE id = ?1 AND rowid > 0"),
        statement("by ids", "SELECT t.id FROM json_each(?1) AS j CROSS JOIN threads AS t ON t.id = j.value"),
        statement("made", "WITH n (id) AS (VALUES (1), (2)) SELECT id FROM n"),
    ]
}

fn exercise(_: &Path) -> Work<'_> {
    Box::pin(async { Ok(()) })
}

/// Checks the plans of the store in a house.
fn found(house: &Fixture, bless: bool) -> String {
    let repo = house.repo();
    let owner = Owner { store: Some(&STORE), ..Owner::read(&repo, find("state").unwrap()).unwrap() };
    let run = Run { bless, ..Run::new(&repo, Path::new("")) };
    render(&plans::audit(&Task::new(&run, &owner)).unwrap())
}

fn house(source: &str) -> Fixture {
    let house = Fixture::new();
    house.write(
        "state/migrations/0001_threads.sql",
        "CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT) STRICT;\n",
    );
    house.write("state/src/threads/read.rs", format!("//! Reads.\n{source}"));
    house
}

#[test]
fn plans_are_a_snapshot_of_what_is_registered_and_what_the_source_holds() {
    let house = house(
        "const RENAME: &str = \"UPDATE threads SET title = ?2\n    WHERE id = ?1\";\n\
         fn by_id() -> String {\n    format!(\"SELECT id FROM threads WHERE id = ?1 AND {}\", \"rowid > 0\")\n}\n\
         impl Store {\n    fn forget(&self) {\n        run(\"DELETE FROM threads WHERE id = ?1\");\n        \
         run(\"DELETE FROM threads WHERE id = ?2\");\n    }\n}\n",
    );
    assert_snapshot!(found(&house, false), @"
    state/plans.txt:1 [migrations/plans]
        it is not the list of the store's plans: `# How SQLite answers the statements of threadkeep-state; written by `cargo xtask migrations check --bless`,` is missing
        → cargo xtask migrations check state --bless, and read the diff
    ");
    assert_eq!(found(&house, true), "");
    assert_snapshot!(house.read("state/plans.txt"), @"
    # How SQLite answers the statements of threadkeep-state; written by `cargo xtask migrations check --bless`,
    # but for lines `# allow STATEMENT: WHY`, which stay.

    CO-ROUTINE n
      SCAN 2 CONSTANT ROWS
    SCAN n
        made

    SCAN j VIRTUAL TABLE INDEX 1:
    SEARCH t USING COVERING INDEX sqlite_autoindex_threads_1 (id=?)
        by ids

    SEARCH threads USING COVERING INDEX sqlite_autoindex_threads_1 (id=?)
        by id

    SEARCH threads USING INDEX sqlite_autoindex_threads_1 (id=?)
        threads::read::RENAME
        threads::read::forget
        threads::read::forget (2)
    ");
    assert_eq!(found(&house, false), "");
}

#[test]
fn what_reads_a_whole_table_or_sorts_needs_a_reason() {
    let house = house(
        "fn all() {\n    run(\"SELECT id FROM threads\");\n    run(\"SELECT id FROM threads AS t ORDER BY title\");\n}\n",
    );
    assert_eq!(found(&house, true).matches("[migrations/plan]").count(), 2);
    assert_snapshot!(found(&house, false), @"
    state/plans.txt [migrations/plan]
        `threads::read::all (2)` reads a whole table or sorts: SCAN t
        → give it an index; or write `# allow threads::read::all (2): WHY` at the head of state/plans.txt
    state/plans.txt [migrations/plan]
        `threads::read::all` reads a whole table or sorts: SCAN threads USING COVERING INDEX sqlite_autoindex_threads_1
        → give it an index; or write `# allow threads::read::all: WHY` at the head of state/plans.txt
    ");
    house.edit(
        "state/plans.txt",
        "stay.\n",
        "stay.\n# allow threads::read::all*: the table is small\n# allow made: why not\n",
    );
    assert_snapshot!(found(&house, false), @"
    state/plans.txt:4 [migrations/allow]
        it allows `made`, and no statement of that name needs it
        → remove the line
    ");
    house.edit("state/plans.txt", "# allow made: why not\n", "");
    assert_eq!(found(&house, false), "");
    // It stays when the rest is rewritten.
    house.append(
        "state/src/threads/read.rs",
        "const ONE: &str = \"SELECT title FROM threads WHERE id = ?1\";\n",
    );
    assert_eq!(found(&house, true), "");
    assert_eq!(found(&house, false), "");
}

#[test]
fn no_statement_is_left_out_or_wrong() {
    let house = house(
        "fn read() {\n    run(\"SELECT * FROM threads WHERE id = ?1\");\n    run(\"UPDATE threads SET title = 2 * ?1 WHERE id = ?2 RETURNING *\");\n    run(\"SELECT name FROM threads WHERE id = ?1\");\n    \
         run(&format!(\"SELECT count(*) FROM {table}, threads WHERE title IS NULL\"));\n    \
         run(\"SELECT a smaller part\");\n    run(\"INSERT OR REPLACE INTO threads (id) SELECT replace(?1, '-', '')\");\n}\n#[cfg(test)]\nmod tests {\n    const T: &str = \"SELECT x FROM nowhere\";\n}\n",
    );
    found(&house, true);
    assert_snapshot!(found(&house, false), @"
    state/src/threads/read.rs:5 [migrations/statement]
        SQLite refuses it on a fresh database: no such column: name
        → correct the statement, or add what it needs with a migration
    state/src/threads/read.rs:6 [migrations/unregistered]
        no registered statement has `SELECT count(*) FROM`, so nobody looks at its plan
        → add it to `statements()` of threadkeep-state
    state/src/threads/read.rs:7 [migrations/unregistered]
        no registered statement has `SELECT a smaller part`, so nobody looks at its plan
        → add it to `statements()` of threadkeep-state
    threadkeep-state [migrations/replaces]
        `threads::read::read (3)` replaces rows: columns that a newer program has added are lost with the old row
        → write INSERT … ON CONFLICT (…) DO UPDATE SET …, or DO NOTHING
    threadkeep-state [migrations/select-all]
        `threads::read::read (2)` reads `*`: UPDATE threads SET title = 2 * ?1 WHERE id = ?2 RETURNING * means something else once a newer program adds a column
        → name the columns
    threadkeep-state [migrations/select-all]
        `threads::read::read` reads `*`: SELECT * FROM threads WHERE id = ?1 means something else once a newer program adds a column
        → name the columns
    ");
}

#[test]
fn a_statement_that_is_prepared_at_each_run_is_refused() {
    let house = house("const PAGE: &str = \"SELECT id FROM threads WHERE id > ?1 ORDER BY id LIMIT ?2\";\n");
    assert_snapshot!(found(&house, true), @"
    state/plans.txt [migrations/prepare]
        SQLite prepares `threads::read::PAGE` again at each run, because its plan depends on a value
        → hide the value from the planner: write `LIMIT +?1` and not `LIMIT ?1`
    ");
    house.edit("state/src/threads/read.rs", "LIMIT ?2", "LIMIT +?2");
    assert_eq!(found(&house, true), "");
}
