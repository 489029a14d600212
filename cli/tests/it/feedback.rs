//! `feedback`: the bundle that the binary writes, read back.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::fixture::{Fixture, Result, contents};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// The entries of a zip file, in their order.
fn unzip(path: &Path) -> Result<Vec<(String, String)>> {
    let mut zip = zip::ZipArchive::new(fs::File::open(path)?)?;
    let mut entries = Vec::new();
    for number in 0..zip.len() {
        let mut file = zip.by_index(number)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let name = file.name()?.into_owned();
        entries.push((name, text));
    }
    Ok(entries)
}

fn names(entries: &[(String, String)]) -> Vec<&str> {
    entries.iter().map(|(name, _)| name.as_str()).collect()
}

fn of<'a>(entries: &'a [(String, String)], name: &str) -> Result<&'a str> {
    let found = entries.iter().find(|(of, _)| of == name).ok_or("no such entry")?;
    Ok(&found.1)
}

#[tokio::test]
async fn the_bundle_has_the_report_its_tags_and_the_rows_of_the_thread() -> Result {
    let fixture = Fixture::bundled()?;
    fixture
        .log(|| {
            tracing::warn!(target: "agent", thread_id = ID, "the tool failed");
            tracing::warn!(target: "agent", "of no thread");
        })
        .await?;
    let arguments = ["feedback", "--yes", "--thread", ID, "--include-logs", "--output", "bundle.zip"];
    let said = fixture.json(&arguments)?;
    let entries = unzip(&fixture.path().join("bundle.zip"))?;
    assert_eq!(names(&entries), ["codex-doctor-report.json", "tags.json", "logs.jsonl"]);

    let report: Value = serde_json::from_str(of(&entries, "codex-doctor-report.json")?)?;
    let tags: Value = serde_json::from_str(of(&entries, "tags.json")?)?;
    assert_eq!(report["schema_version"], 1);
    assert_eq!(tags["overall_status"], report["overall_status"]);
    assert_eq!(tags["failing_count"], report["counts"]["fail"]);
    assert_eq!(tags["warning_count"], report["counts"]["warning"]);
    let warned = report["checks"].as_object().into_iter().flatten();
    let warned = warned.filter(|(_, check)| check["status"] == "warning").map(|(id, _)| id.as_str());
    assert_eq!(tags["warning_checks"], Value::from(warned.collect::<Vec<_>>()));
    assert_eq!((&tags["thread_id"], &tags["log_rows"]), (&ID.into(), &1.into()));

    let arguments = ["feedback", "--yes", "--thread", ID, "--include-logs", "--output", "again.zip"];
    let shown = fixture.run(&arguments)?.stdout;
    assert!(shown.contains("  1 log row of the thread\n"), "{shown}");
    let row: Value = serde_json::from_str(of(&entries, "logs.jsonl")?)?;
    assert_eq!((&row["message"], &row["thread_id"]), (&"the tool failed".into(), &ID.into()));

    assert_eq!((&said["path"], &said["written"]), (&"bundle.zip".into(), &true.into()));
    assert_eq!(said["tags"], tags);
    assert_eq!(said["size"], fs::metadata(fixture.path().join("bundle.zip"))?.len());
    for (entry, (name, text)) in said["entries"].as_array().into_iter().flatten().zip(&entries) {
        assert_eq!((&entry["name"], &entry["size"]), (&name.as_str().into(), &text.len().into()));
    }
    Ok(())
}

#[tokio::test]
async fn without_a_thread_the_rows_are_those_of_the_tool() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.log(|| tracing::warn!(target: "agent", "of the agent")).await?;
    fixture.json(&["backfill"])?;
    fixture.json(&["feedback", "--yes", "--include-logs", "--output", "bundle.zip"])?;
    let entries = unzip(&fixture.path().join("bundle.zip"))?;
    let rows = of(&entries, "logs.jsonl")?;
    assert!(rows.contains("backfill: ") && !rows.contains("of the agent"), "{rows}");
    Ok(())
}

