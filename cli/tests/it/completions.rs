//! Completion scripts, and what they offer.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::family::family;
use super::fixture::{Fixture, Result};

#[test]
fn shells_are_offered_ids_sources_and_models() -> Result {
    let fixture = family()?;
    let values = |kind: &str| -> Result<String> { Ok(fixture.run(&["complete-values", kind])?.all()) };
    assert_eq!(values("ids")?, "exit 0", "without an index there is nothing to offer");
    let sources = values("sources")?;
    fixture.json(&["backfill"])?;
    insta::assert_snapshot!(values("ids")?, @r"
    exit 0
    --- stdout
    01a21000-0004
    01a21000-0001
    01a21000-0003
    ");
    assert_eq!(values("sources")?, sources, "these words are known without an index");
    insta::assert_snapshot!(sources, @r"
    exit 0
    --- stdout
    cli
    empty
    exec
    fork
    guardian
    mcp
    memory
    review
    subagent
    user
    vscode
    ");
    insta::assert_snapshot!(fixture.run(&["complete-values", "ids", "--described"])?.stdout.replace('\t', " | "), @r"
    01a21000-0004 | Build it of glass
    01a21000-0001 | Plan the greenhouse
    01a21000-0003 | Count the panes
    ");
    for (shell, call) in [
        ("bash", "complete-values \"$kind\""),
        ("zsh", "_threadkeep_ids"),
        ("fish", "(__threadkeep_values ids --described)"),
    ] {
        let script = fixture.run(&["completions", shell])?.stdout;
        assert!(script.contains(call), "{shell}");
        for offer in ["completions complete-values", "'complete-values:", "-a \"complete-values\""] {
            assert!(!script.contains(offer), "{shell} does not offer the hidden command");
        }
        let path = fixture.path().join(shell);
        fs::write(&path, script)?;
        if is_there(shell) {
            let checked = Command::new(shell).arg("-n").arg(&path).output()?;
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    Ok(())
}

/// Returns true if a shell is installed. Otherwise says that it is not, and the test leaves it out.
fn is_there(shell: &str) -> bool {
    let is_there = Command::new(shell).arg("--version").output().is_ok_and(|found| found.status.success());
    if !is_there {
        // Not `eprintln!`, which a test that passes keeps to itself.
        let _ = writeln!(std::io::stderr(), "{shell} is not installed: its completions are not run");
    }
    is_there
}

/// Runs a shell with options, and with the completion script and words as its arguments. Returns
/// what it printed.
fn shell(fixture: &Fixture, home: &str, shell: &str, options: &[&str], words: &[&str]) -> Result<String> {
    let script = fixture.path().join(shell);
    fs::write(&script, fixture.run(&["completions", shell])?.stdout)?;
    let program = Path::new(env!("CARGO_BIN_EXE_threadkeep")).parent().ok_or("a folder")?;
    // A shell that waits for an offer that does not come must not wait for ever.
    let mut command = Command::new("timeout");
    command.args(["60", shell]).args(options).arg(&script).args(words);
    command.env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    command.env("CODEX_HOME", fixture.path().join(home)).env("HOME", fixture.path());
    let output = command.current_dir(fixture.path()).output()?;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Returns what bash offers for the last word of a command line.
fn offered(fixture: &Fixture, home: &str, words: &[&str]) -> Result<Vec<String>> {
    let run = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
               _threadkeep_values \"$1\" \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let said = shell(fixture, home, "bash", &["-c", run, "bash"], &[&["threadkeep"], words].concat())?;
    Ok(said.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn bash_offers_what_can_stand_there() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    if !is_there("bash") {
        return Ok(());
    }
    let all = ["01a21000-0004", "01a21000-0001", "01a21000-0003"];
    for words in [
        &["threads", "show", "01a2"][..],
        &["threads", "-v", "archive", "x", ""],
        &["goals", "get", "x", "01a2"],
        &["threads", "--color", "never", "tree", "01a2"],
        &["logs", "--thread", "01a2"],
        &["threads", "tree", "--before", "01a2"],
    ] {
        assert_eq!(offered(&fixture, "home", words)?, all, "{words:?}");
    }
    assert_eq!(offered(&fixture, "home", &["threads", "show", "01a21000-0003"])?, all[2..]);
    // The value of an option, and what follows the only id, are no ids.
    for words in [
        &["threads", "tree", "--limit", ""][..],
        &["threads", "tree", "--limit", "="],
        &["threads", "rename", "01a21000-0003", ""],
        &["goals", "set", "01a21000-0003", ""],
        &["goals", "get", "--home", ""],
    ] {
        assert!(!offered(&fixture, "home", words)?.contains(&all[0].to_owned()), "{words:?}");
    }
    assert!(offered(&fixture, "home", &["threads", "--source", "sub"])?.contains(&"subagent".to_owned()));
    for words in [&["threads", "--agent", "cl"][..], &["agents", "add", "cl"], &["agents", "remove", "cl"]] {
        assert_eq!(offered(&fixture, "home", words)?, ["claude", "cline"], "{words:?}");
    }
    assert!(offered(&fixture, "home", &["thr"])?.contains(&"threads".to_owned()));
    // The home on the command line is asked, however it is typed.
    for given in [&["--home", "home"][..], &["--home", "=", "'home'"], &["--home", "~/home"]] {
        let words = [given, &["threads", "show", "01a2"]].concat();
        assert_eq!(offered(&fixture, "other", &words)?, all, "{words:?}");
        assert_eq!(offered(&fixture, "other", &words[given.len()..])?, [""; 0]);
    }
    assert!(!fixture.path().join("other").exists());
    Ok(())
}

#[test]
fn fish_offers_what_can_stand_there() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    if !is_there("fish") {
        return Ok(());
    }
    let offered = |line: &str| -> Result<Vec<String>> {
        let run = "source $argv[1]; complete -C $argv[2]";
        let said = shell(&fixture, "home", "fish", &["--no-config", "-c", run], &[line])?;
        Ok(said.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect())
    };
    let all = ["01a21000-0001", "01a21000-0003", "01a21000-0004"];
    let sorted = |line: &str| -> Result<Vec<String>> {
        let mut found = offered(line)?;
        found.sort();
        Ok(found)
    };
    assert_eq!(sorted("threadkeep threads show 01a2")?, all);
    assert_eq!(sorted("threadkeep --home home threads rename ")?, all);
    let names = offered("threadkeep threads rename 01a21000-0003 ")?;
    assert!(!names.iter().any(|name| name.starts_with("01a2")), "{names:?}");
    assert_eq!(offered("threadkeep threads --source sub")?, ["subagent"]);
    assert_eq!(offered("threadkeep threads --agent cli")?, ["cline"]);
    assert_eq!(offered("threadkeep agents add cli")?, ["cline"]);
    fixture.json(&["threads", "delete", "-y", "01a21000-0003"])?;
    assert_eq!(offered("threadkeep threads restore ")?, [super::family::id(3)]);
    Ok(())
}

#[test]
fn zsh_offers_what_can_stand_there() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    if !is_there("zsh") {
        return Ok(());
    }
    // A shell within the shell, in which the tabulator is typed.
    let run = r#"
        zmodload zsh/zpty
        zpty inner zsh -f -i
        zpty -w inner "PS1=; autoload -Uz compinit; compinit -D -u; source ${(q)1}; compdef _threadkeep threadkeep; print rea''dy"
        zpty -r -m inner said '*ready*'
        zpty -w -n inner "$2"$'\t'
        zpty -r -m inner said "*$3*" && print offered
        zpty -d inner"#;
    for (line, offer) in [
        ("threadkeep threads show 01a21000-000", "0004"),
        ("threadkeep --home home threads tree 01a21000-000", "0003"),
        ("threadkeep threads --source sub", "subagent"),
        ("threadkeep threads --agent cli", "cline"),
        ("threadkeep agents add cli", "cline"),
    ] {
        let said = shell(&fixture, "home", "zsh", &["-f", "-c", run, "zsh"], &[line, offer])?;
        assert_eq!(said, "offered\n", "{line}");
    }
    Ok(())
}
