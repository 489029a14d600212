//! ARCHITECTURE.md names files that are there.

use insta::assert_snapshot;

use crate::fixture::Fixture;

/// A house with some files, and with a document that names files.
fn described(text: &str) -> Fixture {
    let house = Fixture::new();
    house.write("backfill/src/engine/commits.rs", "//! Commits.\n");
    house.write("state/src/threads/list.rs", "//! Lists.\n");
    house.write("state/src/backfill/commit.rs", "//! Commits a batch.\n");
    house.write("examples/home/sessions/2026/rollout.jsonl", "{}\n");
    house.write("ARCHITECTURE.md", text);
    house
}

#[test]
fn files_that_are_there_are_found() {
    let house = described(
        "# Architecture\n\n`Cargo.toml`, `engine/commits.rs`, `src/lib.rs` and `migrations/` are somewhere.\n\n\
         ## backfill: the engine\n\n`engine/commits.rs`, `src/engine/`, `lib.rs`, `state/src/threads/list.rs`.\n\n\
         ## state: the index\n\n* `threads/`: the store;\n  `list.rs` lists.\n* `migrations/0001_threads.sql`\n\
         * `backfill/`: `commit.rs`, not the crate of that name.\n\n\
         ## `cli` and cli/app\n\n`src/*.rs`, and of a home `sessions/**`.\n",
    );
    assert_eq!(house.tidy(), "");
}

#[test]
fn what_is_no_path_is_left_alone() {
    let house = described(
        "`cargo xtask lint`, `state_5.sqlite`, `/proc/locks`, `~/.codex/`, `<home>/threadkeep`, `a::b`, `.rs`.\n\n\
         ```\n`gone/`\n```\n",
    );
    assert_eq!(house.tidy(), "");
}

#[test]
fn files_that_are_not_there_are_named() {
    let house = described(
        "`gone.rs` and `engine/gone.rs`\n\n## backfill: the engine\n\n`engine/commit.rs` and `threads/list.rs`\n\n\
         ## state: the index\n\n* `threads/`: `lists.rs`\n* `list.rs` is of no folder here; `gone/**`, `src/lib.rs/`\n",
    );
    assert_snapshot!(house.tidy(), @r"
    ARCHITECTURE.md:1 [tidy/paths]
        `engine/gone.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:1 [tidy/paths]
        `gone.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:5 [tidy/paths]
        `engine/commit.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:5 [tidy/paths]
        `threads/list.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:9 [tidy/paths]
        `lists.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:10 [tidy/paths]
        `gone/**` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:10 [tidy/paths]
        `list.rs` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ARCHITECTURE.md:10 [tidy/paths]
        `src/lib.rs/` is not there
        → write where it is now, from the `src/` of the section's crate or from the root
    ");
}
