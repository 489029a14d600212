//! Credentials of the rollouts get into no file of ours and no output.

use super::fixture::{Fixture, Result, contents};

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
