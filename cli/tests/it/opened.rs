//! `threads open --run`: the agent takes the place of the tool, in the thread's folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use super::fixture::{Fixture, Result, Said};
use super::terminal;
use super::written::{Rollout, id};

const ARCHIVED: &str = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";

/// A program that records how it was called, and ends with the code 7 once it has resumed.
const AGENT: &str = "#!/bin/sh
printf '%s in %s, home %s' \"$*\" \"$PWD\" \"${CODEX_HOME-none}\" >>\"${0%/*}/calls\"
for argument in \"$@\"; do printf ' [%s]' \"$argument\" >>\"${0%/*}/calls\"; done
printf '\\n' >>\"${0%/*}/calls\"
case $1 in unarchive) exit ${FAILS:-0} ;; *) exit 7 ;; esac
";

/// Runs the tool at a terminal, with the agent in its path.
fn at_a_terminal(fixture: &Fixture, programs: &Path, arguments: &[&str], fails: &str) -> Result<Said> {
    let (_user, side) = terminal::open()?;
    let mut command = fixture.command(arguments);
    command.env("PATH", programs).env("FAILS", fails);
    command.stdin(side.try_clone()?).stdout(side).stderr(Stdio::piped());
    let output = command.spawn()?.wait_with_output()?;
    fixture.say(output)
}

fn with_agent(fixture: &Fixture) -> Result<std::path::PathBuf> {
    let programs = fixture.path().join("programs");
    fs::create_dir(&programs)?;
    let agent = programs.join("codex");
    fs::write(&agent, AGENT)?;
    fs::set_permissions(&agent, fs::Permissions::from_mode(0o755))?;
    Ok(programs)
}

/// Returns how the agent was called since this was asked before.
fn calls(fixture: &Fixture, programs: &Path) -> Result<String> {
    let calls = fs::read_to_string(programs.join("calls")).unwrap_or_default();
    let _ = fs::remove_file(programs.join("calls"));
    Ok(calls.replace(fixture.path().to_str().ok_or("a temporary folder has a name")?, "[tmp]"))
}

#[test]
fn the_agent_runs_in_the_folder_of_the_thread() -> Result {
    let fixture = Fixture::bundled()?;
    let folder = fixture.path().join("it's here");
    fs::create_dir(&folder)?;
    let cwd = folder.to_str().ok_or("a temporary folder has a name")?;
    Rollout { n: 7, cwd, ..Rollout::default() }.write(&fixture)?;
    let programs = with_agent(&fixture)?;
    let said = at_a_terminal(&fixture, &programs, &["threads", "open", &id(7), "--run"], "0")?;
    assert_eq!(said.code, Some(7), "the agent's own code: {}", said.all());
    let resumed = format!("resume {0} in [tmp]/it's here, home [tmp]/home [resume] [{0}]\n", id(7));
    assert_eq!(calls(&fixture, &programs)?, resumed);
    // The agent unarchives first. Its folder is gone, so that it starts in the current one.
    let said = at_a_terminal(&fixture, &programs, &["threads", "open", ARCHIVED, "--run"], "0")?;
    assert_eq!(said.code, Some(7), "{}", said.all());
    let call = |verb: &str| format!("{verb} {ARCHIVED} in [tmp], home [tmp]/home [{verb}] [{ARCHIVED}]\n");
    assert_eq!(calls(&fixture, &programs)?, call("unarchive") + &call("resume"));
    // A step that fails is the last one.
    let said = at_a_terminal(&fixture, &programs, &["threads", "open", ARCHIVED, "--run"], "3")?;
    assert_eq!((said.code, calls(&fixture, &programs)?), (Some(2), call("unarchive")), "{}", said.all());
    assert!(said.stderr.contains("`codex unarchive` ended with exit status: 3"), "{}", said.all());
    // Another home than the agent's own is named to it.
    fs::rename(fixture.home(), fixture.path().join("other"))?;
    let other = ["--home", "other", "threads", "open", &id(7), "--run"];
    at_a_terminal(&fixture, &programs, &other, "0")?;
    assert_eq!(calls(&fixture, &programs)?, resumed.replace("home [tmp]/home", "home [tmp]/other"));
    Ok(())
}

#[test]
fn without_an_agent_or_a_terminal_the_command_can_be_printed() -> Result {
    let fixture = Fixture::bundled()?;
    let nowhere = fixture.path().join("nowhere");
    let said = at_a_terminal(&fixture, &nowhere, &["threads", "open", ARCHIVED, "--run"], "0")?;
    assert_eq!(said.code, Some(2), "{}", said.all());
    assert!(said.stderr.contains("cannot run `codex`: no such file or folder"), "{}", said.all());
    assert!(said.stderr.contains("leave out --run to print the command"), "{}", said.all());
    let programs = with_agent(&fixture)?;
    let mut command = fixture.command(&["threads", "open", ARCHIVED, "--run"]);
    let said = fixture.say(command.env("PATH", &programs).stdin(Stdio::null()).output()?)?;
    assert_eq!((said.code, calls(&fixture, &programs)?), (Some(2), String::new()), "{}", said.all());
    Ok(())
}
