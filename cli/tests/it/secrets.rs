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
        let words = said.all().replace(&format!("--search {SECRET}"), "");
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
