//! English, file sizes and circles are measured by crate, and no figure may be over its aim.

use std::process::Command;

use insta::assert_snapshot;
use xtask::tidy::figures;

use crate::fixture::Fixture;

/// Returns every place over an aim in `state/redact`.
fn places(source: &str) -> String {
    let house = Fixture::new();
    house.member("state/redact", "threadkeep-redact", "");
    house.write("state/redact/src/text.rs", format!("//! Text.\n{source}"));
    let text = figures::render(&house.repo(), Some("state/redact")).unwrap();
    text.lines().skip(3).map(|line| format!("{line}\n")).collect()
}

#[test]
fn documentation_that_begins_with_a_pronoun() {
    let found = places(
        "/// What it is.\n/// Whether more follows is no matter.\nconst A: u8 = 0;\n/// `When` in code is a name.\n\
         const B: u8 = 0;\n    /// Whether, so to say.\n    const C: u8 = 0;\n// How a comment begins is free.\n",
    );
    assert_snapshot!(found, @r"
    state/redact/src/text.rs:2: `What` → begin with the noun or the verb
    state/redact/src/text.rs:7: `Whether` → begin with the noun or the verb
    ");
}

#[test]
fn words_with_an_easier_one() {
    let found = places(
        "// Nobody reads this; whoever does, mends it.\n// It is used no more.\n\
         // There are no more than two, and `nobody` is a user.\n\
         // Besides, a retold story is fine.\n\
         const A: &str = \"nobody\";\n",
    );
    assert_snapshot!(found, @r"
    state/redact/src/text.rs:2: `whoever` → name the actor: another process, the caller, the user
    state/redact/src/text.rs:2: `nobody` → name the actor: another process, the caller, no process, no caller
    state/redact/src/text.rs:2: `mends` → repair, fix
    state/redact/src/text.rs:3: `no more` → no longer
    ");
}

#[test]
fn comments_that_are_too_wide_and_files_that_are_too_long() {
    let (fits, wide, link) = ("x".repeat(97), "x".repeat(98), format!("https://{}", "x".repeat(100)));
    let code = format!("const A: &str = \"{}\";\n", "x".repeat(100));
    let found =
        places(&format!("// {fits}\n// {wide}\n// {link}\n/// | {wide} |\n{code}{}", "\n".repeat(345)));
    assert_snapshot!(found, @r"
    state/redact/src/text.rs:3: `101 columns` → wrap the comment at 100 columns
    state/redact/src/text.rs: it has 351 lines → split it: one idea a file
    ");
}

#[test]
fn files_that_import_each_other() {
    let circle = |reader: &str, writer: &str, root: &str| {
        let house = Fixture::new();
        house.member("state/redact", "threadkeep-redact", "");
        house.append("state/redact/src/lib.rs", root);
        house.write("state/redact/src/reader.rs", format!("//! Reads.\n{reader}"));
        house.write("state/redact/src/writer.rs", format!("//! Writes.\n{writer}"));
        let text = figures::render(&house.repo(), Some("state/redact")).unwrap();
        text.lines().skip(3).map(str::to_owned).collect::<String>()
    };
    let both = "state/redact/src/reader.rs: these files import each other: state/redact/src/reader.rs, \
        state/redact/src/writer.rs → move what both need into a file below, or merge what is one thing";
    assert_eq!(circle("use crate::writer::Writer;\n", "use super::reader::Reader;\n", ""), both);
    assert_eq!(
        circle("use crate::writer;\nfn f() { writer::write() }\n", "use crate::reader::{A, B};\n", ""),
        both
    );
    // A re-export leads to the file that declares the name, and is no import itself.
    let root = "pub use reader::Reader;\npub use writer::Writer;\n";
    assert_eq!(circle("use crate::Writer;\n", "use crate::Reader;\n", root), both);
    assert_eq!(circle("use crate::Writer;\n", "struct Writer;\n", root), "");
    // Tests may reach everywhere.
    assert_eq!(circle("use crate::Writer;\n", "#[cfg(test)]\nmod tests { use crate::Reader; }\n", root), "");
}

#[test]
fn every_crate_is_held_to_the_aims() {
    let house = Fixture::new();
    house.member("memories", "threadkeep-memories", "");
    house.write("memories/src/job.rs", "//! Jobs.\n/// Whether it runs.\nconst A: u8 = 0;\n// Nobody.\n");
    assert_snapshot!(house.tidy(), @r"
    memories [tidy/figures]
        pronouns % is 100, and 3 is allowed: memories/src/job.rs:2, …
        → documentation begins with a noun or a verb, not with a relative pronoun; `cargo xtask tidy --figures memories` lists every place
    memories [tidy/figures]
        words is 1, and 0 is allowed: memories/src/job.rs:4, …
        → comments use the common word (WORDS in xtask/src/tidy/english.rs); `cargo xtask tidy --figures memories` lists every place
    ");
}

#[test]
fn subjects_of_commits() {
    let house = Fixture::new();
    let commit = |date: &str, subject: &str| {
        let mut git = Command::new("git");
        git.current_dir(house.root()).env("GIT_COMMITTER_DATE", date);
        git.args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]);
        let done = git.args(["commit", "--quiet", "--allow-empty", "--message", subject]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    assert!(
        Command::new("git").current_dir(house.root()).args(["init", "--quiet"]).status().unwrap().success()
    );
    assert_eq!(house.tidy(), "", "there is no commit");
    commit("2026-11-01T00:00:00Z", &"old ".repeat(20));
    commit("2030-01-01T00:00:00Z", &"x".repeat(72));
    assert_eq!(house.tidy(), "");
    commit("2030-01-02T00:00:00Z", &"ü".repeat(73));
    let found = house.tidy();
    assert!(
        found.contains("[tidy/subject]\n    its subject has 73 characters, and 72 are allowed"),
        "{found}"
    );
    assert_eq!(found.matches("tidy/subject").count(), 1);
}
