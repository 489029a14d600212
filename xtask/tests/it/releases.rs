//! Records of a release: how they are made, and how later checks use them.

use std::path::Path;

use insta::assert_snapshot;
use xtask::crates::find;
use xtask::migrations::{Run, freeze, lock};

use crate::databases::{GOOD, GOOD_HOOK, check, house};
use crate::fixture::Fixture;

/// Makes a house that is in order, with two migrations, before its first release.
fn ready() -> Fixture {
    let house = house(GOOD, GOOD_HOOK);
    lock::update(&house.repo(), find("state").unwrap(), true).unwrap();
    house.bless();
    house
}

fn release(house: &Fixture) -> anyhow::Result<Vec<String>> {
    let repo = house.repo();
    freeze::freeze(&Run { rounds: 3, ..Run::new(&repo, Path::new(env!("CARGO_BIN_EXE_xtask"))) })
}

#[test]
fn a_release_keeps_what_its_databases_hold() {
    let house = ready();
    assert_eq!(release(&house).unwrap(), ["state/fixtures/v2.sql", "state/migrations.lock"]);
    assert!(house.read("state/migrations.lock").contains("# released: 2\n"));
    assert_snapshot!(house.read("state/fixtures/v2.sql"), @r#"
    -- Rows of a database of threadkeep-state at version 2; written by `cargo xtask migrations freeze`, never by hand.
    INSERT INTO "tags" ("thread_id", "tag") VALUES ('a', 'red');
    INSERT INTO "threads" ("id", "title", "size", "colour") VALUES ('a', 'A', 0, 'blue');
    INSERT INTO "threads" ("id", "title", "size", "colour") VALUES ('b', NULL, 1, 'blue');
    INSERT INTO "threads" ("id", "title", "size", "colour") VALUES ('c', NULL, 1, 'blue');
    INSERT INTO "visits" ("id") VALUES (1);
    "#);
    assert_eq!(house.migrations() + &check(&house, ""), "");
    assert_eq!(release(&house).unwrap(), [""; 0], "nothing is new");
}

#[test]
fn what_is_not_in_order_is_not_released() {
    let house = ready();
    house.edit("state/fixtures/0002_more.sql", "= 2", "= 3");
    assert_snapshot!(release(&house).unwrap_err(), @"
    nothing was frozen: the migrations are not in order
    state/migrations/0002_more.sql [migrations/upgrade]
        state/fixtures/0002_more.sql:5 is not true: `SELECT count(*) = 3 FROM threads WHERE size = 1` gives 0
        → write it into state/fixtures/0002_more.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    ");
    assert!(house.read("state/migrations.lock").contains("# released: 0\n"));
}

#[test]
fn a_release_is_upgraded_and_goes_on_to_work() {
    let house = ready();
    release(&house).unwrap();
    house.write(
        "state/fixtures/v2.statements.sql",
        "-- tags of a thread\nSELECT tag FROM tags WHERE thread_id = ?1;\n",
    );
    house.migration(
        "state",
        "0003_later.sql",
        "-- audit: allow rename: a test\n-- audit: allow contract: a test\n\
        ALTER TABLE tags RENAME COLUMN tag TO label;\n",
    );
    lock::update(&house.repo(), find("state").unwrap(), false).unwrap();
    house.bless();
    assert_eq!(house.migrations(), "", "it was allowed");
    assert_eq!(check(&house, "upgrade"), "", "and no row is lost");
    assert_snapshot!(check(&house, "backward"), @r#"
    state/migrations [migrations/backward]
        a program of version 2 on today's database: it writes `INSERT INTO "tags" ("thread_id", "tag") VALUES ('a', 'red')`: error returned from database: (code: 1) table tags has no column named tag: (code: 1) table tags has no column named tag
        → add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it to stop
    "#);
    house.append("state/migrations/0003_later.sql", "ALTER TABLE tags ADD COLUMN tag TEXT;\n");
    assert_snapshot!(check(&house, "backward"), @r#"
    state/migrations [migrations/backward]
        a program of version 2 on today's database: it writes `INSERT INTO "tags" ("thread_id", "tag") VALUES ('a', 'red')`: error returned from database: (code: 1299) NOT NULL constraint failed: tags.label: (code: 1299) NOT NULL constraint failed: tags.label
        → add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it to stop
    "#);
    house.write(
        "state/migrations/0003_later.sql",
        "CREATE INDEX tags_by_tag ON tags (tag);\nDROP INDEX IF EXISTS threads_by_title;\n",
    );
    assert_eq!(check(&house, "backward"), "");
    house.append(
        "state/fixtures/v2.statements.sql",
        "-- large threads\nSELECT id FROM threads WHERE length > 9;\n",
    );
    assert_snapshot!(check(&house, "backward"), @"
    state/migrations [migrations/backward]
        a program of version 2 on today's database: it runs `large threads`: no such column: length: Error code 1: SQL logic error
        → add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it to stop
    ");
    house.write(
        "state/migrations/0003_later.sql",
        "ALTER TABLE tags ADD COLUMN old TEXT;\nUPDATE tags SET tag = 'blue';\n",
    );
    // What a release left is never edited; when it is, it no longer fits.
    house.append("state/fixtures/v2.sql", "INSERT INTO tags (thread_id, tag) VALUES ('nobody', 'blue');\n");
    assert_snapshot!(check(&house, "upgrade"), @"
    state/fixtures/v2.sql [migrations/upgrade]
        it cannot be loaded: foreign_key_check finds 1 rows that point to nothing (tags → threads)
        → restore it from git: it is what a release left
    state/migrations/0003_later.sql [migrations/upgrade]
        it changes data, and its hook asks nothing after it
        → write it into state/fixtures/0003_later.sql, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration
    ");
}
