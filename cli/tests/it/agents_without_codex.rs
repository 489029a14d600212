//! Sessions of other agents where there is no Codex.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::agents::{ids, user};
use crate::fixture::{Fixture, Result, copy};

/// A user who has sessions of Claude Code alone.
fn without_codex() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/claude/home");
    copy(&example, &user(&fixture), &|text| text)?;
    Ok(fixture)
}

#[test]
fn sessions_of_other_agents_need_no_codex() -> Result {
    let fixture = without_codex()?;
    let run = |arguments: &[&str]| -> Result<Value> {
        let output = fixture.command(arguments).env_remove("CODEX_HOME").arg("--json").output()?;
        let said = fixture.say(output)?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{}", said.all());
        Ok(serde_json::from_str(&said.stdout)?)
    };
    run(&["agents", "add", "claude"])?;
    assert_eq!(ids(&run(&["threads", "--limit", "100"])?).len(), 33);
    // A named folder for the databases has the home that stands for that of Codex, too.
    let named = ["--sqlite-home", "named"];
    run(&[&named[..], &["agents", "add", "claude"]].concat())?;
    let claude = run(&[&named[..], &["threads", "--limit", "100"]].concat())?;
    assert_eq!(ids(&claude).len(), 33);
    assert!(claude["threads"][0]["agent"] == "claude" && fixture.path().join("named/home/sessions").is_dir());
    let codex = user(&fixture).join(".codex");
    assert!(!codex.exists());
    // With a home of its own, later, it is one of the agents.
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home"), &codex, &|text| text)?;
    for named in [&[][..], &named] {
        let both = run(&[named, &["threads", "--limit", "100"]].concat())?;
        let of = |name: &str| both["threads"].as_array().into_iter().flatten().any(|it| it["agent"] == name);
        assert!(of("codex") && of("claude"), "{both}");
    }
    Ok(())
}

#[test]
fn the_doctor_advises_to_add_the_agents_that_are_there() -> Result {
    let fixture = without_codex()?;
    let doctor = |variable: &str| -> Result<String> {
        let mut command = fixture.command(&["doctor", "--only", "state.paths"]);
        Ok(fixture.say(command.env_remove(variable).output()?)?.stdout)
    };
    let said = doctor("CODEX_HOME")?;
    assert!(said.contains("threadkeep agents add claude") && !said.contains("mkdir"), "{said}");
    fixture.command(&["agents", "add", "claude"]).env_remove("CODEX_HOME").output()?;
    let said = doctor("CODEX_HOME")?;
    assert!(!said.contains("agents add"), "{said}");
    Ok(())
}

#[test]
fn no_server_of_a_codex_that_is_not_there_is_asked() -> Result {
    let fixture = without_codex()?;
    fixture.command(&["agents", "add", "claude"]).env_remove("CODEX_HOME").output()?;
    fs::create_dir_all(fixture.home().join("sessions"))?;
    let checks = ["network.reachability", "network.websocket"];
    let doctor = |variable: &str| -> Result<Value> {
        // A question would fail at this proxy.
        let mut command = fixture.command(&[&["--json", "doctor", "--only"], &checks[..]].concat());
        let output = command.env_remove(variable).env("HTTPS_PROXY", "http://127.0.0.1:1").output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let (without, with) = (doctor("CODEX_HOME")?, doctor("NO_SUCH_VARIABLE")?);
    for check in checks {
        let without = &without["checks"][check];
        let why = "not checked: Codex has no home here";
        assert_eq!(without["status"], "idle", "{without}");
        assert!(without["summary"].as_str().is_some_and(|summary| summary.starts_with(why)), "{without}");
        assert_ne!(with["checks"][check]["status"], "idle", "{with}");
    }
    Ok(())
}
