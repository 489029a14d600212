//! Typos, outputs that cannot be written, and homes that are none.

use std::fs;
use std::process::Stdio;

use super::family::{family, id};
use super::fixture::{Fixture, Result};

/// Returns the error and its hint.
fn refused(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
    let said = fixture.run(arguments)?;
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", said.all());
    Ok(said.stderr)
}

#[test]
fn a_typo_leads_to_no_opposite_and_to_nothing_destructive() -> Result {
    let fixture = family()?;
    let mut all = String::new();
    for words in [
        &["threads", "undelete"][..],
        &["threads", "resume", "01a2"],
        &["threads", "delet"],
        &["threads", "unarchiv"],
        &["threads", "archve"],
        &["threads", "remove"],
        &["goals", "cleer"],
        &["goals", "delete", "@1"],
        &["grep"],
        &["sessions"],
        &["version"],
        &["backup"],
        &["statsu"],
        &["threads", "--serch", "x"],
        &["threads", "tree", "a", "b"],
        &["goals", "list", "--status", "actve"],
    ] {
        all.push_str(&format!("$ {}\n{}", words.join(" "), refused(&fixture, words)?));
    }
    insta::assert_snapshot!(all, @r"
    $ threads undelete
    error: there is no command `undelete`
      hint: `threadkeep threads restore ID` restores a deleted thread
    $ threads resume 01a2
    error: there is no command `resume`
      hint: `codex resume ID` continues a conversation; `threadkeep threads reopen ID` reopens a closed thread
    $ threads delet
    error: there is no command `delet`
      hint: usage: threadkeep threads [OPTIONS] [COMMAND]
    $ threads unarchiv
    error: there is no command `unarchiv`
      hint: did you mean `threadkeep threads unarchive`?
    $ threads archve
    error: there is no command `archve`
      hint: did you mean `threadkeep threads archive`?
    $ threads remove
    error: there is no command `remove`
      hint: `threadkeep threads --help` and `threadkeep goals --help` list the commands for threads and for goals
    $ goals cleer
    error: there is no command `cleer`
      hint: usage: threadkeep goals [OPTIONS] <COMMAND>
    $ goals delete @1
    error: there is no command `delete`
      hint: `threadkeep threads --help` and `threadkeep goals --help` list the commands for threads and for goals
    $ grep
    error: there is no command `grep`
      hint: `threadkeep search WORDS` finds what was said in threads
    $ sessions
    error: there is no command `sessions`
      hint: `threadkeep threads` lists threads
    $ version
    error: there is no command `version`
      hint: `threadkeep --version` prints the version
    $ backup
    error: there is no command `backup`
      hint: usage: threadkeep [OPTIONS] <COMMAND>
    $ statsu
    error: there is no command `statsu`
      hint: did you mean `threadkeep status`?
    $ threads --serch x
    error: there is no option `--serch`
      hint: `--search` is an option
    $ threads tree a b
    error: one word too many: `b`
      hint: usage: threadkeep threads tree [OPTIONS] [ID]
    $ goals list --status actve
    error: `actve` is no value for `--status`
      hint: type one of active, paused, blocked, usage-limited, budget-limited, complete
    ");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_the_outputs_trouble() -> Result {
    let fixture = family()?;
    let full = |arguments: &[&str]| -> Result<String> {
        let full = fs::File::options().write(true).open("/dev/full")?;
        let output = fixture.command(arguments).stdout(Stdio::from(full)).output()?;
        Ok(fixture.say(output)?.all())
    };
    insta::assert_snapshot!(full(&["threads", "archive", &id(1)])?, @r"
    exit 2
    --- stderr
    error: cannot write the output: no space is left
      hint: the change itself was made
    ");
    insta::assert_snapshot!(full(&["--json", "threads"])?, @r#"
    exit 2
    --- stderr
    {"error":{"message":"cannot write the output: no space is left"}}
    "#);
    assert_eq!(fixture.json(&["threads", "show", &id(1)])?["thread"]["archived"], true);
    Ok(())
}

#[test]
fn nothing_is_created_in_a_folder_that_is_no_agent_home() -> Result {
    let fixture = Fixture::empty()?;
    fs::create_dir(fixture.home())?;
    fs::write(fixture.home().join("notes.txt"), "mine")?;
    insta::assert_snapshot!(refused(&fixture, &["threads"])?, @r"
    error: [tmp]/home is no agent home: it has no sessions folder, no config.toml and no session_index.jsonl
      hint: pass the agent's home with --home DIR, or set CODEX_HOME
    ");
    for words in [&["backfill"][..], &["threads", "archive", "@1"], &["goals", "set", &id(1), "x"]] {
        assert!(refused(&fixture, words)?.contains("is no agent home"), "{words:?}");
    }
    assert_eq!(fs::read_dir(fixture.home())?.count(), 1);
    assert_eq!(fixture.run(&["status"])?.code, Some(1));
    assert_eq!(fs::read_dir(fixture.home())?.count(), 1);
    Ok(())
}

#[test]
fn two_homes_share_one_sqlite_home_only_if_both_are_named() -> Result {
    let (fixture, other) = (family()?, family()?);
    let databases = fixture.path().join("databases");
    let databases = databases.to_str().ok_or("a path")?;
    let said = |home: &Fixture| {
        let mut command = home.command(&["threads", "-q"]);
        home.say(command.env("THREADKEEP_SQLITE_HOME", databases).output()?)
    };
    assert_eq!(said(&fixture)?.code, Some(0));
    let refused = said(&other)?;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("belong to the agent home"), "{}", refused.all());
    assert_eq!(said(&fixture)?.code, Some(0), "its threads are still there");
    let home = other.home();
    let home = home.to_str().ok_or("a path")?;
    assert_eq!(other.run(&["threads", "-q", "--home", home, "--sqlite-home", databases])?.code, Some(0));
    Ok(())
}

/// A user who types no command wants to know the commands.
#[test]
fn without_a_command_there_is_help_on_stdout() -> Result {
    let fixture = Fixture::empty()?;
    for (words, usage) in
        [(&[][..], "threadkeep [OPTIONS] <COMMAND>"), (&["goals"], "threadkeep goals [OPTIONS]")]
    {
        // Not with the options of a fixture, which would be a command line.
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_threadkeep")).args(words).output()?;
        let said = fixture.say(output)?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{words:?}");
        assert!(said.stdout.contains(usage) && !said.stdout.contains('\u{1b}'), "{}", said.stdout);
    }
    Ok(())
}

#[test]
fn a_name_may_look_like_an_option() -> Result {
    let fixture = family()?;
    let named = fixture.json(&["threads", "rename", &id(1), "--", "--help"])?;
    assert_eq!(named["thread"]["name"], "--help", "{named}");
    let shown = fixture.json(&["threads", "show", "--", "--help"])?;
    assert_eq!(shown["thread"]["id"], id(1));
    Ok(())
}

/// Errors of the argument parser read like all others: what is wrong, and what to type.
#[test]
fn a_command_line_that_cannot_be_read_is_refused_in_our_words() -> Result {
    let fixture = Fixture::empty()?;
    let whole = "give a whole number";
    for (typed, message, hint) in [
        (
            "threads --archived --missing",
            "`--archived` cannot be used with `--missing`",
            "leave out one of them",
        ),
        ("-q -v status", "`--quiet` cannot be used with `--verbose`", "leave out one of them"),
        ("threads delete --missing x", "`--missing` cannot be used with `ID`", "leave out one of them"),
        ("threads delete", "<ID>... is missing", "usage: threadkeep threads delete <ID>..."),
        ("threads rename", "<ID> and <NAME> are missing", "usage: threadkeep threads rename <ID> <NAME>"),
        (
            "threads --recursive",
            "--cwd <DIR> is missing",
            "usage: threadkeep threads --cwd <DIR> --recursive",
        ),
        ("threads --cwd", "`--cwd` needs a value", "the same command with --help explains it"),
        ("threads --sort x", "`x` is no value for `--sort`", "type one of created, updated"),
        ("threads --limit x", "`x` is no value for `--limit`", whole),
        ("threads tree --depth 2000", "`2000` is no value for `--depth`", "give a number from 0 to 1000"),
        ("goals list --limit 0", "`0` is no value for `--limit`", "give a number from 1"),
        ("goals set x y --goal-id z", "`z` is no value for `--goal-id`", "give a whole id"),
        ("threads --asc=1", "`--asc` takes no value", "type `--asc` alone"),
        ("--json=1 threads", "`--json` takes no value", "type `--json` alone"),
        ("--quiet", "the command is missing", "usage: threadkeep [OPTIONS] <COMMAND>"),
        ("goals --quiet", "the command is missing", "usage: threadkeep goals [OPTIONS] <COMMAND>"),
        (
            "threads rename @1 --new",
            "there is no option `--new`",
            "as a name or an id, type it after two dashes: `-- --new`",
        ),
        ("backfill now", "one word too many: `now`", "usage: threadkeep backfill [OPTIONS]"),
    ] {
        let said = fixture.run(&typed.split(' ').collect::<Vec<_>>())?;
        let expected = format!("exit 2\n--- stderr\nerror: {message}\n  hint: {hint}");
        assert_eq!(said.all(), expected, "{typed}");
    }
    Ok(())
}
