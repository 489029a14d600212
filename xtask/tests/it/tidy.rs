//! Untidiness is found, and named.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn a_file_says_what_it_is_for() {
    let house = Fixture::new();
    house.write("backfill/src/engine.rs", "fn run() {}\n");
    house.write("backfill/src/lease.rs", "//!\nfn take() {}\n");
    assert_snapshot!(house.tidy(), @r"
    backfill/src/engine.rs:1 [tidy/header]
        the file does not open with a `//!` sentence
        → write one there: what this file is, and why it is a file of its own
    backfill/src/lease.rs:1 [tidy/header]
        the file does not open with a `//!` sentence
        → write one there: what this file is, and why it is a file of its own
    ");
}

#[test]
fn tests_have_at_most_800_lines() {
    let house = Fixture::new();
    let lines = |count: usize| "const _: () = ();\n".repeat(count);
    house.write("backfill/tests/it/main.rs", format!("//! Tests.\n{}", lines(799)));
    house.write("state/tests/it/main.rs", format!("//! Tests.\n{}", lines(800)));
    assert_snapshot!(house.tidy(), @r"
    state/tests/it/main.rs:801 [tidy/size]
        it has 801 lines; no file has more than 800
        → split it: one idea a file
    ");
}

#[test]
fn no_test_is_ignored() {
    let house = Fixture::new();
    house.write(
        "backfill/src/engine.rs",
        "//! Says #[ignore] in prose.\nmod tests {\n    #[test]\n    #[ignore = \"slow\"]\n    fn slow() {}\n}\n",
    );
    assert_snapshot!(house.tidy(), @r"
    backfill/src/engine.rs:4 [tidy/unfinished]
        there is an `#[ignore]`
        → make it fast and certain, or delete it: a test that does not run proves nothing
    ");
}

#[test]
fn text_is_plain() {
    let house = Fixture::new();
    house.write("backfill/notes.md", "one \ntwo\r\nthree\tfour\nfive");
    house.write("backfill/notes.txt", "anything \n");
    for folder in ["examples/home", "target/doc", ".editor"] {
        house.write(&format!("{folder}/notes.md"), "anything \n");
    }
    assert_snapshot!(house.tidy(), @r"
    backfill/notes.md [tidy/newline]
        the last line does not end
        → end it with a newline
    backfill/notes.md:1 [tidy/trailing]
        there are blanks at the end of the line
        → remove them
    backfill/notes.md:2 [tidy/crlf]
        the line ends with CRLF
        → save the file with LF
    backfill/notes.md:3 [tidy/tabs]
        there is a tab
        → write spaces, or `\t` in a string
    ");
}

#[test]
fn no_path_of_one_machine() {
    let house = Fixture::new();
    let here = house.repo().root().display().to_string();
    house.write("backfill/a.md", format!("see\n{here}/state\n"));
    house.write("backfill/b.md", concat!("/", "Users/someone/threadkeep\n"));
    assert_snapshot!(house.tidy(), @r"
    backfill/a.md:2 [tidy/paths]
        there is a path of one machine
        → make it relative, or take it from the environment
    backfill/b.md:1 [tidy/paths]
        there is a path of one machine
        → make it relative, or take it from the environment
    ");
}

#[test]
fn nothing_is_too_heavy_for_a_clone() {
    let house = Fixture::new();
    house.write("state/tests/big.bin", vec![0; (1 << 20) + 1]);
    house.write("state/tests/fits.bin", vec![0; 1 << 20]);
    house.write("examples/home/big.bin", vec![0; (1 << 20) + 1]);
    assert_snapshot!(house.tidy(), @r"
    state/tests/big.bin [tidy/weight]
        it is 1048577 bytes, which every clone would carry for ever; 1048576 are allowed
        → generate it in the test that needs it, or put it into examples/
    ");
}

#[test]
fn what_all_share_is_said_once() {
    let house = Fixture::new();
    house.edit("backfill/Cargo.toml", "edition.workspace = true", "edition = \"2024\"");
    house.edit("backfill/Cargo.toml", "[lints]\nworkspace = true\n", "");
    house.append("backfill/Cargo.toml", "[target.'cfg(unix)'.dev-dependencies]\nregex = \"1\"\n");
    assert_snapshot!(house.tidy(), @r"
    backfill/Cargo.toml [tidy/dependency]
        `regex` is not taken from the workspace, so that two crates may differ on it
        → declare it in [workspace.dependencies], and write `regex.workspace = true` in [dev-dependencies]
    backfill/Cargo.toml [tidy/inherit]
        `edition` is not taken from the workspace
        → write `edition.workspace = true` under [package]
    backfill/Cargo.toml [tidy/inherit]
        `lints` is not taken from the workspace
        → write `workspace = true` under [lints]
    ");
}

#[test]
fn a_crate_may_name_itself_for_its_tests() {
    let house = Fixture::new();
    house.append("backfill/Cargo.toml", "[dev-dependencies]\nthreadkeep-backfill = { path = \".\" }\n");
    assert_eq!(house.tidy(), "");
}

#[test]
fn tests_are_one_binary() {
    let house = Fixture::new();
    house.write("backfill/tests/it/main.rs", "//! Tests.\n");
    house.write("backfill/tests/more.rs", "//! Tests.\n");
    house.write("backfill/tests/slow/main.rs", "//! Tests.\n");
    house.write("backfill/tests/data/rollout.jsonl", "{}\n");
    assert_snapshot!(house.tidy(), @r"
    backfill/tests/more.rs [tidy/tests]
        it is a second test binary of its crate, and each is linked on its own
        → make it a module of backfill/tests/it
    backfill/tests/slow [tidy/tests]
        it is a second test binary of its crate, and each is linked on its own
        → make it a module of backfill/tests/it
    ");
}

#[test]
fn a_library_makes_its_promises() {
    let house = Fixture::new();
    house.edit("state/rollout/src/lib.rs", "//! # Locking\n", "");
    house.edit("state/rollout/src/lib.rs", "//! # File systems\n", "//! File systems\n");
    assert_snapshot!(house.tidy(), @r"
    state/rollout/src/lib.rs:1 [tidy/sections]
        the crate's documentation has no section `File systems`
        → write `//! # File systems` and what the crate promises there; `Nothing.` is a promise
    state/rollout/src/lib.rs:1 [tidy/sections]
        the crate's documentation has no section `Locking`
        → write `//! # Locking` and what the crate promises there; `Nothing.` is a promise
    ");
}

#[test]
fn commands_that_are_shown_exist() {
    let house = Fixture::new();
    house.append(
        "cli/src/lib.rs",
        "#[derive(Debug, Subcommand)]\nenum Command {\n    Threads,\n    AppServer,\n}\n",
    );
    house.write(
        "README.md",
        "`cargo xtask nothing` in prose.\n\n```sh\n# a comment\ncargo run --release -- --home examples/home threads\n\
         cargo run -- \\\n    app-server --stdio > log\nthreadkeep --help\nthreadkeep threds --json | head\n\
         $ cargo xtask migrations check state   # all of it\ncargo xtask migrate\ncargo xtask bench list -- --threads 10\n\
         cargo xtask lint --fast\n```\n\n```rust\ncargo xtask nothing\n```\n",
    );
    assert_snapshot!(house.tidy(), @r"
    README.md:9 [tidy/commands]
        `threadkeep threds --json` names no command of threadkeep
        → show a command that exists: type it once before you commit it
    README.md:11 [tidy/commands]
        `cargo xtask migrate` is refused: error: unrecognized subcommand 'migrate'
        → show a command that exists: type it once before you commit it
    README.md:13 [tidy/commands]
        `cargo xtask lint --fast` is refused: error: unexpected argument '--fast' found
        → show a command that exists: type it once before you commit it
    ");
}

#[test]
fn a_manifest_describes_its_crate() {
    let house = Fixture::new();
    house.edit("backfill/Cargo.toml", "description = \"A crate\"\n", "");
    house.edit("backfill/Cargo.toml", "[\"agents\"]", "[\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]");
    house.remove("backfill/README.md");
    assert_snapshot!(house.tidy(), @r"
    backfill/Cargo.toml [tidy/manifest]
        `description` is missing, empty, too long, or names no file
        → write `description`: one line on what the crate is
    backfill/Cargo.toml [tidy/manifest]
        `keywords` is missing, empty, too long, or names no file
        → write `keywords`: one to five words
    backfill/Cargo.toml [tidy/manifest]
        `readme` is missing, empty, too long, or names no file
        → write `readme`: the path of a README.md of its own
    ");
}
