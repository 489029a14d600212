//! The first `agents add` takes the home's databases over: no decision is lost that another process
//! makes meanwhile.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use serde_json::Value;

use crate::agents::{ids, shared, with_claude};
use crate::fixture::{Fixture, Result};

/// A thread that the user has named, in the home's own databases.
fn named() -> Result<(Fixture, String)> {
    let fixture = with_claude()?;
    let list = fixture.json(&["threads", "--limit", "1"])?;
    let id = ids(&list)[0].to_owned();
    fixture.json(&["threads", "rename", &id, "First name"])?;
    Ok((fixture, id))
}

/// Takes the lock under which databases are taken over.
fn locked(fixture: &Fixture) -> Result<File> {
    fs::create_dir_all(shared(fixture))?;
    let lock = File::create(shared(fixture).join("agents.lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn started(fixture: &Fixture, arguments: &[&str]) -> Result<Child> {
    let mut command = fixture.command(arguments);
    Ok(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// Starts to name the thread, and waits until the name is in the file of decisions.
fn renaming(fixture: &Fixture, id: &str, name: &str) -> Result<Child> {
    let mut rename = started(fixture, &["threads", "rename", id, name])?;
    let decisions = fixture.sqlite_home().join("state_5.sqlite.decisions");
    while !fs::read_to_string(&decisions)?.contains(name) {
        assert!(rename.try_wait()?.is_none(), "it ended without a decision");
        thread::yield_now();
    }
    Ok(rename)
}

fn name(fixture: &Fixture, id: &str) -> Result<String> {
    let shown = fixture.json(&["threads", "show", id])?;
    Ok(shown["thread"]["name"].as_str().ok_or("a name")?.to_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_decision_is_copied_that_was_made_before_the_lock_was_taken() -> Result {
    let (fixture, id) = named()?;
    let lock = locked(&fixture)?;
    let mut add = started(&fixture, &["agents", "add", "claude"])?;
    let files = format!("/proc/{}/fd", add.id());
    let is_lock =
        |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to.ends_with("agents.lock"));
    while !fs::read_dir(&files)?.filter_map(std::result::Result::ok).any(is_lock) {
        assert!(add.try_wait()?.is_none(), "it did not wait for the lock");
        thread::yield_now();
    }
    let rename = renaming(&fixture, &id, "Second name")?;
    drop(lock);
    let added = fixture.say(add.wait_with_output()?)?;
    assert_eq!(added.code, Some(0), "{}", added.all());
    rename.wait_with_output()?;
    assert!(shared(&fixture).join("state_5.sqlite").exists());
    assert_eq!(name(&fixture, &id)?, "Second name");
    Ok(())
}

#[test]
fn databases_are_sound_after_all_decisions_were_taken_over() -> Result {
    let (fixture, id) = named()?;
    fixture.json(&["goals", "set", &id, "Finish it"])?;
    fixture.json(&["agents", "add", "claude"])?;
    let status = fixture.run(&["status"])?;
    assert!(status.code == Some(0) && !status.all().contains("damaged"), "{}", status.all());
    let doctor = fixture.run(&["doctor", "--all", "--offline"])?;
    assert!(!doctor.all().contains("it is missing or empty"), "{}", doctor.all());
    assert_eq!(fixture.json(&["goals", "get", &id])?["goal"]["objective"], "Finish it");
    assert_eq!(name(&fixture, &id)?, "First name");
    Ok(())
}

#[test]
fn a_decision_is_reported_that_may_have_come_too_late() -> Result {
    let (fixture, id) = named()?;
    let lock = locked(&fixture)?;
    let rename = renaming(&fixture, &id, "Second name")?;
    fs::write(shared(&fixture).join("agents.json"), r#"{"version": 1, "agents": []}"#)?;
    drop(lock);
    insta::assert_snapshot!(fixture.say(rename.wait_with_output()?)?.all(), @r#"
    exit 2
    --- stdout
    01a20371-2e88-7042-9271-7b3c9ce3f36d is now called "Second name"
    --- stderr
    error: the change was made in [tmp]/home/threadkeep, which was just taken over to [tmp]/user/.local/share/threadkeep
      hint: look there, and repeat the change if it is missing
    "#);
    // Nothing was taken over, and the change holds.
    let (fixture, id) = named()?;
    let lock = locked(&fixture)?;
    let rename = renaming(&fixture, &id, "Second name")?;
    drop(lock);
    let said = fixture.say(rename.wait_with_output()?)?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert_eq!(name(&fixture, &id)?, "Second name");
    Ok(())
}

#[test]
fn a_change_is_answered_before_it_is_known_if_it_came_too_late() -> Result {
    let fixture = with_claude()?;
    let lock = locked(&fixture)?;
    let create = ["device-key", "create", "--account", "user-1", "--client", "laptop"];
    let mut create =
        started(&fixture, &[&["--json"], &create[..], &["--policy", "allow-software"]].concat())?;
    let mut answer = BufReader::new(create.stdout.take().ok_or("piped")?);
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let key: Value = serde_json::from_str(&line)?;
    assert!(key["key_id"].is_string(), "{line}");
    fs::write(shared(&fixture).join("agents.json"), r#"{"version": 1, "agents": []}"#)?;
    drop(lock);
    let said = fixture.say(create.wait_with_output()?)?;
    assert!(said.code == Some(2) && said.stderr.contains("look there, and repeat"), "{}", said.all());
    Ok(())
}

#[test]
fn a_change_is_said_to_be_made_if_the_lock_is_never_free() -> Result {
    let (fixture, id) = named()?;
    let _lock = locked(&fixture)?;
    insta::assert_snapshot!(fixture.run(&["threads", "rename", &id, "Second name"])?.all(), @r#"
    exit 2
    --- stdout
    01a20371-2e88-7042-9271-7b3c9ce3f36d is now called "Second name"
    --- stderr
    error: the change was made in [tmp]/home/threadkeep, which may be taken over to [tmp]/user/.local/share/threadkeep: another process works on [tmp]/user/.local/share/threadkeep/agents.lock
      hint: look there, and repeat the change if it is missing
    "#);
    assert_eq!(name(&fixture, &id)?, "Second name");
    Ok(())
}

#[test]
fn a_change_needs_no_folder_for_the_data_of_programs() -> Result {
    let (fixture, id) = named()?;
    let rename = ["threads", "rename", &id, "Second name"];
    let in_file = |path: &Path| -> Result {
        let renamed = fixture.command(&rename).env("XDG_DATA_HOME", path).output()?;
        let said = fixture.say(renamed)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        Ok(())
    };
    let file = fixture.path().join("file");
    fs::write(&file, "")?;
    in_file(&file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Root may read it.
        let folder = fixture.path().join("closed");
        fs::create_dir_all(folder.join("threadkeep"))?;
        fs::set_permissions(folder.join("threadkeep"), fs::Permissions::from_mode(0o000))?;
        in_file(&folder)?;
        fs::set_permissions(folder.join("threadkeep"), fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[test]
fn decisions_since_a_take_over_that_failed_are_not_lost() -> Result {
    let (fixture, id) = named()?;
    fs::create_dir(fixture.sqlite_home().join("device-keys"))?;
    fs::write(fixture.sqlite_home().join("device-keys/key"), "")?;
    // The keys come after the decisions, and cannot be copied.
    let obstacle = shared(&fixture).join("device-keys");
    fs::create_dir_all(shared(&fixture))?;
    fs::write(&obstacle, "")?;
    let failed = fixture.run(&["agents", "add", "claude"])?;
    assert_eq!(failed.code, Some(2), "{}", failed.all());
    assert!(shared(&fixture).join("state_5.sqlite.decisions").exists());
    fixture.json(&["threads", "rename", &id, "Second name"])?;
    fs::remove_file(&obstacle)?;
    fixture.json(&["agents", "add", "claude"])?;
    assert_eq!(name(&fixture, &id)?, "Second name");
    assert!(!shared(&fixture).join("agents.copying").exists());
    Ok(())
}
