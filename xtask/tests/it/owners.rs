//! Every table and every database file has one owner.

use insta::assert_snapshot;
use xtask::layers::owners::created_tables;

use crate::fixture::Fixture;

#[test]
fn a_table_of_two_crates() {
    let house = Fixture::new();
    house.write(
        "state-goals/migrations/0001_goals.sql",
        "CREATE TABLE IF NOT EXISTS \"Threads\" (id TEXT) STRICT;\n",
    );
    assert_snapshot!(house.layers(), @r"
    state-goals/migrations/0001_goals.sql [layers/tables]
        it creates `threads`, which is a table of threadkeep-state (state/migrations/0001_threads.sql)
        → ask that crate through its public API, or give this table a name of its own
    ");
}

#[test]
fn tables_are_read_from_sql_and_not_from_comments() {
    let sql = "-- CREATE TABLE a (x);\n/* create table b */ INSERT INTO t VALUES ('create table c');\n\
        CREATE TEMP TABLE d (x); create\n  virtual table if not exists `e` USING fts5(x); CREATE INDEX f ON d (x);";
    assert_eq!(created_tables(sql), ["d", "e"]);
}

#[test]
fn a_file_named_by_someone_else() {
    let house = Fixture::new();
    house.append(
        "cli/src/lib.rs",
        "/// Opens `goals_1.sqlite`.\nfn open(home: &str) -> String {\n    format!(\"{home}/state_5.sqlite-wal\")\n}\n\
         #[cfg(test)]\nmod tests {\n    const FILE: &str = \"logs_2.sqlite\";\n}\n",
    );
    house.append(
        "state/src/lib.rs",
        "const FILE: &str = \"state_5.sqlite\";\nconst OTHER: &str = \"cache_1.sqlite\";\n",
    );
    assert_snapshot!(house.layers(), @r"
    cli/src/lib.rs:9 [layers/databases]
        it names state_5.sqlite, the file of threadkeep-state
        → take the name from threadkeep-state's public API
    state/src/lib.rs:9 [layers/databases]
        it names cache_1.sqlite, which no crate of the design owns
        → use the database of this crate; a new one is a row in xtask/src/house.rs
    ");
}
