//! Git, Cargo and the crate itself have to know a folder of migrations.

use insta::assert_snapshot;

use std::path::Path;

use threadkeep_sqlite::{DbKind, DbSpec, MigrationFile};
use xtask::crates::find;
use xtask::finding::render;
use xtask::migrations::stores::Store;
use xtask::migrations::{Owner, Run, Task, wiring};

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
        "#[cfg(test)]\nmod tests {\n    static M: [MigrationFile; 1] = migrations![\"0001_threads\"];\n}\n",
    ] {
        let found = listing(source).migrations();
        assert!(
            found.starts_with("state/migrations/0001_threads.sql [migrations/table]"),
            "{source}: {found}"
        );
    }
}

#[test]
fn stems_and_files_agree() {
    let house = listing(
        "static M: [MigrationFile; 2] = migrations![\n    \"0001_thread\",\n    \"0002_tags\",\n];\n\
         const L: &str = include_str!(\"../migrations/0003_gone.sql\");\n",
    );
    let found = house.migrations();
    for file in [
        "0001_thread.sql, which is missing",
        "0002_tags.sql, which is missing",
        "0003_gone.sql, which is missing",
    ] {
        assert!(found.contains(&format!("it lists state/migrations/{file}")), "{found}");
    }
    assert!(found.contains("state/migrations/0001_threads.sql [migrations/table]"), "{found}");
}

/// A store that is built in lists its migrations itself.
#[test]
fn the_list_of_a_store_decides() {
    static FILES: [MigrationFile; 2] =
        [MigrationFile::new("0001_threads", "SELECT 1;"), MigrationFile::new("0002_gone", "SELECT 1;")];
    static SPEC: DbSpec = DbSpec::new("state", "state_5.sqlite", DbKind::Rebuildable, 1, &FILES);
    static STORE: Store = Store {
        package: "threadkeep-state",
        spec: &SPEC,
        queues: &[],
        statements: Vec::new,
        exercise: |_| Box::pin(async { Ok(()) }),
    };
    let house = listing("");
    let repo = house.repo();
    let owner = Owner { store: Some(&STORE), ..Owner::read(&repo, find("state").unwrap()).unwrap() };
    let run = Run::new(&repo, Path::new(""));
    let found = render(&wiring::audit(&Task::new(&run, &owner)).unwrap());
    assert_snapshot!(found, @r"
    threadkeep-state [migrations/table]
        it lists state/migrations/0002_gone.sql, which is missing
        → correct the name, or add the file: released migrations are never renamed or removed
    ");
}
