//! `doctor` changes nothing, and answers in whatever state a home is.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use threadkeep_rollout::untouched::{self, Folder};

use super::fixture::{Fixture, Result};

/// Everything that can be seen of a file or folder.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    mode: u32,
    size: u64,
    times: [(i64, i64); 3],
    content: Vec<u8>,
}

/// Looks at a folder and all in it without changing an access time. Contents are not read while
/// this process holds locks on them: closing a file would release those.
fn look(path: &Path, reads: bool, into: &mut Vec<Seen>) -> Result {
    let found = path.symlink_metadata()?;
    let times = [
        (found.atime(), found.atime_nsec()),
        (found.mtime(), found.mtime_nsec()),
        (found.ctime(), found.ctime_nsec()),
    ];
    let content = if reads && found.is_file() { untouched::read(path, u64::MAX)? } else { Vec::new() };
    into.push(Seen { path: path.to_owned(), mode: found.mode(), size: found.len(), times, content });
    if found.is_dir() {
        let mut entries = Folder::open(path)?.entries()?;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        for entry in entries {
            look(&path.join(entry.name), reads, into)?;
        }
    }
    Ok(())
}

/// Runs the doctor, and checks that it changed nothing.
pub(crate) fn examine(fixture: &Fixture, arguments: &[&str]) -> Result<Value> {
    examine_while(fixture, arguments, true)
}

fn examine_while(fixture: &Fixture, arguments: &[&str], reads: bool) -> Result<Value> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    look(&fixture.home(), reads, &mut before)?;
    let said = fixture.run(&[&["--json", "doctor", "--offline"], arguments].concat())?;
    look(&fixture.home(), reads, &mut after)?;
    assert_eq!(said.stderr, "");
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "{}", before.path.display());
    }
    let report: Value = serde_json::from_str(&said.stdout)?;
    let expected = if report["overall_status"] == "fail" { 1 } else { 0 };
    assert_eq!(said.code, Some(expected), "{report:#}");
    Ok(report)
}

/// A home with an index, goals and logs, closed cleanly.
pub(crate) fn used() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fixture.json(&["goals", "set", "01a2036c-de71-77f1-a9e3-3c28701bba61", "Tidy the widget"])?;
    Ok(fixture)
}

pub(crate) fn status<'a>(report: &'a Value, id: &str) -> &'a str {
    report["checks"][id]["status"].as_str().unwrap_or_default()
}

pub(crate) async fn open(path: &Path) -> Result<sqlx::SqliteConnection> {
    Ok(sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?)
}

#[test]
fn the_server_of_codex_is_named_as_its_own() -> Result {
    let report = Fixture::bundled()?.run(&["doctor", "--offline", "--summary"])?;
    assert!(
        report.stdout.contains(" codex server ") && !report.stdout.contains(" app-server "),
        "{}",
        report.all()
    );
    Ok(())
}

#[test]
fn a_healthy_home_has_neither_warnings_nor_changes_in_state() -> Result {
    let fixture = used()?;
    let report = examine(&fixture, &[])?;
    for id in ["state.databases", "state.threads", "state.rollouts", "state.logs", "state.goals"] {
        assert_eq!(status(&report, id), "ok", "{id}: {:#}", report["checks"][id]);
    }
    assert_eq!(report["checks"]["state.threads"]["details"]["current threads"], "13");
    let full = examine(&fixture, &["--full", "--only", "state.databases"])?;
    let details = full["checks"]["state.databases"]["details"]["state"].as_str().unwrap_or_default();
    assert!(details.starts_with("ok, checked whole"), "{details}");
    Ok(())
}

#[test]
fn a_home_that_nothing_has_used_is_idle() -> Result {
    let fixture = Fixture::bundled()?;
    let report = examine(&fixture, &[])?;
    assert_eq!(status(&report, "state.threads"), "idle");
    assert_eq!(status(&report, "state.databases"), "ok");
    assert!(!fixture.sqlite_home().exists());
    Ok(())
}

