//! Every database file has one owner, and no library prints.

use insta::assert_snapshot;

use crate::fixture::Fixture;

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
        → use the database of this crate; a new one is a row in xtask/src/crates.rs
    ");
}

#[test]
fn a_library_that_prints() {
    let house = Fixture::new();
    let lib = house.read("backfill/src/lib.rs");
    house
        .write("backfill/src/lib.rs", format!("{lib}#![allow(clippy::print_stdout, reason = \"a test\")]\n"));
    assert_snapshot!(house.layers(), @r"
    backfill/src/lib.rs:1 [layers/prints]
        threadkeep-backfill is a library, and allows itself to print
        → return the text, and let `cli` print it
    ");
}
