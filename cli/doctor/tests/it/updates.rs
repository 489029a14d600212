//! The newest version that the agent knows of.

use jiff::{Timestamp, ToSpan as _};

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, path, script, typed};
use crate::servers::{Authority, Server, proxy};

/// Writes the agent's record, made that many hours ago.
fn record(fixture: &Fixture, latest: &str, dismissed: &str, hours: i64) -> Result {
    let at = Timestamp::now().checked_sub(hours.hours())?;
    let content = format!(
        r#"{{"latest_version":"{latest}","last_checked_at":"{at}","dismissed_version":{dismissed}}}"#
    );
    fixture.write("version.json", content + "\n")?;
    Ok(())
}

/// Installs the agent as npm does.
#[cfg(unix)]
fn npm(fixture: &mut Fixture, version: &str) -> Result {
    let package = fixture.folder().join("lib/node_modules/@openai/codex");
    script(&package.join("bin/codex.js"), "touch \"$0.was-run\"")?;
    std::fs::write(
        package.join("package.json"),
        format!(r#"{{"name":"@openai/codex","version":"{version}"}}"#),
    )?;
    let bin = fixture.folder().join("npm");
    std::fs::create_dir_all(&bin)?;
    let _ = std::fs::remove_file(bin.join("codex"));
    std::os::unix::fs::symlink(package.join("bin/codex.js"), bin.join("codex"))?;
    path(fixture, &[&bin]);
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_newer_version_is_a_remark_and_no_warning() -> Result {
    let mut fixture = Fixture::new()?;
    npm(&mut fixture, "0.171.0")?;
    record(&fixture, "0.172.0", "null", 30)?;
    fixture.options.only = vec!["updates.status".to_owned()];
    let report = fixture.report()?.document();
    let check = &report["checks"]["updates.status"];
    assert_eq!(check["status"], "ok");
    assert_eq!(check["summary"], "codex 0.172.0 is available, 0.171.0 is installed");
    assert_eq!(check["details"]["current"], "0.171.0 (by its package)");
    assert_eq!(check["details"]["last looked for"], "30 h ago");
    let note = &report["notes"][0];
    assert_eq!(note["update"], true);
    assert_eq!(note["text"], "codex 0.172.0 is available: npm install -g @openai/codex@latest");
    let ran = fixture.folder().join("lib/node_modules/@openai/codex/bin/codex.js.was-run");
    assert!(!ran.exists(), "the agent was run, and it writes into its home");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_dismissed_version_is_no_remark() -> Result {
    let mut fixture = Fixture::new()?;
    npm(&mut fixture, "0.171.0")?;
    record(&fixture, "0.172.0", "\"0.172.0\"", 1)?;
    fixture.options.only = vec!["updates.status".to_owned()];
    let report = fixture.report()?.document();
    assert_eq!(report["notes"].as_array().map(Vec::len), Some(0));
    assert_eq!(report["checks"]["updates.status"]["details"]["dismissed"], "0.172.0");
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_version_that_is_not_newer_is_none() -> Result {
    let mut fixture = Fixture::new()?;
    npm(&mut fixture, "0.172.0")?;
    for latest in ["0.172.0", "0.99.0", "0.172.0-alpha.3"] {
        record(&fixture, latest, "null", 1)?;
        assert_eq!(fixture.check("updates.status")?["summary"], "codex 0.172.0 is the newest known version");
    }
    Ok(())
}

#[test]
fn the_version_is_in_the_path_of_some_installations() -> Result {
    let mut fixture = Fixture::new()?;
    let bin = fixture.home().join("packages/standalone/releases/0.170.2-x86_64-unknown-linux-musl");
    script(&bin.join("codex"), "")?;
    path(&mut fixture, &[&bin]);
    record(&fixture, "0.171.0", "null", 1)?;
    let check = fixture.check("updates.status")?;
    assert_eq!(check["details"]["current"], "0.170.2 (by its path)");
    assert_eq!(check["details"]["update action"], "codex update");
    Ok(())
}

#[test]
fn the_newest_session_says_the_version_of_an_unknown_program() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "codex", "")?;
    for (name, version) in [
        ("2026/11/27/rollout-2026-11-27T10-00-00-a.jsonl", "0.169.0"),
        ("2026/11/28/rollout-2026-11-28T07-00-00-b.jsonl", "0.170.0"),
        ("2026/11/28/rollout-2026-11-28T09-00-00-c.jsonl", "0.171.0"),
        ("2026/11/28/notes.jsonl", "9.9.9"),
    ] {
        let line = format!(r#"{{"type":"session_meta","payload":{{"cli_version":"{version}"}}}}"#);
        fixture.write(&format!("sessions/{name}"), line + "\n")?;
    }
    let check = fixture.check("updates.status")?;
    assert_eq!(check["details"]["current"], "0.171.0 (by the newest session)");
    assert_eq!(check["status"], "idle");
    Ok(())
}

#[test]
fn a_damaged_record_is_a_warning_with_a_remedy() -> Result {
    let mut fixture = Fixture::new()?;
    let file = fixture.write("version.json", r#"{"latest_version":"#)?;
    let check = fixture.check("updates.status")?;
    assert_eq!(check["status"], "warning");
    typed(&fixture, check["remediation"].as_str().ok_or("no remedy")?, "")?;
    assert!(!file.exists());
    assert_eq!(fixture.check("updates.status")?["status"], "idle");
    Ok(())
}

/// Makes a machine whose way to the registry ends at a server of the test.
#[cfg(unix)]
fn registry(fixture: &mut Fixture, status: u16, body: &'static str) -> Result<(Server, Server)> {
    let authority = Authority::new(fixture)?;
    let tls = authority.server("registry.npmjs.org")?;
    let server = Server::start(Some(tls), move |connection, _| {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} Some Words\r\nContent-Length: {length}\r\n\r\n{body}");
        connection.write_all(answer.as_bytes())
    })?;
    let through = proxy(&server)?;
    fixture.set("SSL_CERT_FILE", &authority.file.to_string_lossy());
    fixture.set("HTTPS_PROXY", &through.address.to_string());
    fixture.options.network_updates = true;
    fixture.options.offline = false;
    Ok((server, through))
}

#[test]
#[cfg(unix)]
fn the_registry_is_asked_only_on_request() -> Result {
    let mut fixture = Fixture::new()?;
    npm(&mut fixture, "0.171.0")?;
    record(&fixture, "0.171.0", "null", 30)?;
    let (server, through) = registry(&mut fixture, 200, r#"{"name":"@openai/codex","version":"0.173.1"}"#)?;
    let check = fixture.check("updates.status")?;
    assert_eq!(check["summary"], "codex 0.173.1 is available, 0.171.0 is installed", "{check}");
    assert_eq!(check["details"]["asked the network"], "0.173.1");
    assert_eq!(check["details"]["latest in the cache"], "0.171.0");
    assert!(server.asked()[0].starts_with("GET /@openai/codex/latest "));
    for (offline, network_updates) in [(true, true), (false, false)] {
        (fixture.options.offline, fixture.options.network_updates) = (offline, network_updates);
        assert_eq!(fixture.check("updates.status")?["summary"], "codex 0.171.0 is the newest known version");
    }
    assert_eq!(through.connections(), 1);
    Ok(())
}

#[test]
#[cfg(unix)]
fn a_registry_without_an_answer_is_a_warning() -> Result {
    for (status, body, summary) in [
        (503, "", "newest version: HTTP 503 Service Unavailable"),
        (200, r#"{"version":"<script>"}"#, "newest version: the answer has none"),
    ] {
        let mut fixture = Fixture::new()?;
        let _servers = registry(&mut fixture, status, body)?;
        let check = fixture.check("updates.status")?;
        assert_eq!((&check["status"], &check["summary"]), (&"warning".into(), &summary.into()));
        assert_eq!(check["details"]["asked the network"], "no answer");
    }
    Ok(())
}
