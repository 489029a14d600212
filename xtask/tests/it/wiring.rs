//! Git, Cargo and the crate itself have to know a folder of migrations.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn git_and_cargo_are_told() {
    let house = Fixture::new();
    house.remove("state/build.rs");
    house.write(".gitattributes", "# *.sql text eol=lf\n");
    house.edit("state/src/lib.rs", "include_str!(\"../migrations/0001_threads.sql\")", "\"\"");
    assert_snapshot!(house.migrations(), @r#"
    .gitattributes [migrations/gitattributes]
        git may turn the line endings of SQL into CRLF, and every checksum with them
        → add the line `*.sql text eol=lf`
    state/build.rs [migrations/build-script]
        Cargo does not rebuild when a migration is added
        → write `fn main() { println!("cargo::rerun-if-changed=migrations"); }` there
    state/migrations/0001_threads.sql [migrations/table]
        threadkeep-state does not list it, so it never runs
        → add `"0001_threads"` to the crate's `migrations![…]`
    "#);
}

/// Makes a house whose `state` lists its migrations like this, and nothing else.
fn listing(source: &str) -> Fixture {
    let house = Fixture::new();
    house.edit("state/src/lib.rs", "include_str!(\"../migrations/0001_threads.sql\")", "\"\"");
    house.append("state/src/lib.rs", source);
    house
}

#[test]
fn migrations_are_listed_by_stem_or_by_path() {
    for source in [
        "static M: [MigrationFile; 1] = migrations![\"0001_threads\"];\n",
        "static M: &[MigrationFile] = &threadkeep_sqlite::migrations![\n    \"0001_threads\",\n];\n",
        "static M: &str = include_str!(\"../migrations/0001_threads.sql\");\n",
    ] {
        assert_eq!(listing(source).migrations(), "", "{source}");
    }
    for source in [
        "// migrations![\"0001_threads\"]\n",
        "static M: &str = \"migrations![\\\"0001_threads\\\"]\";\n",
        "static M: [MigrationFile; 2] = migrations![\"0001_thread\", \"0002_threads\"];\n",
        "#[cfg(test)]\nmod tests {\n    static M: [MigrationFile; 1] = migrations![\"0001_threads\"];\n}\n",
    ] {
        let found = listing(source).migrations();
        assert!(
            found.starts_with("state/migrations/0001_threads.sql [migrations/table]"),
            "{source}: {found}"
        );
    }
}
