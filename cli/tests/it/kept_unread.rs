//! Sessions that cannot be kept: each is named with its reason, and the others are kept.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::agents::{SESSION, ids, shared, user, with_claude};
use crate::fixture::{Fixture, Result, Said, copy};
use crate::kept::{added, kept, refused, session};

const ALL: [&str; 3] = ["keep", "--all", "--yes"];

/// Runs `keep`, which has to fail for some sessions, and returns the outcome and the error of each
/// result.
fn failing(fixture: &Fixture, arguments: &[&str]) -> Result<(Said, Vec<(String, Value)>)> {
    let said = fixture.run(&[&["--json"], arguments].concat())?;
    assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
    let document: Value = serde_json::from_str(&said.stdout)?;
    let results = document["results"].as_array().ok_or("results")?;
    let result = |it: &Value| (it["outcome"].as_str().unwrap_or_default().to_owned(), it["error"].clone());
    let results = results.iter().map(result).collect();
    Ok((said, results))
}

#[test]
fn sessions_that_were_not_read_are_said_not_to_be_kept() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fs::create_dir(shared(&fixture).join("agents"))?;
    let lock = File::create(shared(&fixture).join("agents/lock"))?;
    lock.lock()?;
    let ending = ["keep", "--ending", "--yes"];
    assert_eq!(fixture.run(&ending)?.code, Some(0), "no session is old");
    let old = SystemTime::now() - Duration::from_secs(25 * 24 * 60 * 60);
    File::options().append(true).open(session(&fixture))?.set_modified(old)?;
    for (arguments, sessions) in [(&ALL[..], "34 sessions"), (&ending, "1 session")] {
        let said = refused(&fixture, arguments)?;
        let why =
            format!("error: not read yet, and so not kept: {sessions} of claude in [tmp]/user/.claude\n");
        assert!(said.contains(&why) && said.contains("`threadkeep backfill` reads them"), "{said}");
    }
    drop(lock);
    fixture.json(&ALL)?;
    // What was read before is kept, whether the mirror is locked or not.
    let lock = File::create(shared(&fixture).join("agents/lock"))?;
    lock.lock()?;
    let said = fixture.run(&ALL)?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("34 sessions kept before"), "{}", said.all());
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_being_kept() -> Result {
    let fixture = added()?;
    fixture.json(&["threads"])?;
    let file = session(&fixture);
    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    let path = format!("[tmp]/user/.claude/projects/-home-user-proj-widget/{SESSION}.jsonl");
    let (said, results) = failing(&fixture, &ALL)?;
    let failed: Vec<_> = results.iter().filter(|(outcome, _)| outcome == "failed").collect();
    assert_eq!((results.len(), failed.len()), (34, 1), "{}", said.all());
    assert_eq!(failed[0].1, format!("cannot read {path}: it is a folder"));
    assert_eq!(kept(&fixture)?.len(), 33);
    insta::assert_snapshot!(refused(&fixture, &["keep", SESSION, "--yes"])?, @r"
    error: cannot read [tmp]/user/.claude/projects/-home-user-proj-widget/e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa.jsonl: it is a folder
      hint: put the file of the session e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa back there, and try again
    ");
    Ok(())
}

#[test]
fn a_file_that_may_be_a_session_is_named_if_it_cannot_be_read() -> Result {
    let fixture = added()?;
    let path = session(&fixture).with_file_name("0badf037-a8cd-4c15-a94d-9642ed2c6cfa.jsonl");
    fs::write(&path, "{\n")?;
    let why = "1 path of claude could not be read, such as [tmp]/user/.claude/projects/-home-user-proj-widget/0badf037";
    for kept_before in [0, 34] {
        assert_eq!(kept(&fixture)?.len(), kept_before);
        let (said, results) = failing(&fixture, &ALL)?;
        assert_eq!(results.iter().filter(|(outcome, _)| outcome == "failed").count(), 1, "{}", said.all());
        assert!(results.len() == 35 && said.stderr.contains(why), "{}", said.all());
    }
    let ending = refused(&fixture, &["keep", "--ending", "--yes"])?;
    assert!(ending.contains(why) && ending.contains("`threadkeep agents --json` lists all"), "{ending}");
    Ok(())
}

#[test]
fn a_new_session_that_cannot_be_read_is_not_one_that_is_not_read_yet() -> Result {
    let fixture = with_claude()?;
    let write = |name: &str, text: &str| -> Result {
        let folder = fixture.path().join("cline").join(name);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(format!("{name}.messages.json")), text)?)
    };
    write("odd", "{")?;
    fixture.json(&["agents", "add", "cline", "./cline"])?;
    fixture.run(&["threads"])?;
    let odd = "error: 1 path of cline could not be read, such as [tmp]/cline/odd/odd.messages.json: cannot make sense of ";
    let ending = ["keep", "--ending", "--yes"];
    for arguments in [&ALL[..], &ending] {
        let said = refused(&fixture, arguments)?;
        assert!(said.contains(odd) && !said.contains("not read yet"), "{said}");
    }
    let lock = File::create(shared(&fixture).join("agents/lock"))?;
    lock.lock()?;
    write("new", r#"{ "messages": [] }"#)?;
    let said = refused(&fixture, &ALL)?;
    let new = "error: not read yet, and so not kept: 1 session of cline in [tmp]/cline\n";
    assert!(said.contains(odd) && said.contains(new), "{said}");
    // This agent deletes no session.
    let said = refused(&fixture, &ending)?;
    assert!(said.contains(odd) && !said.contains("not read yet"), "{said}");
    Ok(())
}

