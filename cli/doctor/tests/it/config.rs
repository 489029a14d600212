//! The settings of the agent and of Threadkeep, their features, and the sandbox.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, script, typed};

const GOOD: &str = r#"
model = "gpt-6"
model_provider = "mock"
profile = "work"
approval_policy = "never"
sandbox_mode = "workspace-write"

[sandbox_workspace_write]
network_access = true
writable_roots = ["/srv/a", "/srv/b"]

[model_providers.mock]
name = "Mock"
base_url = "http://127.0.0.1:1/v1"

[profiles.work]
model = "gpt-6-mini"

[profiles.home]

[features]
memories = true
apps = false
multi = { enabled = true }

[profiles.work.features]
apps = true
"#;

#[test]
fn settings_are_shown_with_the_chosen_profile() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("config.toml", GOOD)?;
    let check = fixture.check("config.load")?;
    assert_eq!(check["status"], "ok", "{check}");
    assert_eq!(check["summary"], "model gpt-6-mini · provider mock");
    let details = &check["details"];
    assert_eq!((&details["parse"], &details["profile"]), (&"ok".into(), &"work".into()));
    assert_eq!(details["profiles"], "home, work");
    assert_eq!(details["project settings"], "none");
    Ok(())
}

#[test]
fn a_home_without_settings_has_the_defaults() -> Result {
    let mut fixture = Fixture::new()?;
    let check = fixture.check("config.load")?;
    assert_eq!(check["summary"], "no config.toml, so the agent's defaults hold");
    assert_eq!(check["details"]["provider"], "openai");
    Ok(())
}

/// The editor is a script, which is called by the remedy as the user would.
#[test]
fn a_broken_file_is_a_failure_with_its_place() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("config.toml", "model = \"x\"\n\nhidden = [1,, 2]\n")?;
    fixture.set("EDITOR", "nano");
    let check = fixture.check("config.load")?;
    assert_eq!(check["status"], "fail");
    assert_eq!(check["summary"], "config.toml is broken at line 3, column 13", "{check}");
    let editor = fixture.folder().join("editors/nano");
    script(&editor, "echo \"$@\"")?;
    let remedy = format!("PATH={}:$PATH\n", editor.parent().ok_or("no folder")?.display());
    let shown = typed(&fixture, &(remedy + check["remediation"].as_str().ok_or("no remedy")?), "")?;
    assert_eq!(shown, format!("+3 {}", fixture.home().join("config.toml").display()));
    Ok(())
}

#[test]
fn a_profile_or_provider_that_is_missing_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    for (content, status, summary) in [
        ("profile = \"none-such\"\n", "warning", "there is no profile none-such"),
        ("model_provider = \"none-such\"\n", "warning", "there is no model provider none-such"),
        ("model = 3\n", "fail", "model must be a text"),
        ("mcp_servers = []\n", "fail", "mcp_servers must be a table"),
    ] {
        fixture.write("config.toml", content)?;
        let check = fixture.check("config.load")?;
        assert_eq!((&check["status"], &check["summary"]), (&status.into(), &summary.into()));
    }
    Ok(())
}

#[test]
fn our_own_settings_are_checked_too() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("threadkeep/config.toml", "[logs]\nlevle = \"debug\"\n")?;
    let check = fixture.check("config.load")?;
    assert_eq!(check["status"], "warning", "{check}");
    assert!(check["summary"].as_str().is_some_and(|text| text.starts_with("threadkeep config: line 2:")));
    fixture.write("threadkeep/config.toml", "[logs\n")?;
    assert_eq!(fixture.check("config.load")?["status"], "fail");
    Ok(())
}

#[test]
#[cfg(target_os = "linux")]
fn the_check_leaves_the_access_times_of_both_files() -> Result {
    use std::time::{Duration, SystemTime};
    let mut fixture = Fixture::new()?;
    let files = [fixture.write("config.toml", GOOD)?, fixture.write("threadkeep/config.toml", "[logs]\n")?];
    let old = SystemTime::now() - Duration::from_secs(3600);
    let times = std::fs::FileTimes::new().set_accessed(old).set_modified(old);
    for file in &files {
        std::fs::File::options().write(true).open(file)?.set_times(times)?;
    }
    let _ = fixture.check("config.load")?;
    assert_eq!(files[0].metadata()?.accessed()?, old);
    Ok(())
}

#[test]
fn settings_of_the_project_are_mentioned() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.machine.cwd = fixture.folder().join("project");
    let file = fixture.machine.cwd.join(".codex/config.toml");
    std::fs::create_dir_all(file.parent().ok_or("no folder")?)?;
    std::fs::write(file, "model = \"x\"\n")?;
    assert_eq!(fixture.check("config.load")?["details"]["project settings"], "there are some");
    Ok(())
}

#[test]
fn features_are_counted_and_a_profile_has_the_last_word() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write("config.toml", GOOD)?;
    fixture.write("threadkeep/config.toml", "[features]\nlogs = false\n")?;
    let check = fixture.check("config.features")?;
    assert_eq!(check["summary"], "3 switched on · 0 switched off");
    assert_eq!(check["details"]["overrides"], "memories=true, multi=true, apps=true");
    let own = check["details"]["threadkeep features"].as_str().ok_or("none")?;
    assert!(own.contains("logs=false") && own.contains("(default)"), "{own}");
    fixture.write("config.toml", "[features]\napps = \"yes\"\n")?;
    let check = fixture.check("config.features")?;
    assert_eq!(check["summary"], "feature apps is neither true nor false");
    Ok(())
}

#[test]
fn the_sandbox_is_described_by_the_settings() -> Result {
    let mut fixture = Fixture::new()?;
    assert_eq!(
        fixture.check("sandbox.helpers")?["summary"],
        "files default · network default · approval default"
    );
    fixture.write("config.toml", GOOD)?;
    let check = fixture.check("sandbox.helpers")?;
    assert_eq!(check["summary"], "files workspace-write · network open · approval never");
    assert_eq!(check["details"]["writable folders"], "2");
    fixture.write("config.toml", "sandbox_mode = \"danger\"\napproval_policy = { granular = {} }\n")?;
    let check = fixture.check("sandbox.helpers")?;
    assert_eq!(check["status"], "warning");
    assert_eq!(check["details"]["approval policy"], "by kind of request");
    Ok(())
}

#[test]
#[cfg(target_os = "linux")]
fn helpers_of_the_sandbox_are_found() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("PATH", "");
    assert_eq!(fixture.check("sandbox.helpers")?["details"]["helpers"], "none");
    let bwrap = on_path(&mut fixture, "bwrap", "")?;
    fixture.write("tmp/arg0-linux/codex-arg0X/codex-linux-sandbox", "")?;
    let helpers = fixture.check("sandbox.helpers")?["details"]["helpers"].clone();
    let helpers = helpers.as_str().ok_or("none")?;
    assert!(helpers.starts_with(&bwrap.display().to_string()), "{helpers}");
    assert!(helpers.ends_with(".codex/tmp/arg0-linux/codex-arg0X/codex-linux-sandbox"), "{helpers}");
    Ok(())
}