#[test]
fn without_logs_and_a_name_it_is_written_into_the_folder() -> Result {
    let fixture = Fixture::bundled()?;
    let before = contents(&fixture.home())?;
    let said = fixture.json(&["feedback", "--yes"])?;
    let path = said["path"].as_str().ok_or("a path")?;
    assert!(path.starts_with("threadkeep-feedback-") && path.ends_with("Z.zip"), "{path}");
    let entries = unzip(&fixture.path().join(path))?;
    assert_eq!(names(&entries), ["codex-doctor-report.json", "tags.json"]);
    assert_eq!(said["upload"], Value::Null);
    assert!(contents(&fixture.home())? == before, "the home was changed");
    Ok(())
}

#[test]
fn no_file_is_written_without_consent() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["feedback", "--output", "bundle.zip"])?.all(), @r"
    exit 2
    --- stderr
    error: no bundle was written: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to write it without asking
    ");
    fs::write(fixture.path().join("bundle.zip"), "mine")?;
    insta::assert_snapshot!(fixture.run(&["feedback", "--yes", "--output", "bundle.zip"])?.all(), @r"
    exit 2
    --- stderr
    error: bundle.zip exists
      hint: choose another name with --output FILE.zip, or remove the file
    ");
    insta::assert_snapshot!(fixture.run(&["feedback", "--yes", "--output", "none/bundle.zip"])?.all(), @r"
    exit 2
    --- stderr
    error: none is not a folder
      hint: create it first, or choose another place with --output FILE.zip
    ");
    insta::assert_snapshot!(fixture.run(&["feedback", "--yes", "--thread", "01a2fff"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has an id that begins or ends with `01a2fff`
      hint: `threadkeep threads` lists the threads that exist
    ");
    assert_eq!(fs::read(fixture.path().join("bundle.zip"))?, b"mine");
    assert_eq!(fs::read_dir(fixture.path())?.count(), 3, "user, home and the file that was there");
    Ok(())
}

#[tokio::test]
async fn no_secret_gets_into_an_entry() -> Result {
    let fixture = Fixture::bundled()?;
    let key = |vendor: &str| format!("{vendor}{}", "a1B2".repeat(12));
    let (in_log, in_config, in_auth) = (key("sk-proj-"), key("sk-ant-api03-"), key("zq9-"));
    let (in_environment, password) = (key("vv7-"), "correct-horse-battery");
    let home = fixture.home();
    fs::write(
        home.join("config.toml"),
        format!(
            "model = \"{in_config}\"\n[mcp_servers.one]\nurl = \"https://me:{password}@host/x?k={in_config}\"\n"
        ),
    )?;
    fs::write(home.join("auth.json"), format!("{{\"OPENAI_API_KEY\": \"{in_auth}\"}}"))?;
    fs::create_dir_all(fixture.sqlite_home())?;
    fs::write(
        fixture.sqlite_home().join("config.toml"),
        format!(
            "[memories]\napi_headers = [\"Authorization: Bearer {in_config}\"]\nunknown = \"{in_config}\"\n"
        ),
    )?;
    let user = fixture.path().join("user");
    let at = format!("at {}/work of grace on host with {in_auth} and {in_environment}", user.display());
    fixture
        .log(|| tracing::error!(target: "agent", thread_id = ID, key = in_log, at, "used {in_log}: {at}"))
        .await?;
    let mut command =
        fixture.command(&["feedback", "--yes", "--thread", ID, "--include-logs", "--output", "bundle.zip"]);
    command.env("USER", "grace").env("OPENAI_API_KEY", &in_environment);
    command.env("HTTPS_PROXY", format!("http://me:{password}@proxy:3128"));
    let said = fixture.say(command.output()?)?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    let entries = unzip(&fixture.path().join("bundle.zip"))?;
    assert_eq!(names(&entries), ["codex-doctor-report.json", "tags.json", "logs.jsonl"]);
    let user = user.to_string_lossy().into_owned();
    for secret in [&in_log, &in_config, &in_auth, &in_environment, password, &user, "grace"] {
        for (name, text) in &entries {
            assert!(!text.contains(secret), "{name} has {secret}: {text}");
        }
    }
    let rows = of(&entries, "logs.jsonl")?;
    assert!(rows.contains("used [redacted:openai-key]: at ~/work of <user>"), "{rows}");
    Ok(())
}

#[test]
fn wrong_settings_and_unusable_logs_stop_nothing() -> Result {
    let fixture = Fixture::bundled()?;
    fs::create_dir_all(fixture.sqlite_home())?;
    fs::write(fixture.sqlite_home().join("config.toml"), "this is no TOML\n")?;
    fs::write(fixture.sqlite_home().join("logs_2.sqlite"), "of another program")?;
    let said = fixture.run(&["feedback", "--yes", "--include-logs", "--output", "bundle.zip"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stderr.contains("note: the bundle has no log rows: "), "{}", said.stderr);
    let entries = unzip(&fixture.path().join("bundle.zip"))?;
    assert_eq!(names(&entries), ["codex-doctor-report.json", "tags.json"]);
    Ok(())
}

#[cfg(not(feature = "sentry"))]
#[test]
fn a_build_without_the_feature_names_one_with_it() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["feedback", "--yes", "--upload"])?.all(), @r"
    exit 2
    --- stderr
    error: this build cannot upload
      hint: build one with `cargo install --path cli --features sentry`, or leave out --upload and attach the file yourself
    ");
    assert_eq!(fs::read_dir(fixture.path())?.count(), 2, "no file was written");
    Ok(())
}

/// Answers one request on the loopback interface, and returns the DSN for it.
#[cfg(feature = "sentry")]
fn server(answer: &'static str) -> Result<String> {
    use std::io::Write as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let dsn = format!("http://public@{}/42", listener.local_addr()?);
    std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut request = Vec::new();
        // The last file of the bundle ends with the object that has the number of warnings.
        while !request.ends_with(b"}\n\n") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part)?;
            request.extend_from_slice(&part[..length]);
        }
        stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes())
    });
    Ok(dsn)
}

