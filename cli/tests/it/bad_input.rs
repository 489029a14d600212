//! Bad input gets a clear error, and nothing is lost.

use std::fs;

use super::fixture::{Fixture, Result};

#[test]
fn homes_that_are_none() -> Result {
    let fixture = Fixture::empty()?;
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no agent home at [tmp]/home
      hint: pass the agent's home with --home DIR, or set CODEX_HOME; `threadkeep agents` lists other agents
    ");
    fs::write(fixture.home(), "a file")?;
    insta::assert_snapshot!(fixture.run(&["backfill"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home is not a folder
      hint: pass the agent's home with --home DIR, or set CODEX_HOME
    ");
    let output = fixture.command(&["threads"]).env_remove("CODEX_HOME").output()?;
    insta::assert_snapshot!(fixture.say(output)?.all(), @r"
    exit 2
    --- stderr
    error: there is no agent home at [tmp]/user/.codex
      hint: pass the agent's home with --home DIR, or set CODEX_HOME; `threadkeep agents` lists other agents
    ");
    insta::assert_snapshot!(fixture.run(&["status"])?.all(), @r"
    exit 1
    --- stdout
    home         [tmp]/home
                 [tmp]/home is not a folder
                 pass the agent's home with --home DIR, or set CODEX_HOME
    SQLite home  [tmp]/home/threadkeep
    SQLite       3.51.3
    settings     defaults (no config.toml)

    database state
    file         [tmp]/home/threadkeep/state_5.sqlite
    state        not created yet, and cannot be: [tmp]/home is not a folder

    database goals
    file         [tmp]/home/threadkeep/goals_1.sqlite
    state        not created yet; the first goal creates it

    database logs
    file         [tmp]/home/threadkeep/logs_2.sqlite
    state        not created yet; the first logged row creates it

    database history
    file         [tmp]/home/threadkeep/history_1.sqlite
    state        not created yet; the first search creates it
    ");
    Ok(())
}

#[test]
fn a_file_where_the_sqlite_home_should_be() -> Result {
    let fixture = Fixture::bundled()?;
    fs::write(fixture.sqlite_home(), "a file")?;
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep is not a folder
      hint: choose another folder for the databases with --sqlite-home DIR
    ");
    assert_eq!(fs::read(fixture.sqlite_home())?, b"a file");
    Ok(())
}

#[test]
fn ids_that_mean_no_thread_or_several() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "show", "01a2036c-e"])?.all(), @r"
    exit 2
    --- stderr
    error: `01a2036c-e` is the beginning of 2 thread ids
      hint: type more digits:
        01a2036c-e047-73b0-a0b8-5c88d8d44d72  Add a changelog to the widget
        01a2036c-e9ec-7373-9860-e686387705da  Привет! 请列出文件 🚀 — naïve café second line of…
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "show", "01a2fff"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has an id that begins or ends with `01a2fff`
      hint: `threadkeep threads` lists the threads that exist
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "archive", "not an id"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has the id or the name `not an id`
      hint: `threadkeep threads` lists the threads that exist, and `threadkeep search` finds what was said in them
    ");
    let unknown = "01a2036c-de71-77f1-a9e3-3c28701bba62";
    insta::assert_snapshot!(fixture.run(&["threads", "delete", unknown, "--yes"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread 01a2036c-de71-77f1-a9e3-3c28701bba62 in the index
      hint: `threadkeep threads` lists the threads that exist
    ");
    Ok(())
}

#[test]
fn options_that_make_no_sense() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["threads", "--cursor", "v9.nonsense"])?.all(), @r"
    exit 2
    --- stderr
    error: `v9.nonsense` is not a cursor
      hint: give back a `next_cursor` or `backwards_cursor` as it was printed, or start again without one
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "--limit", "0"])?.all(), @r"
    exit 2
    --- stderr
    error: --limit is a number from 1 to 1000, not 0
      hint: leave it out for a page of the usual size
    ");
    let cursor = "v2cdf00000000.1795353796213.01a2036cde7177f1a9e33c28701bba61";
    insta::assert_snapshot!(fixture.run(&["threads", "--sort", "updated", "--cursor", cursor])?.all(), @r"
    exit 2
    --- stderr
    error: the cursor `v2cdf00000000.1795353796213.01a2036cde7177f1a9e33c28701bba61` belongs to a list with other filters or another sort key
      hint: repeat the options of that list, or leave out --cursor for the first page
    ");
    let page = fixture.json(&["threads", "--limit", "2"])?;
    for name in ["next_cursor", "backwards_cursor"] {
        let cursor = page[name].as_str().ok_or("a cursor")?;
        let said = fixture.run(&["threads", "--asc", "--cursor", cursor])?;
        assert_eq!(said.code, Some(2), "{}", said.all());
        assert!(said.stderr.contains("leave out --asc"), "{}", said.all());
    }
    let page = fixture.json(&["threads", "--asc", "--limit", "2"])?;
    for name in ["next_cursor", "backwards_cursor"] {
        let cursor = page[name].as_str().ok_or("a cursor")?;
        fixture.json(&["threads", "--asc", "--cursor", cursor])?;
    }
    insta::assert_snapshot!(fixture.run(&["threads", "--limit", "3", "show", "01"])?.all(), @r"
    exit 2
    --- stderr
    error: the options of the list do not go with a subcommand of `threads`
      hint: the same command with --help explains it
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "list"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no command `list`
      hint: `threadkeep threads` lists threads
    ");
    insta::assert_snapshot!(fixture.run(&["show", "01"])?.all(), @r"
    exit 2
    --- stderr
    error: there is no command `show`
      hint: `threadkeep threads show` shows a thread, `threadkeep goals get` its goal
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "rename", "01a2036c-de71", "  "])?.all(), @r"
    exit 2
    --- stderr
    error: a name has 1 to 200 characters; this one has 0
      hint: `threadkeep threads rename ID --clear` removes a name
    ");
    Ok(())
}

#[test]
fn settings_that_cannot_be_read_leave_the_list_as_it_is() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fs::write(fixture.home().join("config.toml"), "model_provider = \"mock\napi_key = sk-secret")?;
    let said = fixture.run(&["threads", "--limit", "1", "-q"])?;
    assert_eq!(said.code, Some(0));
    assert_eq!(said.stdout.lines().count(), 2, "{}", said.all());
    insta::assert_snapshot!(fixture.run(&["threads", "--limit", "1"])?.stderr, @"note: the index could not be brought up to date: [tmp]/home/config.toml is not valid TOML at line 1, column 23; correct it there and try again; the list may be incomplete");
    insta::assert_snapshot!(fixture.run(&["backfill"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/config.toml is not valid TOML at line 1, column 23
      hint: correct it there and try again
    ");
    Ok(())
}

#[test]
fn settings_that_cannot_be_read_and_nothing_to_list() -> Result {
    let fixture = Fixture::bundled()?;
    fs::write(fixture.home().join("config.toml"), "model_provider = \"mock\napi_key = sk-secret")?;
    let backfill = fixture.run(&["backfill"])?;
    for arguments in [&["threads"][..], &["threads", "--no-refresh"], &["threads", "show", "01a2036c-de71"]] {
        assert_eq!(fixture.run(arguments)?.all(), backfill.all());
    }
    fs::rename(fixture.home().join("config.toml"), fixture.home().join("broken.toml"))?;
    fixture.json(&["backfill"])?;
    fs::rename(fixture.home().join("broken.toml"), fixture.home().join("config.toml"))?;
    for id in ["01a2036c-de71", "01a2fff"] {
        let said = fixture.run(&["threads", "show", id])?;
        assert_eq!(said.stderr.matches("config.toml is not valid TOML").count(), 1, "{}", said.all());
    }
    Ok(())
}

#[test]
fn commands_that_are_named_work_as_they_stand() -> Result {
    let fixture = Fixture::bundled()?;
    let place = fixture.path().join("another place");
    let place = place.to_str().ok_or("a path")?;
    let id = "01a2036f-a3a8-7c33-961b-db9759fa464d";
    for (arguments, wanted) in [
        (&["threads", "archive", id][..], "threads unarchive"),
        (&["threads", "close", id], "threads reopen"),
        (&["goals", "pause", id], "goals set"),
    ] {
        let said = fixture.run(&[&["--sqlite-home", place], arguments].concat())?.all();
        assert!(
            said.contains(&format!("threadkeep --sqlite-home '[tmp]/another place' {wanted} {id}")),
            "{said}"
        );
    }
    Ok(())
}

#[test]
fn a_home_that_is_not_there_has_no_goals_and_no_logs() -> Result {
    let fixture = Fixture::empty()?;
    let refused = fixture.run(&["threads"])?.all();
    assert!(refused.starts_with("exit 2") && refused.contains("there is no agent home at"), "{refused}");
    let set = ["goals", "set", "01a2036c-de71-77f1-a9e3-3c28701bba61", "Tidy the widget"];
    for arguments in [&["goals", "list"][..], &set, &["logs"], &["logs", "--follow"]] {
        assert_eq!(fixture.run(arguments)?.all(), refused, "{arguments:?}");
    }
    assert!(!fixture.home().exists());
    // Databases that are there are read, wherever the home has gone.
    fs::create_dir(fixture.path().join("databases"))?;
    for arguments in [&["goals", "list"][..], &["logs"]] {
        let said = fixture.run(&[&["--sqlite-home", "databases"], arguments].concat())?;
        assert_eq!(said.code, Some(0), "{}", said.all());
    }
    Ok(())
}

#[test]
fn a_number_below_zero_is_a_number() -> Result {
    let fixture = Fixture::bundled()?;
    for arguments in [
        &["threads", "--limit", "-5"][..],
        &["threads", "tree", "--depth", "-5"],
        &["threads", "tree", "--limit", "-5"],
        &["goals", "list", "--limit", "-5"],
        &["logs", "-n", "-5"],
    ] {
        let said = fixture.run(arguments)?;
        let is_refused = said.stderr.starts_with("error: `-5` is no value for `--");
        assert!(is_refused && said.stderr.contains("hint: give a number from "), "{}", said.all());
        assert_eq!(said.code, Some(2));
    }
    insta::assert_snapshot!(fixture.run(&["--json", "goals", "set", "01a2036c-de71"])?.all(), @r#"
    exit 2
    --- stderr
    {"error":{"message":"<OBJECTIVE> is missing","hint":"usage: threadkeep goals set <ID> <OBJECTIVE>"}}
    "#);
    Ok(())
}

#[test]
fn what_is_to_be_typed_bears_the_homes_that_were_typed() -> Result {
    let fixture = Fixture::bundled()?;
    let home = fixture.home();
    let home = home.to_str().ok_or("a path")?;
    let id = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";
    for arguments in [
        &["threads", "--no-refresh"][..],
        &["status"],
        &["goals", "list"],
        &["threads", "delete", id, "--yes"],
    ] {
        let said = fixture.run(&[&["--home", home], arguments].concat())?.stdout;
        let named = said.matches("`threadkeep ").count();
        assert!(named > 0 && said.matches("`threadkeep --home ").count() == named, "{arguments:?}: {said}");
        assert!(!said.contains("--home [tmp]/home --home"), "{said}");
    }
    Ok(())
}

#[test]
fn times_between_which_nothing_can_be_are_refused() -> Result {
    let fixture = Fixture::bundled()?;
    let said = fixture.run(&["logs", "--from", "1h", "--to", "2h"])?;
    assert!(said.code == Some(2) && said.stderr.contains("--to must be later than --from"), "{}", said.all());
    Ok(())
}

#[test]
fn a_deleted_thread_is_said_to_be_deleted() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    fixture.run(&["threads", "delete", id, "--yes"])?;
    let begins = "error: thread 01a2036c-de71-77f1-a9e3-3c28701bba61 was deleted on 20";
    let ends = format!("\n  hint: `threadkeep threads restore {id}` restores it\n");
    for command in ["show", "archive", "delete"] {
        for typed in [id, &id[..20]] {
            let said = fixture.run(&["threads", command, typed])?;
            let stderr = &said.stderr;
            assert_eq!(said.code, Some(2), "{command} {typed}");
            assert!(stderr.starts_with(begins) && stderr.ends_with(&ends), "{command} {typed}: {stderr}");
        }
    }
    Ok(())
}
