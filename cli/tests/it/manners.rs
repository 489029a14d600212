//! Typos, outputs that cannot be written, homes that are none, and completion scripts.

use std::fs;
use std::process::{Command, Stdio};

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
        &["search"],
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
      hint: Usage: threadkeep threads [OPTIONS] [COMMAND]
    $ threads unarchiv
    error: there is no command `unarchiv`
      hint: did you mean `threadkeep threads unarchive`?
    $ threads archve
    error: there is no command `archve`
      hint: did you mean `threadkeep threads archive`?
    $ threads remove
    error: there is no command `remove`
      hint: `threadkeep threads --help` lists the commands for threads
    $ goals cleer
    error: there is no command `cleer`
      hint: Usage: threadkeep goals [OPTIONS] <COMMAND>
    $ search
    error: there is no command `search`
      hint: `threadkeep threads --search TEXT` finds threads by their words
    $ sessions
    error: there is no command `sessions`
      hint: `threadkeep threads` lists threads
    $ version
    error: there is no command `version`
      hint: `threadkeep --version` prints the version
    $ backup
    error: there is no command `backup`
      hint: Usage: threadkeep [OPTIONS] <COMMAND>
    $ statsu
    error: there is no command `statsu`
      hint: did you mean `threadkeep status`?
    $ threads --serch x
    error: there is no option `--serch`
      hint: `--search` is an option
    $ threads tree a b
    error: one word too many: `b`
      hint: Usage: threadkeep threads tree [OPTIONS] [ID]
    $ goals list --status actve
    error: `actve` is no value for `--status <STATUS>`
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

#[test]
fn shells_are_offered_ids_sources_and_models() -> Result {
    let fixture = family()?;
    let values = |kind: &str| -> Result<String> { Ok(fixture.run(&["complete-values", kind])?.all()) };
    assert_eq!(values("ids")?, "exit 0", "without an index there is nothing to offer");
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(values("ids")?, @r"
    exit 0
    --- stdout
    01a21000-0004
    01a21000-0001
    01a21000-0003
    ");
    insta::assert_snapshot!(values("sources")?, @r"
    exit 0
    --- stdout
    cli
    empty
    fork
    guardian
    memory
    review
    subagent
    user
    ");
    insta::assert_snapshot!(fixture.run(&["complete-values", "ids", "--described"])?.stdout.replace('\t', " | "), @r"
    01a21000-0004 | Build it of glass
    01a21000-0001 | Plan the greenhouse
    01a21000-0003 | Count the panes
    ");
    for (shell, call) in [
        ("bash", "complete-values \"$kind\""),
        ("zsh", "_threadkeep_ids"),
        ("fish", "(threadkeep complete-values ids --described 2>/dev/null)"),
    ] {
        let script = fixture.run(&["completions", shell])?.stdout;
        assert!(script.contains(call), "{shell}");
        for offer in ["completions complete-values", "'complete-values:", "-a \"complete-values\""] {
            assert!(!script.contains(offer), "{shell} does not offer the hidden command");
        }
        // Only a shell that is there can check the syntax.
        let path = fixture.path().join(shell);
        fs::write(&path, script)?;
        if let Ok(checked) = Command::new(shell).arg("-n").arg(&path).output() {
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    let script = fixture.path().join("bash");
    let run = "source \"$1\"; COMP_WORDS=(threadkeep threads show 01a2); COMP_CWORD=3; \
               _threadkeep_values threadkeep 01a2 show; echo \"${COMPREPLY[*]}\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", run, "bash"]).arg(&script).env("CODEX_HOME", fixture.home());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_threadkeep")).parent().ok_or("a folder")?;
    bash.env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    if let Ok(offered) = bash.output() {
        let offered = String::from_utf8_lossy(&offered.stdout).into_owned();
        assert_eq!(offered.split_whitespace().count(), 3, "{offered}");
    }
    Ok(())
}