#[cfg(feature = "sentry")]
#[test]
fn an_upload_counts_after_the_servers_answer_and_the_file_stays() -> Result {
    let fixture = Fixture::bundled()?;
    let settings = |dsn: &str| {
        fs::create_dir_all(fixture.sqlite_home())?;
        let text = format!("[feedback]\nsentry_dsn = \"{dsn}\"\n");
        fs::write(fixture.sqlite_home().join("config.toml"), text)
    };
    settings("")?;
    let arguments = ["feedback", "--yes", "--upload", "--output"];
    let run = |name| fixture.run(&[&arguments[..], &[name]].concat());
    insta::assert_snapshot!(run("none.zip")?.all(), @r#"
    exit 2
    --- stderr
    error: there is no server to upload to
      hint: write `sentry_dsn = "https://KEY@HOST/PROJECT"` in the section [feedback] of the settings
    "#);
    settings(&server("429 Too Many Requests")?)?;
    insta::assert_snapshot!(run("refused.zip")?.all(), @r"
    exit 2
    --- stderr
    error: 127.0.0.1 did not accept the bundle: HTTP 429 Too Many Requests
      hint: the server limits reports: try again later; the bundle is kept in refused.zip
    ");
    settings(&server("200 OK")?)?;
    let said = fixture.json(&[&arguments[..], &["sent.zip"]].concat())?;
    assert_eq!((&said["upload"]["status"], &said["upload"]["host"]), (&200.into(), &"127.0.0.1".into()));
    for (name, is_there) in [("none.zip", false), ("refused.zip", true), ("sent.zip", true)] {
        assert_eq!(fixture.path().join(name).exists(), is_there, "{name}");
    }
    Ok(())
}
