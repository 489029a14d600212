//! Kept sessions that are put back: where their agents still have something, and in part.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::agents::{SESSION, ids, user};
use crate::fixture::{Fixture, Result, contents, files};
use crate::kept::{PARENT, PROJECT, added, copy_bytes, kept, refused, session};

#[test]
fn a_session_that_has_only_moved_is_not_put_back() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    fs::rename(user(&fixture).join(PROJECT), user(&fixture).join(".claude/projects/-moved"))?;
    let before = contents(&user(&fixture).join(".claude"))?;
    let moved = refused(&fixture, &["kept", "restore", SESSION])?;
    let place = format!("[tmp]/user/.claude/projects/-moved/{SESSION}.jsonl");
    assert!(moved.contains(&format!("claude has this session in {place}; nothing was put back")), "{moved}");
    assert_eq!(contents(&user(&fixture).join(".claude"))?, before);
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], true);

    // Codex archives a thread by moving its rollout.
    let list = fixture.json(&["threads", "--agent", "codex", "--limit", "1"])?;
    let id = ids(&list)[0].to_owned();
    fixture.json(&["keep", &id, "--yes"])?;
    let rollout = fixture.rollout(&format!("{id}.jsonl"))?;
    let archived = fixture.home().join("archived_sessions").join(rollout.file_name().ok_or("a name")?);
    fs::create_dir_all(fixture.home().join("archived_sessions"))?;
    fs::rename(&rollout, &archived)?;
    let moved = refused(&fixture, &["kept", "restore", &id])?;
    assert!(moved.contains("codex has this session in [tmp]/home/archived_sessions/"), "{moved}");
    assert!(!rollout.exists());
    let kept = kept(&fixture)?;
    let row = kept.iter().find(|row| row["thread_id"] == id.as_str()).ok_or("a row")?;
    assert_eq!(row["agent_has_it"], true);
    Ok(())
}

#[test]
fn a_sub_agent_that_cannot_be_put_back_stops_nothing() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", PARENT, "--yes"])?;
    let parent = user(&fixture).join(PROJECT).join(format!("{PARENT}.jsonl"));
    fs::remove_file(&parent)?;
    let subagents = user(&fixture).join(PROJECT).join(PARENT).join("subagents");
    let of_subagent = |path: &PathBuf| path.extension().is_some_and(|it| it == "jsonl");
    let subagent = files(&subagents)?.into_iter().find(of_subagent).ok_or("a sub-agent")?;
    let grown = [fs::read(&subagent)?, b"{}\n".to_vec()].concat();
    fs::write(&subagent, &grown)?;
    let back = fixture.run(&["kept", "restore", PARENT])?;
    assert_eq!(back.code, Some(2), "{}", back.all());
    assert!(back.stdout.ends_with(&format!("claude --resume {PARENT}\n")), "{}", back.all());
    assert!(back.stderr.contains("note: the sub-agent "), "{}", back.all());
    assert!(back.stderr.contains("exists already and is another file"), "{}", back.all());
    assert!(parent.exists() && fs::read(&subagent)? == grown);
    let again: Value = serde_json::from_str(&fixture.run(&["--json", "kept", "restore", PARENT])?.stdout)?;
    let error = again["failed"][0]["error"].as_str().ok_or("an error")?;
    assert!(error.contains("exists already") && again["failed"][0]["thread_id"].is_string(), "{again}");
    assert_eq!((&again["subagents"], &again["written"]), (&serde_json::json!([]), &serde_json::json!([])));
    Ok(())
}

#[test]
fn an_agent_that_goes_by_the_times_in_files_is_warned_of() -> Result {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/gemini/home");
    copy_bytes(&example, &user(&fixture))?;
    fixture.json(&["agents", "add", "gemini"])?;
    fixture.json(&["keep", "--all", "--yes"])?;
    let kept = kept(&fixture)?.remove(0);
    let id = kept["thread_id"].as_str().ok_or("an id")?;
    let note = "Gemini CLI deletes old sessions by the time of what was said last";
    let present = fixture.run(&["kept", "restore", id])?;
    assert!(present.code == Some(0) && !present.stderr.contains(note), "{}", present.all());
    fs::remove_dir_all(user(&fixture).join(".gemini/tmp"))?;
    let back = fixture.run(&["kept", "restore", id])?;
    assert!(back.code == Some(0) && back.stderr.contains(note), "{}", back.all());
    Ok(())
}

