//! Completion scripts, and what they offer.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::family::family;
use super::fixture::{Fixture, Result};

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
        ("fish", "(__threadkeep_values ids --described)"),
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
    Ok(())
}

/// Returns what bash offers for the last word of a command line.
fn offered(fixture: &Fixture, home: &str, words: &[&str]) -> Result<Vec<String>> {
    let script = fixture.path().join("bash");
    fs::write(&script, fixture.run(&["completions", "bash"])?.stdout)?;
    let run = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
               _threadkeep_values \"$1\" \"${@: -1}\" \"${@: -2:1}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["-c", run, "bash"]).arg(&script).arg("threadkeep").args(words);
    let program = Path::new(env!("CARGO_BIN_EXE_threadkeep")).parent().ok_or("a folder")?;
    bash.env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    bash.env("CODEX_HOME", fixture.path().join(home)).env("HOME", fixture.path()).current_dir(fixture.path());
    let output = bash.output()?;
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{words:?}");
    Ok(String::from_utf8(output.stdout)?.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn bash_offers_what_can_stand_there() -> Result {
    let fixture = family()?;
    fixture.json(&["backfill"])?;
    if Command::new("bash").arg("--version").output().is_err() {
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
