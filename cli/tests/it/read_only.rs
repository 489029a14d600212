//! A home that cannot be written to is still listed, and says so.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::bad_database::{DAMAGES, Damage};
use super::fixture::{Fixture, Result, contents};
use super::unwritable::{protect, run, unprotect};

#[test]
fn without_an_index_one_is_made_for_the_run() -> Result {
    let fixture = Fixture::bundled()?;
    protect(&fixture.home())?;
    let before = contents(&fixture.home())?;
    let said = run(&fixture, &["threads", "--limit", "3"])?;
    insta::assert_snapshot!(said.all(), @r"
    exit 0
    --- stdout
    ID             UPDATED      THREAD                            FOLDER                BRANCH
    01a20371-2e88  22 Nov 2019  Please list the files here        /tmp/project/plain
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget     /tmp/project/widget   feature/rollouts
    01a20371-28ae  22 Nov 2019  Start something with a lot of c…  /tmp/project/widget   feature/rollouts
    3 of 13 · 2 sub-agents: --all lists them
    next: threadkeep threads --limit 3 --cursor v2udff08d250c.1574429277603.01a2037128ae75628d6e73e4f5f7c07b
    --- stderr
    note: cannot create [tmp]/home/threadkeep (permission denied): indexing into a temporary folder, for this run alone; --sqlite-home DIR chooses a place where the index can stay
    ");
    assert_eq!(run(&fixture, &["threads", "show", "01a2036c-de71"])?.code, Some(0));
    insta::assert_snapshot!(run(&fixture, &["backfill"])?.all(), @r"
    exit 2
    --- stderr
    error: cannot create [tmp]/home/threadkeep: permission denied
      hint: choose another folder for the databases with --sqlite-home DIR
    ");
    insta::assert_snapshot!(run(&fixture, &["threads", "archive", "01a2036c-de71"])?.all(), @r"
    exit 2
    --- stderr
    error: cannot create [tmp]/home/threadkeep: permission denied
      hint: choose another folder for the databases with --sqlite-home DIR
    ");
    let status = run(&fixture, &["status"])?;
    assert_eq!(status.code, Some(1));
    assert!(
        status.stdout.contains("not created yet, and cannot be: [tmp]/home is not writable"),
        "{}",
        status.all()
    );
    assert_eq!(contents(&fixture.home())?, before);
    assert_eq!(fs::read_dir(fixture.path().join("temporary"))?.count(), 0, "the temporary index is removed");
    unprotect(&fixture.home())
}

#[test]
fn an_index_that_is_there_is_read_as_it_is() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    protect(&fixture.home())?;
    let before = contents(&fixture.home())?;
    let said = run(&fixture, &["threads", "--limit", "3"])?;
    insta::assert_snapshot!(said.stderr, @"note: [tmp]/home/threadkeep/state_5.sqlite is not writable: the index was not brought up to date; the list may be incomplete");
    assert_eq!(run(&fixture, &["status"])?.code, Some(0));
    assert_eq!(run(&fixture, &["audit"])?.code, Some(0));
    insta::assert_snapshot!(run(&fixture, &["threads", "archive", "01a2036c-de71"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/state_5.sqlite is not writable
      hint: give this user permission, or choose another folder for the databases with --sqlite-home DIR
    ");
    assert_eq!(contents(&fixture.home())?, before);
    unprotect(&fixture.home())
}

#[test]
fn goals_and_logs_are_read_as_they_are_and_nothing_is_logged() -> Result {
    let fixture = Fixture::bundled()?;
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    fixture.json(&["backfill"])?;
    fixture.json(&["goals", "set", id, "Tidy the widget"])?;
    protect(&fixture.home())?;
    let before = contents(&fixture.home())?;
    let goals = run(&fixture, &["goals", "list"])?;
    assert!(goals.code == Some(0) && goals.stdout.contains("Tidy the widget"), "{}", goals.all());
    let logs = run(&fixture, &["logs", "--compact"])?;
    assert_eq!((logs.code, logs.stdout.lines().count()), (Some(0), 2), "{}", logs.all());
    let list = run(&fixture, &["threads"])?;
    assert!(list.code == Some(0) && list.stdout.contains("GOAL"), "{}", list.all());
    let status = run(&fixture, &["--json", "status"])?;
    let status: serde_json::Value = serde_json::from_str(&status.stdout)?;
    assert_eq!((&status["goals"]["active"], &status["logs"]["rows"]), (&1.into(), &2.into()));
    insta::assert_snapshot!(run(&fixture, &["goals", "pause", id])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/goals_1.sqlite is not writable
      hint: give this user permission, or choose another folder for the databases with --sqlite-home DIR
    ");
    assert_eq!(contents(&fixture.home())?, before);
    unprotect(&fixture.home())
}

#[test]
fn a_home_that_may_not_be_looked_at_is_an_error() -> Result {
    let fixture = Fixture::bundled()?;
    fs::set_permissions(fixture.home(), fs::Permissions::from_mode(0o000))?;
    let said = run(&fixture, &["threads"])?;
    fs::set_permissions(fixture.home(), fs::Permissions::from_mode(0o755))?;
    insta::assert_snapshot!(said.all(), @r"
    exit 2
    --- stderr
    error: cannot read [tmp]/home: permission denied
      hint: check its permissions, or pass another home with --home DIR
    ");
    Ok(())
}

#[test]
fn a_folder_that_may_not_be_looked_into_is_told() -> Result {
    let fixture = Fixture::bundled()?;
    protect(&fixture.home())?;
    let sessions = fixture.home().join("sessions");
    let rollout = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    fs::set_permissions(&rollout, fs::Permissions::from_mode(0o000))?;
    let failed = run(&fixture, &["threads", "-v", "--limit", "1"])?;
    let quiet = run(&fixture, &["threads", "--limit", "1"])?;
    let shown = run(&fixture, &["threads", "show", "01a2036c-de71"])?;
    fs::set_permissions(&sessions, fs::Permissions::from_mode(0o000))?;
    let list = run(&fixture, &["threads"])?;
    let json = run(&fixture, &["threads", "--json", "-q"])?;
    unprotect(&fixture.home())?;

    let unread = "1 file with problems; `threadkeep backfill` shows which";
    for list in [failed, quiet] {
        assert_eq!(list.all().matches(unread).count(), 1, "{}", list.all());
    }
    assert!(shown.stderr.contains(&format!("note: {unread}")), "{}", shown.all());
    insta::assert_snapshot!(list.all(), @r"
    exit 0
    --- stdout
    No current threads.
    1 archived: --archived lists them.
    --- stderr
    note: cannot create [tmp]/home/threadkeep (permission denied): indexing into a temporary folder, for this run alone; --sqlite-home DIR chooses a place where the index can stay
    note: sessions cannot be read: Permission denied (os error 13); the list may be incomplete
    ");
    let json: serde_json::Value = serde_json::from_str(&json.stdout)?;
    assert_eq!(json["incomplete"], "sessions cannot be read: Permission denied (os error 13)");
    Ok(())
}

#[test]
fn threads_whose_rollouts_cannot_be_seen_do_not_agree() -> Result {
    let fixture = Fixture::bundled()?;
    let (sqlite_home, sessions) = (fixture.path().join("index"), fixture.home().join("sessions"));
    fs::create_dir(&sqlite_home)?;
    fs::set_permissions(&sqlite_home, fs::Permissions::from_mode(0o777))?;
    assert_eq!(run(&fixture, &["--sqlite-home", "index", "backfill"])?.code, Some(0));
    fs::set_permissions(&sessions, fs::Permissions::from_mode(0o000))?;
    let audit = run(&fixture, &["--sqlite-home", "index", "audit"])?;
    let json = run(&fixture, &["--sqlite-home", "index", "audit", "--json"])?;
    let list = run(&fixture, &["--sqlite-home", "index", "threads", "--limit", "1"])?;
    let show = run(&fixture, &["--sqlite-home", "index", "threads", "show", "01a2036c-de71", "--json"])?;
    unprotect(&fixture.home())?;
    insta::assert_snapshot!(audit.all(), @r"
    exit 1
    --- stdout
    files with problems
      sessions
        cannot be read: Permission denied (os error 13)

    no difference was found, as far as the rollouts can be read
    15 threads could not be compared: the folder of their rollouts cannot be read
    1 file and 1 thread compared
    ");
    let json: serde_json::Value = serde_json::from_str(&json.stdout)?;
    assert_eq!((&json["agrees"], &json["unseen"]), (&false.into(), &15.into()));
    insta::assert_snapshot!(list.stderr, @"note: sessions cannot be read: Permission denied (os error 13); the list may be incomplete");
    let show: serde_json::Value = serde_json::from_str(&show.stdout)?;
    assert!(show["incomplete"].is_string(), "{show}");
    Ok(())
}

#[test]
fn the_sqlite_home_is_for_its_user_alone() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    assert_eq!(fs::metadata(fixture.sqlite_home())?.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[test]
fn that_an_index_is_only_read_is_reported() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fs::write(
        fixture.sqlite_home().join("config.toml"),
        "[logs]\nfilter = \"info,threadkeep::telemetry=debug\"\n",
    )?;
    protect(&fixture.home())?;
    // All but the index can be written.
    fs::set_permissions(fixture.sqlite_home(), fs::Permissions::from_mode(0o777))?;
    for entry in fs::read_dir(fixture.sqlite_home())? {
        let path = entry?.path();
        if path != fixture.database() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
        }
    }
    let said = run(&fixture, &["threads", "--limit", "1"])?;
    assert!(said.code == Some(0) && said.stderr.contains("is not writable"), "{}", said.all());
    unprotect(&fixture.home())?;
    let rows = fixture.rows(&["--only-level", "debug"])?;
    let fell_back =
        rows.iter().find(|row| row["message"] == "threadkeep.db.fallback").ok_or("it is counted")?;
    assert_eq!(fell_back["fields"], serde_json::json!({"db": "state", "error": "io", "value": 1}));
    Ok(())
}

/// Commands that only read.
const READING: [&[&str]; 8] = [
    &["goals", "list"],
    &["logs"],
    &["audit"],
    &["threads", "--deleted"],
    &["memories", "status"],
    &["threads", "--limit", "3"],
    &["threads", "show", "01a2036c-de71"],
    &["threads", "tree"],
];

#[test]
fn a_damaged_home_that_may_only_be_read_is_read_or_told_with_the_repair() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fixture.run(&["threads", "rename", "01a2036c-de71", "kept name"])?;
    fixture.run(&["goals", "set", "01a2036c-de71", "Please reach it"])?;
    fixture.run(&["threads", "delete", "01a20371-2f5f", "--yes"])?;
    let gone: Damage = ("gone", |_| ());
    // Those of the index alone look for one of its tables or texts.
    for (kind, damage) in DAMAGES.into_iter().take(8).chain([gone]) {
        for database in ["state_5.sqlite", "goals_1.sqlite", "logs_2.sqlite"] {
            let path = fixture.sqlite_home().join(database);
            let whole = fs::read(&path)?;
            let mut bytes = whole.clone();
            damage(&mut bytes);
            if kind == "gone" {
                fs::remove_file(&path)?;
            } else {
                fs::write(&path, bytes)?;
            };
            protect(&fixture.home())?;
            let before = contents(&fixture.home())?;
            for command in READING {
                let said = run(&fixture, command)?;
                let what = format!("{kind}, {database}, {command:?}: {}", said.all());
                match said.code {
                    Some(0) => {}
                    Some(2) => {
                        let is_told = said.stderr.contains("is damaged") && said.stderr.contains("repair");
                        assert!(is_told || said.stderr.contains("there is no index"), "{what}");
                    }
                    _ => panic!("{what}"),
                }
                if database == "state_5.sqlite" && command.starts_with(&["threads"]) && command.len() != 2 {
                    assert_eq!(said.code, Some(0), "{what}");
                    assert!(said.stderr.contains("is damaged") && said.stderr.contains("repair"), "{what}");
                }
            }
            assert!(contents(&fixture.home())? == before, "{kind}, {database}: a byte was changed");
            unprotect(&fixture.home())?;
            fs::write(&path, whole)?;
        }
    }
    Ok(())
}
