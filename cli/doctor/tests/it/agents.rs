//! Other agents' places: the version that wrote their sessions.

use std::fs;
use std::path::Path;

use serde_json::Value;
use threadkeep_app::agents::{Included, include, mirror};
use threadkeep_app::dirs::{Dirs, Given};

use crate::fixture::{Fixture, Result};

/// Adds a copy of an agent's example, in which words are replaced.
fn added(agent: &str, place: &str, words: [&str; 2]) -> Result<(Fixture, Dirs)> {
    let mut fixture = Fixture::new()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents").join(agent);
    let added = fixture.folder().join(agent);
    copy(&example.join(place), &added, words)?;
    let dirs = Dirs::find(&Given { home: Some(fixture.home()), sqlite_home: None })?.absolute();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let included = Included { agent: agent.to_owned(), place: added.clone() };
    runtime.block_on(include(&dirs.sqlite_home, included)).map_err(|fault| fault.to_string())?;
    let store = threadkeep_sessions::store(agent).ok_or("an agent that this build knows")?;
    let before = fixture.check("state.agents")?;
    let unread = detail(&before, agent)?;
    assert!(unread.contains(" session") && unread.ends_with(", not read yet"), "{unread}");
    mirror(&dirs.sqlite_home).sync(store, &added)?.ok_or("the mirror is free")?;
    Ok((fixture, dirs))
}

/// Adds a copy of an agent's example, as [`added`], and runs the check.
fn check(agent: &str, place: &str, words: [&str; 2]) -> Result<Value> {
    added(agent, place, words)?.0.check("state.agents")
}

fn copy(from: &Path, to: &Path, [word, other]: [&str; 2]) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, [word, other])?;
        } else {
            fs::write(target, fs::read_to_string(entry.path())?.replace(word, other))?;
        }
    }
    Ok(())
}

/// Agent whose sessions name its version, and its place in the example.
const CLINE: (&str, &str) = ("cline", "home/.cline/data/sessions");

fn detail(check: &Value, agent: &str) -> Result<String> {
    Ok(check["details"][agent].as_str().ok_or_else(|| format!("a detail in {check}"))?.to_owned())
}

#[test]
fn sessions_of_a_tested_version_are_no_trouble() -> Result {
    let check = check(CLINE.0, CLINE.1, ["3.0.65", "3.0.65"])?;
    assert_eq!(check["status"], "ok", "{check}");
    let detail = detail(&check, "cline")?;
    assert!(detail.ends_with("written by 3.0.65; read up to 3.0.65"), "{detail}");
    Ok(())
}

#[test]
fn sessions_of_a_newer_version_are_a_warning() -> Result {
    let check = check(CLINE.0, CLINE.1, ["3.0.65", "3.0.101"])?;
    assert_eq!(check["status"], "warning", "{check}");
    let summary = check["summary"].as_str().ok_or("a summary")?;
    assert!(summary.starts_with("sessions of Cline CLI 3.0.101 are read as those of 3.0.65"), "{summary}");
    assert!(summary.contains("update Threadkeep"), "{summary}");
    let remedy = check["remediation"].as_str().ok_or("a remedy")?;
    assert!(remedy.ends_with(" threads --agent cline"), "{remedy}");
    let detail = detail(&check, "cline")?;
    assert!(detail.ends_with("written by 3.0.101; read up to 3.0.65"), "{detail}");
    Ok(())
}

#[test]
fn a_lost_list_of_agents_is_a_warning() -> Result {
    let (mut fixture, dirs) = added(CLINE.0, CLINE.1, ["3.0.65", "3.0.65"])?;
    fs::remove_file(threadkeep_app::agents::list(&dirs.sqlite_home))?;
    let check = fixture.check("state.agents")?;
    assert_eq!(check["status"], "warning", "{check}");
    let summary = check["summary"].as_str().ok_or("a summary")?;
    assert!(summary.starts_with("the list of added agents ") && summary.contains(" is lost"), "{summary}");
    let remedy = check["remediation"].as_str().ok_or("a remedy")?;
    // It is not the agent's default folder.
    assert!(remedy.ends_with(" agents"), "{remedy}");
    Ok(())
}

#[test]
fn an_older_version_or_a_word_is_no_warning() -> Result {
    for word in ["3.0.9", "nightly"] {
        let check = check(CLINE.0, CLINE.1, ["3.0.65", word])?;
        assert_eq!(check["status"], "ok", "{check}");
        assert!(!detail(&check, "cline")?.contains("nightly"), "{check}");
    }
    Ok(())
}

#[test]
fn a_newer_format_of_an_agent_without_version_is_a_warning() -> Result {
    const PI: (&str, &str) = ("pi", "home/.pi/agent");
    let known = check(PI.0, PI.1, ["\"version\":3", "\"version\":3"])?;
    assert_eq!(known["status"], "ok", "{known}");
    let described = detail(&known, "pi")?;
    assert!(described.ends_with("in format 3; read up to 0.73.1 (format 3)"), "{described}");
    let newer = check(PI.0, PI.1, ["\"version\":3", "\"version\":10"])?;
    assert_eq!(newer["status"], "warning", "{newer}");
    let summary = newer["summary"].as_str().ok_or("a summary")?;
    assert!(summary.starts_with("sessions of pi in format 10 are read as those of format 3"), "{summary}");
    Ok(())
}

#[test]
fn formats_are_compared_by_their_numbers() -> Result {
    // Some sessions of the example have the format 1.10.
    let check = check("kimi", ".kimi", ["\"1.1\"", "\"1.5\""])?;
    assert_eq!(check["status"], "ok", "{check}");
    let detail = detail(&check, "kimi")?;
    assert!(detail.ends_with("in format 1.10; read up to 1.51.0 (format 1.10)"), "{detail}");
    Ok(())
}

#[test]
fn a_version_that_no_session_names_is_not_guessed() -> Result {
    let check = check("continue", "home/.continue", ["3.0.65", "3.0.65"])?;
    assert_eq!(check["status"], "ok", "{check}");
    let detail = detail(&check, "continue")?;
    assert!(detail.ends_with("of a version that they do not name; read up to 1.5.47"), "{detail}");
    Ok(())
}