#[test]
fn sub_agents_are_kept_and_restored_with_their_session() -> Result {
    let fixture = added()?;
    let said = fixture.json(&["keep", PARENT, "--yes"])?;
    let results = said["results"].as_array().ok_or("results")?;
    assert_eq!(results.len(), 2, "{said}");
    let before = contents(&user(&fixture).join(".claude"))?;
    fs::remove_file(user(&fixture).join(PROJECT).join(format!("{PARENT}.jsonl")))?;
    fs::remove_dir_all(user(&fixture).join(PROJECT).join(PARENT))?;
    let back = fixture.json(&["kept", "restore", PARENT])?;
    assert_eq!(back["subagents"].as_array().map(Vec::len), Some(1), "{back}");
    assert_eq!(contents(&user(&fixture).join(".claude"))?, before);
    Ok(())
}

#[test]
fn no_file_of_an_agent_is_replaced() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    fs::write(session(&fixture), "another file\n")?;
    let said = refused(&fixture, &["kept", "restore", SESSION])?;
    assert!(said.contains(&format!("{SESSION}.jsonl exists already and is another file")), "{said}");
    assert_eq!(fs::read_to_string(session(&fixture))?, "another file\n");
    Ok(())
}

/// A session of Kimi CLI that is kept. Returns the agent's place and the thread, too.
fn kept_by_kimi() -> Result<(Fixture, PathBuf, String)> {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/kimi/.kimi");
    let place = user(&fixture).join(".kimi");
    copy_bytes(&example, &place)?;
    fixture.json(&["agents", "add", "kimi"])?;
    fixture.json(&["keep", "--all", "--yes"])?;
    let id = kept(&fixture)?.remove(0)["thread_id"].as_str().ok_or("an id")?.to_owned();
    Ok((fixture, place, id))
}

#[test]
fn an_agents_map_gets_the_entry_that_it_lacks() -> Result {
    let (fixture, place, id) = kept_by_kimi()?;
    // The agent lost everything, and then began in another folder.
    fs::remove_dir_all(place.join("sessions"))?;
    fs::write(place.join("kimi.json"), "{\"work_dirs\": [{\"path\": \"/elsewhere\"}]}")?;
    let back = fixture.run(&["kept", "restore", &id])?;
    let added = "its entry was added to what sessions share: [tmp]/user/.kimi/kimi.json\n";
    assert!(back.code == Some(0) && back.stdout.contains(added), "{}", back.all());
    let map: Value = serde_json::from_slice(&fs::read(place.join("kimi.json"))?)?;
    let paths: Vec<_> = map["work_dirs"].as_array().into_iter().flatten().map(|it| &it["path"]).collect();
    assert!(paths.len() == 2 && paths[0] == "/elsewhere", "{map}");
    fs::write(place.join("kimi.json"), "{\"work_dirs\": 7}")?;
    let left = fixture.run(&["kept", "restore", &id])?;
    let why = "left as it is, because it differs, and the session's part of it is not known: [tmp]/user/.kimi/kimi.json\n";
    assert!(left.code == Some(0) && left.stdout.contains(why), "{}", left.all());
    fs::write(place.join("kimi.json"), map.to_string())?;
    let again = fixture.json(&["kept", "restore", &id])?;
    assert_eq!((&again["added_to"], &again["shared"]), (&serde_json::json!([]), &serde_json::json!([])));
    Ok(())
}

#[test]
fn files_that_are_back_are_named_if_an_entry_cannot_be_written() -> Result {
    let (fixture, place, id) = kept_by_kimi()?;
    fs::remove_dir_all(place.join("sessions"))?;
    fs::write(place.join("kimi.json"), "{\"work_dirs\": []}")?;
    // The new map cannot be written next to the old one.
    let obstacle = place.join("kimi.json.threadkeep-new");
    fs::create_dir(&obstacle)?;
    let said = refused(&fixture, &["kept", "restore", &id])?;
    assert!(said.contains("cannot use [tmp]/user/.kimi/kimi.json: "), "{said}");
    assert!(said.contains(&format!("hint: `threadkeep kept restore {id}` puts the rest back")), "{said}");
    let back = files(&place.join("sessions"))?;
    assert!(!back.is_empty());
    for file in back {
        let name = file.file_name().ok_or("a name")?.to_string_lossy().into_owned();
        assert!(said.contains(&name), "{name}: {said}");
    }
    fs::remove_dir(&obstacle)?;
    let again = fixture.json(&["kept", "restore", &id])?;
    assert_eq!(again["added_to"], serde_json::json!(["[tmp]/user/.kimi/kimi.json"]));
    Ok(())
}
