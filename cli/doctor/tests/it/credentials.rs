//! Credentials of the agent: which there are, and if they fit each other.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, typed};

const ACCOUNT: &str = r#"{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"id_token":"aaaaaaaaaa",
    "access_token":"bbbbbbbbbb","refresh_token":"cccccccccc"},"last_refresh":"2026-11-28T07:15:34Z"}"#;
const MOCK: &str = "model_provider = \"mock\"\n[model_providers.mock]\nenv_key = \"MOCK_KEY\"\n";

/// Writes `auth.json` as the agent does: for this user alone.
fn auth(fixture: &Fixture, content: &str) -> Result<std::path::PathBuf> {
    let path = fixture.write("auth.json", content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(path)
}

#[test]
fn a_stored_account_is_fine() -> Result {
    let mut fixture = Fixture::new()?;
    auth(&fixture, ACCOUNT)?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!((&check["status"], &check["summary"]), (&"ok".into(), &"an account is stored".into()));
    let details = &check["details"];
    assert_eq!((&details["stored mode"], &details["tokens stored"]), (&"chatgpt".into(), &"yes".into()));
    assert_eq!((&details["key stored"], &details["environment"]), (&"no".into(), &"none".into()));
    Ok(())
}

#[test]
fn a_login_is_missed_only_if_there_is_an_agent() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("PATH", "");
    assert_eq!(fixture.check("auth.credentials")?["status"], "idle");
    on_path(&mut fixture, "codex", "")?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!(check["summary"], "the agent is not logged in");
    assert_eq!(check["remediation"], "CODEX_HOME=~/.codex codex login");
    fixture.set("CODEX_API_KEY", "0123456789");
    assert_eq!(fixture.check("auth.credentials")?["summary"], "credentials are in the environment");
    fixture.machine.variables.remove(std::ffi::OsStr::new("CODEX_API_KEY"));
    fixture.write("config.toml", "cli_auth_credentials_store = \"keyring\"\n")?;
    assert_eq!(fixture.check("auth.credentials")?["summary"], "credentials are kept in the store keyring");
    Ok(())
}

#[test]
fn a_key_in_the_environment_and_an_account_are_mixed_signals() -> Result {
    let mut fixture = Fixture::new()?;
    auth(&fixture, ACCOUNT)?;
    fixture.set("OPENAI_API_KEY", "0123456789");
    let check = fixture.check("auth.credentials")?;
    assert_eq!(check["status"], "warning");
    assert_eq!(check["summary"], "OPENAI_API_KEY is set, and an account is stored");
    assert!(!check.to_string().contains("0123456789"));
    let remedy = format!("OPENAI_API_KEY=x\n{}", check["remediation"].as_str().ok_or("no remedy")?);
    assert_eq!(typed(&fixture, &remedy, "echo \"[$OPENAI_API_KEY]\"")?, "[]");
    Ok(())
}

#[test]
fn the_variable_of_a_provider_must_be_set() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("config.toml", MOCK)?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!((&check["status"], &check["summary"]), (&"warning".into(), &"MOCK_KEY is not set".into()));
    assert_eq!(check["details"]["provider's variable"], "MOCK_KEY (not set)");
    // The remedy reads the value from the terminal.
    let remedy = check["remediation"].as_str().ok_or("no remedy")?;
    let remedy = format!("cd / && {{ {remedy}; }} <<< 'a value'");
    assert_eq!(typed(&fixture, &remedy, "bash -c 'echo $MOCK_KEY'")?, "a value");
    fixture.set("MOCK_KEY", "0123456789");
    let check = fixture.check("auth.credentials")?;
    assert_eq!(
        (&check["status"], &check["summary"]),
        (&"ok".into(), &"provider mock needs no account".into())
    );
    Ok(())
}

#[test]
fn a_key_in_the_place_of_a_variable_is_not_shown() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("config.toml", MOCK.replace("MOCK_KEY", "q8-lower-case-key"))?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!(check["summary"], "env_key of the provider is not a variable's name");
    assert!(!check.to_string().contains("q8-lower"), "{check}");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_file_that_others_may_read_is_a_warning() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let mut fixture = Fixture::new()?;
    let path = auth(&fixture, ACCOUNT)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!(check["summary"], "other users may read auth.json");
    typed(&fixture, check["remediation"].as_str().ok_or("no remedy")?, "")?;
    assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o600);
    assert_eq!(fixture.check("auth.credentials")?["status"], "ok");
    Ok(())
}

#[test]
fn a_file_that_lacks_what_its_mode_needs_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    for (content, status, summary) in [
        (r#"{"auth_mode":"apikey"}"#, "warning", "auth.json lacks the key that its mode needs"),
        (
            r#"{"auth_mode":"chatgpt","tokens":{}}"#,
            "warning",
            "auth.json lacks the tokens that its mode needs",
        ),
        (
            r#"{"OPENAI_API_KEY":"0123456789","tokens":{"id_token":"x"}}"#,
            "warning",
            "a key and an account are stored, and no mode",
        ),
        (r#"{"auth_mode":"#, "fail", "auth.json is damaged"),
        (r#"{"auth_mode":"apikey","OPENAI_API_KEY":"0123456789"}"#, "ok", "a key is stored"),
    ] {
        auth(&fixture, content)?;
        let check = fixture.check("auth.credentials")?;
        assert_eq!((&check["status"], &check["summary"]), (&status.into(), &summary.into()));
    }
    Ok(())
}

#[test]
fn all_signals_are_listed_under_the_worst_one() -> Result {
    let mut fixture = Fixture::new()?;
    auth(&fixture, "{")?;
    fixture.write("config.toml", MOCK)?;
    let check = fixture.check("auth.credentials")?;
    assert_eq!(check["status"], "fail");
    assert_eq!(check["details"]["signals"], "auth.json is damaged, MOCK_KEY is not set");
    Ok(())
}