#[test]
fn what_is_no_home_is_a_failure_and_can_be_made_one() -> Result {
    for (is_there, summary) in [(false, "there is no agent home at "), (true, " is no agent home: ")] {
        let fixture = Fixture::empty()?;
        if is_there {
            fs::create_dir(fixture.home())?;
        }
        let said = fixture.run(&["--json", "doctor", "--offline"])?;
        assert_eq!((said.code, fixture.home().exists()), (Some(1), is_there));
        let check = &serde_json::from_str::<Value>(&said.stdout)?["checks"]["state.paths"];
        assert!(check["summary"].to_string().contains(summary), "{check:#}");
        let remedy = check["remediation"].as_str().ok_or("no remedy")?;
        let remedy = remedy.replace("[tmp]", &fixture.path().to_string_lossy());
        assert!(Command::new("sh").args(["-c", &remedy]).status()?.success(), "{remedy}");
        assert_eq!(status(&examine(&fixture, &[])?, "state.paths"), "ok");
    }
    Ok(())
}

#[tokio::test]
async fn a_writer_is_named_and_not_waited_for() -> Result {
    let fixture = used()?;
    let mut writer = open(&fixture.database()).await?;
    writer.execute("BEGIN IMMEDIATE; UPDATE backfill_progress SET watermark = 'held'").await?;
    let report = examine_while(&fixture, &["--only", "state.databases", "state.threads"], false)?;
    let named = report["checks"]["state.databases"]["details"]["state writer"].as_str().unwrap_or_default();
    if cfg!(target_os = "linux") {
        assert!(named.starts_with(&format!("process {} ", std::process::id())), "{report:#}");
    }
    assert_eq!(status(&report, "state.threads"), "ok", "{report:#}");
    writer.execute("ROLLBACK").await?;
    writer.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_log_without_its_index_is_read() -> Result {
    let fixture = used()?;
    let mut writer = open(&fixture.database()).await?;
    writer.execute("UPDATE threads SET user_name = 'only in the log' WHERE rowid = 1").await?;
    let (mut log, mut copy) = (fixture.database().into_os_string(), fixture.path().join("copy"));
    log.push("-wal");
    fs::copy(&log, &copy)?;
    let main = fs::read(fixture.database())?;
    writer.close().await?;
    // As after a kill: the log is there, and the shared memory is gone.
    fs::write(fixture.database(), main)?;
    fs::copy(&copy, &log)?;
    copy.pop();
    let report = examine(&fixture, &["--only", "state.databases", "state.threads"])?;
    assert_eq!(status(&report, "state.databases"), "ok", "{report:#}");
    assert_eq!(status(&report, "state.threads"), "ok", "{report:#}");
    Ok(())
}

#[test]
fn damage_is_a_failure_and_the_remedy_works_as_typed() -> Result {
    type Damage = fn(Vec<u8>) -> Vec<u8>;
    let kinds: [(&str, Damage); 3] = [
        ("pages overwritten", |mut bytes| {
            bytes[4096..16_384].fill(0xa5);
            bytes
        }),
        ("cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("emptied", |_| Vec::new()),
    ];
    for (kind, damage) in kinds {
        let fixture = used()?;
        fs::write(fixture.database(), damage(fs::read(fixture.database())?))?;
        let report = examine(&fixture, &[])?;
        let check = &report["checks"]["state.databases"];
        assert_eq!(check["status"], "fail", "{kind}: {check:#}");
        let remedy = check["remediation"].as_str().unwrap_or_default();
        let words: Vec<&str> = remedy.strip_prefix("threadkeep ").ok_or(kind)?.split(' ').collect();
        assert_eq!(words, ["repair", "state"], "{kind}");
        assert_eq!(fixture.run(&words)?.code, Some(0), "{kind}");
        let after = examine(&fixture, &[])?;
        assert_eq!(status(&after, "state.databases"), "ok", "{kind}: {:#}", after["checks"]);
        assert_eq!(after["checks"]["state.threads"]["details"]["current threads"], "13", "{kind}");
    }
    Ok(())
}

#[test]
fn a_damaged_database_is_not_taken_for_a_missing_one() -> Result {
    let fixture = used()?;
    fs::write(fixture.database(), [0xa5; 9000])?;
    let report = examine(&fixture, &[])?;
    for id in ["state.threads", "state.memories"] {
        assert_eq!(report["checks"][id]["summary"], "not known: the database state was not read", "{id}");
    }
    Ok(())
}

#[test]
fn broken_settings_are_reported_once() -> Result {
    let fixture = used()?;
    fs::write(fixture.home().join("config.toml"), "model = ")?;
    let report = examine(&fixture, &[])?;
    assert_eq!(status(&report, "config.load"), "fail");
    let threads = &report["checks"]["state.threads"];
    assert_eq!(threads["summary"], "not compared: config.toml cannot be read");
    assert_eq!(threads["status"], "idle");
    Ok(())
}

#[tokio::test]
async fn the_agents_database_in_our_place_is_foreign() -> Result {
    let fixture = used()?;
    fs::remove_dir_all(fixture.sqlite_home())?;
    fs::create_dir(fixture.sqlite_home())?;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(fixture.database());
    let mut agents = options.create_if_missing(true).connect().await?;
    agents.execute("CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL)").await?;
    agents.close().await?;
    let report = examine(&fixture, &[])?;
    assert_eq!(status(&report, "state.databases"), "fail");
    assert!(report["notes"].to_string().contains("foreign database"), "{:#}", report["notes"]);
    Ok(())
}

#[tokio::test]
async fn an_agents_index_that_names_another_home_is_a_warning() -> Result {
    let fixture = used()?;
    let path = fixture.home().join("state_5.sqlite");
    let mut agents = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .create_if_missing(true)
        .connect()
        .await?;
    let insert = format!(
        "CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT NOT NULL); \
         INSERT INTO threads VALUES ('1', '{}/sessions/a.jsonl'), ('2', '/old/home/sessions/2026/b.jsonl')",
        fixture.home().display()
    );
    agents.execute(sqlx::AssertSqlSafe(insert)).await?;
    // The rows are in its log.
    let report = examine_while(&fixture, &["--only", "state.threads"], false)?;
    let check = &report["checks"]["state.threads"];
    assert_eq!(check["status"], "warning", "{check:#}");
    let summary = check["summary"].as_str().unwrap_or_default();
    assert!(summary.contains("1 of 2 rollouts in /old/home"), "{summary}");
    agents.close().await?;
    Ok(())
}

#[test]
fn a_home_that_cannot_be_written_is_examined() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = used()?;
    let set = |mode| fs::set_permissions(fixture.sqlite_home(), fs::Permissions::from_mode(mode));
    set(0o500)?;
    let report = examine(&fixture, &["--only", "state.databases", "state.threads"]);
    set(0o700)?;
    assert_eq!(status(&report?, "state.threads"), "ok");
    Ok(())
}

#[test]
fn the_report_for_people_fits_80_columns() -> Result {
    let fixture = used()?;
    for arguments in [&["doctor", "--offline"][..], &["doctor", "--offline", "--summary", "--ascii"]] {
        let said = fixture.say(fixture.command(arguments).env("COLUMNS", "80").output()?)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        for line in said.stdout.lines().filter(|line| !line.contains("threadkeep ")) {
            assert!(threadkeep_app::text::width(line) <= 80, "{line}");
        }
        let is_ascii = arguments.contains(&"--ascii");
        assert!(!is_ascii || said.stdout.is_ascii(), "{}", said.stdout);
        for part in ["Environment", " ok", "databases", "0 fail"] {
            assert!(said.stdout.contains(part), "{part}: {}", said.stdout);
        }
    }
    Ok(())
}