#[test]
fn what_cannot_be_kept_while_the_vault_is_locked_is_said() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    let lock = File::create(shared(&fixture).join("kept/lock"))?;
    lock.lock()?;
    let (said, results) = failing(&fixture, &ALL)?;
    let outcomes: Vec<_> = results.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["unchanged", "failed"], "{}", said.all());
    assert!(
        said.stderr.contains("another process works on [tmp]/user/.local/share/threadkeep/kept"),
        "{}",
        said.all()
    );
    Ok(())
}

#[test]
fn a_thread_of_the_home_whose_file_is_a_folder_is_named() -> Result {
    let fixture = Fixture::bundled()?;
    let list = fixture.json(&["threads", "--limit", "1"])?;
    let id = ids(&list)[0].to_owned();
    let rollout = fixture.rollout(&format!("{id}.jsonl"))?;
    fs::remove_file(&rollout)?;
    fs::create_dir(&rollout)?;
    let said = refused(&fixture, &["keep", &id, "--yes"])?;
    assert!(said.contains(".jsonl: it is a folder"), "{said}");
    Ok(())
}

#[test]
fn a_place_that_is_not_there_is_named_once_and_is_not_made() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    let (place, away) = (user(&fixture).join(".claude"), user(&fixture).join("away"));
    fs::rename(&place, &away)?;
    insta::assert_snapshot!(refused(&fixture, &ALL)?, @r"
    error: the folder of Claude Code is not there: [tmp]/user/.claude
      hint: mount its disk, or make the folder, and try again
    ");
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], Value::Null);
    let row = fixture.run(&["kept"])?.stdout;
    assert!(row.lines().any(|line| line.contains(SESSION) && line.contains(" ? ")), "{row}");
    let listed = fixture.run(&["agents"])?;
    assert!(listed.all().contains("the folder of Claude Code is not there: [tmp]/user/.claude;"));
    let restored = refused(&fixture, &["kept", "restore", SESSION])?;
    assert!(restored.contains("the folder of Claude Code is not there"), "{restored}");
    assert!(!place.exists());
    fs::rename(&away, &place)?;
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], true);
    assert_eq!(fixture.json(&["agents"])?["agents"][0]["gone"], 0);
    Ok(())
}

#[test]
fn a_missing_place_of_an_agent_that_deletes_nothing_has_no_ending_session() -> Result {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/qwen/home");
    copy(&example, &user(&fixture), &|text| text)?;
    fixture.json(&["agents", "add", "qwen"])?;
    fixture.json(&["threads"])?;
    fs::rename(user(&fixture).join(".qwen"), user(&fixture).join("away"))?;
    assert_eq!(fixture.json(&["keep", "--ending", "--yes"])?["results"], serde_json::json!([]));
    let said = refused(&fixture, &ALL)?;
    assert!(said.contains("the folder of Qwen Code is not there"), "{said}");
    Ok(())
}
