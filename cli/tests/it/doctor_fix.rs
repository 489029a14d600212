//! `doctor --fix` repairs what is Threadkeep's own, and only if it may.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sqlx::{Connection as _, Executor as _};

use super::doctor::{examine, open, status, used};
use super::fixture::Result;

#[test]
fn every_damaged_database_is_named_and_fixed() -> Result {
    let fixture = used()?;
    let goals = fixture.sqlite_home().join("goals_1.sqlite");
    for database in [fixture.database(), goals] {
        let mut bytes = fs::read(&database)?;
        bytes[4096..16_384].fill(0xa5);
        fs::write(&database, bytes)?;
    }
    let notes = examine(&fixture, &[])?["notes"].to_string();
    assert!(notes.contains("state is damaged") && notes.contains("goals is damaged"), "{notes}");
    let fixed = fixture.json(&["doctor", "--offline", "--fix", "--yes"])?;
    assert_eq!(fixed["fixed"].as_array().map(Vec::len), Some(2), "{}", fixed["fixed"]);
    assert_eq!(status(&fixed, "state.databases"), "ok");
    Ok(())
}

#[test]
fn an_index_that_is_behind_is_brought_up_to_date_by_fix() -> Result {
    let fixture = used()?;
    let rollout = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    fs::remove_file(rollout)?;
    let report = examine(&fixture, &["--only", "state.threads"])?;
    let check = &report["checks"]["state.threads"];
    assert_eq!((&check["status"], &check["details"]["gone from disk"]), (&"warning".into(), &"1".into()));
    let strict = fixture.run(&["doctor", "--offline", "--only", "state.threads", "--strict"])?;
    assert_eq!(strict.code, Some(1));
    let refused = fixture.run(&["doctor", "--offline", "--only", "state.threads", "--fix"])?;
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("pass --yes to fix without asking"), "{}", refused.stderr);
    let fixed = fixture.json(&["doctor", "--offline", "--only", "state.threads", "--fix", "--yes"])?;
    assert_eq!(fixed["fixed"][0], "the index is up to date");
    assert_eq!(status(&fixed, "state.threads"), "ok");
    Ok(())
}

#[tokio::test]
async fn a_damaged_database_and_a_stuck_lock_are_repaired_by_fix() -> Result {
    let fixture = used()?;
    let mut index = open(&fixture.database()).await?;
    let stuck = "UPDATE memory_consolidation SET lease_owner = 'a dead process', lease_expires_ms = 1";
    index.execute(stuck).await?;
    index.close().await?;
    let report = examine(&fixture, &["--only", "state.memories"])?;
    assert_eq!(status(&report, "state.memories"), "warning");
    assert!(report["notes"].to_string().contains("memory lock is stuck"), "{:#}", report["notes"]);
    let fixed = fixture.json(&["doctor", "--only", "state.memories", "--fix", "--yes"])?;
    assert_eq!(fixed["fixed"][0], "the memory lock of a dead process was released");
    assert_eq!(status(&fixed, "state.memories"), "idle");

    let mut bytes = fs::read(fixture.database())?;
    bytes[4096..16_384].fill(0xa5);
    fs::write(fixture.database(), bytes)?;
    let fixed = fixture.json(&["doctor", "--offline", "--fix", "--yes"])?;
    assert_eq!(status(&fixed, "state.databases"), "ok", "{fixed:#}");
    assert_eq!(fixed["checks"]["state.threads"]["details"]["current threads"], "13");
    Ok(())
}

#[test]
fn files_that_others_may_read_are_closed_by_fix() -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = used()?;
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    open(&fixture.sqlite_home(), 0o755)?;
    open(&fixture.database(), 0o644)?;
    let report = examine(&fixture, &["--only", "state.paths"])?;
    assert_eq!(status(&report, "state.paths"), "warning");
    fixture.json(&["doctor", "--only", "state.paths", "--fix", "--yes"])?;
    assert_eq!(fs::metadata(fixture.database())?.mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(fixture.sqlite_home())?.mode() & 0o777, 0o700);
    Ok(())
}
