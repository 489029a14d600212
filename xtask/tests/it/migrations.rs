//! No migration changes unseen, and none is left out.

use insta::assert_snapshot;
use proptest::prelude::{ProptestConfig, prop, prop_assert, proptest};
use xtask::crates::{CrateRule, find};
use xtask::migrations::folder::Migration;
use xtask::migrations::{self, lock, scaffold};

use crate::fixture::Fixture;

fn state() -> &'static CrateRule {
    find("state").unwrap()
}

/// Says that everything up to a version has been released.
fn release(house: &Fixture, version: u32) {
    house.edit("state/migrations.lock", "# released: 0", &format!("# released: {version}"));
}

#[test]
fn the_digest_is_the_one_that_sqlx_stores() {
    let migration = Migration { version: 1, name: "abc".to_owned(), bytes: b"abc".to_vec() };
    // FIPS 180-4's own example for SHA-384.
    let known = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7";
    assert_eq!(migration.digest(), known);
}

#[test]
fn an_edit_before_the_release() {
    let house = Fixture::new();
    house.append("state/migrations/0001_threads.sql", "-- More.\n");
    assert_snapshot!(house.migrations(), @r"
    state/migrations/0001_threads.sql [migrations/changed]
        its bytes are not those that are locked: every database that ran it would refuse this build
        → git checkout HEAD -- state/migrations/0001_threads.sql; or, if it was meant (it is not released): cargo xtask migrations lock state --rewrite-unreleased
    ");
    assert_snapshot!(lock::update(&house.repo(), state(), false).unwrap_err(), @r"
    nothing was locked: locked migrations changed
    state/migrations/0001_threads.sql [migrations/changed]
        its bytes are not those that are locked: every database that ran it would refuse this build
        → git checkout HEAD -- state/migrations/0001_threads.sql; or, if it was meant (it is not released): cargo xtask migrations lock state --rewrite-unreleased
    ");
    assert_eq!(lock::update(&house.repo(), state(), true).unwrap(), ["0001_threads.sql"]);
    assert_eq!(house.migrations(), "");
}

#[test]
fn an_edit_after_the_release() {
    let house = Fixture::new();
    release(&house, 1);
    assert_eq!(house.migrations(), "");
    house.append("state/migrations/0001_threads.sql", "-- More.\n");
    assert_snapshot!(house.migrations(), @r"
    state/migrations/0001_threads.sql [migrations/changed]
        its bytes are not those that are locked: every database that ran it would refuse this build
        → it has been released: git checkout HEAD -- state/migrations/0001_threads.sql; then write a new one with `cargo xtask migrations new state NAME`
    ");
    // Not even when asked to.
    assert_snapshot!(lock::update(&house.repo(), state(), true).unwrap_err(), @r"
    nothing was locked: locked migrations changed
    state/migrations/0001_threads.sql [migrations/changed]
        its bytes are not those that are locked: every database that ran it would refuse this build
        → it has been released: git checkout HEAD -- state/migrations/0001_threads.sql; then write a new one with `cargo xtask migrations new state NAME`
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_of_released_bytes_is_refused(at: prop::sample::Index, flip in 1..=u8::MAX, how in 0..3) {
        let house = Fixture::new();
        release(&house, 1);
        let path = "state/migrations/0001_threads.sql";
        let mut sql = house.read(path).into_bytes();
        let at = at.index(sql.len());
        match how {
            0 => sql[at] ^= flip,
            1 => sql.insert(at, flip),
            _ => drop(sql.remove(at)),
        }
        house.write(path, &sql);
        prop_assert!(house.migrations().contains("[migrations/changed]"), "{how} at {at}");
        prop_assert!(lock::update(&house.repo(), state(), true).is_err(), "{how} at {at}");
    }
}

#[test]
fn a_migration_that_went_or_took_another_name() {
    let house = Fixture::new();
    house.migration("state", "0002_tags.sql", "CREATE TABLE tags (id TEXT) STRICT;\n");
    lock::update(&house.repo(), state(), false).unwrap();
    release(&house, 2);
    house.remove("state/migrations/0001_threads.sql");
    house.migration("state", "0001_thread.sql", "CREATE TABLE threads (id TEXT) STRICT;\n");
    house.remove("state/migrations/0002_tags.sql");
    assert_snapshot!(house.migrations(), @r"
    state/migrations/0001_threads.sql [migrations/changed]
        it is locked under this name, and is now 0001_thread.sql
        → it has been released: git checkout HEAD -- state/migrations/0001_threads.sql; then write a new one with `cargo xtask migrations new state NAME`
    state/migrations/0002_tags.sql [migrations/changed]
        it is locked, and the file is gone
        → it has been released: git checkout HEAD -- state/migrations/0002_tags.sql; then write a new one with `cargo xtask migrations new state NAME`
    ");
}

#[test]
fn a_migration_that_is_not_locked() {
    let house = Fixture::new();
    house.migration("state", "0002_tags.sql", "CREATE TABLE tags (id TEXT) STRICT;\n");
    assert_snapshot!(house.migrations(), @r"
    state/migrations.lock [migrations/lock]
        0002_tags.sql is not locked yet
        → cargo xtask migrations lock state
    state/schema.sql:3 [migrations/schema]
        it is not the schema of a fresh database: `CREATE TABLE threads (id TEXT) STRICT;` should be `CREATE TABLE tags (id TEXT) STRICT;`
        → cargo xtask migrations check state --bless, and read the diff
    ");
    assert_eq!(lock::update(&house.repo(), state(), false).unwrap(), ["0002_tags.sql"]);
    house.bless();
    assert_eq!(house.migrations(), "");
    assert_snapshot!(house.read("state/migrations.lock"), @r"
    # The migrations of threadkeep-state, as committed; written by `cargo xtask migrations lock`, never by hand.
    # A line: version, name, SHA-384 of the file's bytes (which sqlx stores in a database with the version).
    # Versions up to this mark have been released and never change:
    # released: 0
    0001 threads 34830266decb2c193e57539ac4fa3c30e735c3ed13a697f679249687f95a6606c530e0e482b1258f83941b6231fd4ecd
    0002 tags    d53dc6da300802c92a570fdcdef78c456a4f06775900fed30e47eed428c7ba76451c1b9f56ef1e717e85971314660e31
    ");
}

#[test]
fn a_lock_that_is_gone_or_spoiled() {
    let house = Fixture::new();
    let good = house.read("state/migrations.lock");
    house.remove("state/migrations.lock");
    assert_snapshot!(house.migrations(), @r"
    state/migrations.lock [migrations/lock]
        threadkeep-state has migrations and no lock, so that an edit would pass unseen
        → cargo xtask migrations lock state
    ");

    house.write("state/migrations.lock", good.replace("# released: 0\n", ""));
    assert_snapshot!(house.migrations(), @"error: state/migrations.lock: there is no `# released: N` line; restore the file from git");
    house.write("state/migrations.lock", good.replace("# released: 0", "# released: none"));
    assert_snapshot!(house.migrations(), @"error: state/migrations.lock:4: `# released: none` cannot stand here; restore the file from git");
    let refused = |text: String, line: u32| {
        house.write("state/migrations.lock", text);
        let (found, place) = (house.migrations(), format!("error: state/migrations.lock:{line}: `"));
        assert!(found.starts_with(&place) && found.ends_with("restore the file from git"), "{found}");
    };
    refused(good.replace("0001 threads ", "0001 "), 5);
    refused(format!("{} again\n", good.trim_end()), 5);
    refused(format!("{good}{}\n", good.lines().last().unwrap()), 6);
    refused(format!("{good}# released: 1\n"), 6);
    house.write("state/migrations.lock", good.replace("# released: 0", "# released: 7"));
    assert_snapshot!(house.migrations(), @r"
    error: state/migrations.lock: a released version has no line; restore the file from git
    ");
}

#[test]
fn numbers_go_up_one_by_one() {
    let house = Fixture::new();
    house.migration("state", "0003_tags.sql", "SELECT 1;\n");
    assert_snapshot!(house.migrations(), @r"
    state/migrations.lock [migrations/lock]
        0003_tags.sql is not locked yet
        → cargo xtask migrations lock state
    state/migrations/0003_tags.sql [migrations/numbering]
        0003 leaves a gap: versions go up from 0001 one by one, and this should be 0002
        → git mv state/migrations/0003_tags.sql state/migrations/0002_tags.sql
    ");
    assert!(lock::update(&house.repo(), state(), false).unwrap_err().to_string().contains("not in order"));
    house.remove("state/migrations/0003_tags.sql");
    house.migration("state", "0001_tags.sql", "SELECT 1;\n");
    assert!(house.migrations().contains("0001 is there twice"), "{}", house.migrations());
}

#[test]
fn names_have_one_form() {
    let house = Fixture::new();
    for name in
        ["2_tags.sql", "0002-tags.sql", "0002_Tags.sql", "0002_tags_.sql", "0002_tags.SQL", "notes.md"]
    {
        house.write(&format!("state/migrations/{name}"), "SELECT 1;\n");
    }
    assert_snapshot!(house.migrations(), @r"
    state/migrations/0002-tags.sql [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    state/migrations/0002_Tags.sql [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    state/migrations/0002_tags.SQL [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    state/migrations/0002_tags_.sql [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    state/migrations/2_tags.sql [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    state/migrations/notes.md [migrations/name]
        only files named NNNN_snake_case.sql belong here
        → rename it, or move it out of the folder
    ");
}

#[test]
fn bytes_are_the_same_everywhere() {
    let house = Fixture::new();
    house.migration("state", "0002_crlf.sql", "SELECT 1;\r\n");
    house.migration("state", "0003_bom.sql", "\u{feff}SELECT 1;\n");
    house.migration("state", "0004_latin.sql", b"-- caf\xE9\n");
    house.migration("state", "0005_open.sql", "SELECT 1;");
    let found = house.migrations();
    let found: Vec<&str> = found.split_inclusive("\n\n").collect();
    assert_snapshot!(found.concat().replace("[migrations/lock]", "[lock]"), @r"
    state/migrations.lock [lock]
        0002_crlf.sql is not locked yet
        → cargo xtask migrations lock state
    state/migrations.lock [lock]
        0003_bom.sql is not locked yet
        → cargo xtask migrations lock state
    state/migrations.lock [lock]
        0004_latin.sql is not locked yet
        → cargo xtask migrations lock state
    state/migrations.lock [lock]
        0005_open.sql is not locked yet
        → cargo xtask migrations lock state
    state/migrations/0002_crlf.sql [migrations/crlf]
        it has carriage returns: a checkout with LF would have another checksum
        → sed -i 's/\r$//' state/migrations/0002_crlf.sql
    state/migrations/0003_bom.sql [migrations/bom]
        it opens with a byte order mark, which would be part of its checksum
        → save it as UTF-8 without BOM
    state/migrations/0004_latin.sql [migrations/utf8]
        it is not UTF-8, and SQLite would read it differently from you
        → save it as UTF-8
    state/migrations/0005_open.sql [migrations/newline]
        it does not end with a newline, which the next editor will add
        → echo >> state/migrations/0005_open.sql
    ");
}

#[test]
fn only_owners_have_migrations() {
    let house = Fixture::new();
    house.write("backfill/migrations/0001_progress.sql", "SELECT 1;\n");
    house.member("state-goals", "threadkeep-state-goals", "");
    assert_snapshot!(house.migrations(), @r"
    backfill/migrations/ [migrations/owner]
        threadkeep-backfill owns no database, so it has no migrations
        → move them to the crate that owns the database they are for
    state-goals/migrations/ [migrations/missing]
        threadkeep-state-goals owns a database and has no migrations
        → cargo xtask migrations new state-goals NAME
    ");
    let error = migrations::owners(&house.repo(), Some("backfill")).unwrap_err();
    assert_snapshot!(error, @"`backfill` owns no database; those that do are: state, state-goals");
}

#[test]
fn the_next_one_is_made_and_locked() {
    let house = Fixture::new();
    let next = scaffold::new(&house.repo(), state(), "thread_tags").unwrap();
    assert!(
        next.starts_with("state/migrations/0002_thread_tags.sql is made and locked. Next:\n  1. "),
        "{next}"
    );
    assert_eq!(
        house.read("state/migrations/0002_thread_tags.sql"),
        "-- thread tags: say what changes, and why.\n"
    );
    assert_snapshot!(house.migrations(), @r#"
    state/migrations/0002_thread_tags.sql [migrations/table]
        threadkeep-state does not list it, so it never runs
        → add `"0002_thread_tags"` to the crate's `migrations![…]`
    "#);
    // Its hook is empty, and read as one.
    assert!(house.read("state/fixtures/0002_thread_tags.sql").contains("\n--! before\n"));
    assert_snapshot!(crate::databases::check(&house, "fixtures"), @"
    state/fixtures/live.sql [migrations/fixture]
        without it, nothing is written while several versions are at work
        → write there one INSERT with ?1, and a SELECT that lists what it wrote
    ");
    assert_snapshot!(scaffold::new(&house.repo(), state(), "thread_tags").unwrap_err(), @"state/migrations/0002_thread_tags.sql has that name already: choose another");
    assert_snapshot!(scaffold::new(&house.repo(), state(), "Thread-Tags").unwrap_err(), @"`Thread-Tags` is no name for a migration: write lower-case words joined by `_`, like `thread_tags`");
}

#[test]
fn the_first_one_is_made_too() {
    let house = Fixture::new();
    house.member("state-goals", "threadkeep-state-goals", "");
    let goals = find("state-goals").unwrap();
    scaffold::new(&house.repo(), goals, "goals").unwrap();
    assert!(house.read("state-goals/migrations/0001_goals.sql").starts_with("-- goals: "));
    assert!(house.read("state-goals/migrations.lock").contains("0001 goals "));
}
