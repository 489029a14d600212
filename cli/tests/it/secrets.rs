//! Credentials of the rollouts get into no file of ours and no output.

use serde_json::json;

use super::fixture::{Fixture, Result, contents};
use super::written::Rollout;

/// Made up, and in the remote of one of the bundled rollouts.
const SECRET: &str = "s3cr3t-token";

#[test]
fn credentials_of_a_remote_are_nowhere() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036f-755a-7811-b14e-4200865829fd";
    let text = std::fs::read_to_string(fixture.rollout(&format!("{id}.jsonl"))?)?;
    assert!(text.contains(SECRET), "the bundled home has the secret");
    for arguments in [
        &["-v", "backfill"][..],
        &["-v", "backfill", "--force"],
        &["threads", "--limit", "100"],
        &["threads", "--limit", "100", "--json"],
        &["threads", "show", id],
        &["threads", "show", id, "--json"],
        &["threads", "--search", SECRET],
        &["-v", "audit"],
        &["audit", "--repair", "--json"],
        &["-v", "status"],
    ] {
        let said = fixture.run(arguments)?;
        // What was typed may be repeated, and what was found may not be.
        let words = said.all().replace(&format!("has \"{SECRET}\" in"), "");
        assert!(!words.contains(SECRET), "{arguments:?}: {words}");
        assert_ne!(said.code, Some(2), "{}", said.all());
    }
    let shown = fixture.json(&["threads", "show", id])?;
    assert!(shown["thread"]["git_origin_url"].is_string(), "the remote itself is kept");
    for (path, bytes) in contents(&fixture.sqlite_home())? {
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!found, "{} has the secret", path.display());
    }
    Ok(())
}

#[test]
fn a_secret_that_is_typed_gets_into_no_file() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036f-755a-7811-b14e-4200865829fd";
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    fixture.json(&["threads", "rename", id, &format!("deploy with {key}")])?;
    let goal = fixture.json(&["goals", "set", id, &format!("Use {key} to deploy")])?["goal"].clone();
    assert_eq!(goal["objective"], "Use [redacted:openai-key] to deploy");
    for (path, bytes) in contents(&fixture.sqlite_home())? {
        let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!found, "{} has the secret", path.display());
    }
    Ok(())
}

#[test]
fn a_secret_that_is_typed_is_not_said_again() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let id = "01a2036f-755a-7811-b14e-4200865829fd";
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    let typed = [
        vec!["threads", "--search", &key, "--cursor", &key],
        vec!["threads", "--search", &key],
        vec!["threads", "show", &key],
        vec!["threads", &key],
        vec!["threads", "--limit", &key],
        vec!["logs", "--from", &key],
        vec!["logs", "--search", &key, "--thread", &key],
        vec!["goals", "set", id, "x", "--budget", &key],
        vec!["goals", "set", id, "x", "--goal-id", &key],
        vec!["--home", &key, "threads"],
    ];
    for arguments in typed {
        for format in [None, Some("--json")] {
            let arguments: Vec<&str> = arguments.iter().copied().chain(format).collect();
            let said = fixture.run(&arguments)?;
            assert!(!said.all().contains(&key), "{arguments:?}: {}", said.all());
            let is_told = said.stderr.contains("[redacted:openai-key]");
            assert!(is_told || said.code == Some(0), "{arguments:?}: {}", said.all());
        }
    }
    let wrong = format!("[logs]\nkeep_rows = \"{key}\"\n{key} = 1\n");
    for (variable, config) in [(key.as_str(), ""), ("info", wrong.as_str())] {
        std::fs::write(fixture.sqlite_home().join("config.toml"), config)?;
        for arguments in [&["threads"][..], &["config", "show"], &["status"], &["status", "--json"]] {
            let said = fixture.say(fixture.command(arguments).env("THREADKEEP_LOG", variable).output()?)?;
            assert!(!said.all().contains(&key[..20]), "{arguments:?}: {}", said.all());
            assert!(said.all().contains("[redacted:openai-key]"), "{arguments:?}: {}", said.all());
        }
    }
    Ok(())
}

#[test]
fn ids_paths_and_commands_are_no_secrets() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036f-755a-7811-b14e-4200865829fd";
    let home = "rollouts/2026/token-store";
    std::fs::create_dir_all(fixture.path().join(home).join("sessions"))?;
    let arguments = ["--home", home, "goals", "set", id, "--budget", "5", "--force"];
    insta::assert_snapshot!(fixture.run(&arguments)?.all(), @r"
    exit 2
    --- stderr
    error: no goal was set here for thread 01a2036f-755a-7811-b14e-4200865829fd
      hint: set one with `threadkeep --home [tmp]/rollouts/2026/token-store goals set 01a2036f-755a-7811-b14e-4200865829fd OBJECTIVE`
    ");
    insta::assert_snapshot!(fixture.run(&["threads", "show", "ffff"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has an id that begins or ends with `ffff`
      hint: `threadkeep threads` lists the threads that exist
    ");
    Ok(())
}

/// Writes what it was given next to the home, and a secret of its own into the memory.
const AGENT: &str = r#"#!/bin/sh
cat "$2" phase2_workspace_diff.md raw_memories.md rollout_summaries/*.md > "$3"
echo "found AKIAIOSFODNN7EXAMPLE" >&2
echo "deploy with AKIAIOSFODNN7EXAMPLE" > memory_summary.md
"#;

#[cfg(unix)]
#[test]
fn a_secret_of_a_thread_gets_into_no_memory() -> Result {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::empty()?;
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    let (password, token) = ("hunter2horse", format!("ghp_{}", "a1B2c3D4e5".repeat(4)));
    let said = format!("No, deploy with {key} instead, DB_PASSWORD={password}");
    let path = Rollout { at: "2026-10-01T10:00", said: Some(&said), ..Rollout::default() }
        .write_to(&fixture.home())?;
    let output =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----", "Zm9vYmFy".repeat(20));
    let item = json!({
        "type": "CommandExecution", "id": "c", "status": "failed", "exit_code": 1,
        "command": ["bash", "-lc", format!("curl -H 'Authorization: Bearer {token}' https://example.com")],
        "aggregated_output": output,
    });
    let line = json!({
        "timestamp": "2026-10-01T10:01:00.000Z", "type": "event_msg",
        "payload": { "type": "item_completed", "turn_id": "t1", "item": item },
    });
    let text = fs::read_to_string(&path)?;
    fs::write(&path, format!("{text}{line}\n"))?;

    let (script, seen) = (fixture.path().join("agent.sh"), fixture.path().join("seen"));
    fs::write(&script, AGENT)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    fs::create_dir_all(fixture.sqlite_home())?;
    let settings = format!(
        "[features]\nmemories = true\n[memories]\nmax_age_days = 3650\n\
         agent_command = [{:?}, \"{{root}}\", \"{{prompt_file}}\", {:?}]\n",
        script.display().to_string(),
        seen.display().to_string()
    );
    fs::write(fixture.sqlite_home().join("config.toml"), settings)?;
    let ran = fixture.run(&["-v", "memories", "run"])?;
    assert_eq!(ran.code, Some(0), "{}", ran.all());
    let injected = fixture.run(&["memories", "inject"])?;
    assert!(injected.stdout.contains("deploy with [redacted:"), "{}", injected.all());
    let given = fs::read_to_string(&seen)?;
    assert!(given.contains("[redacted:openai-key]"), "{given}");

    let secrets = [key.as_str(), password, &token, "Zm9vYmFyZm9v", "AKIAIOSFODNN7EXAMPLE"];
    let said = [ran.all(), injected.all(), given, fixture.run(&["logs", "--level", "debug"])?.all()];
    for secret in secrets {
        assert!(said.iter().all(|said| !said.contains(secret)), "{secret}: {said:?}");
        for (path, bytes) in contents(&fixture.home())? {
            let is_theirs = path.starts_with(fixture.home().join("sessions"));
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(is_theirs || !found, "{} has {secret}", path.display());
        }
    }
    Ok(())
}
