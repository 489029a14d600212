//! Places of agents: each is read once, is named for what it is, and is where its agent is led to.

use std::fs::{self, File};
use std::path::Path;

use serde_json::Value;

use crate::agents::{SESSION, ids, shared, user, with_claude};
use crate::fixture::{Fixture, Result, copy, files};

/// Returns the rows of `agents` of an agent.
fn rows(fixture: &Fixture, agent: &str) -> Result<Vec<Value>> {
    let listed = fixture.json(&["agents"])?;
    let all = listed["agents"].as_array().ok_or("agents")?.iter();
    Ok(all.filter(|row| row["agent"] == agent).cloned().collect())
}

/// Runs a command that has to be refused, and returns what it says.
fn refused(fixture: &Fixture, arguments: &[&str]) -> Result<String> {
    let said = fixture.run(arguments)?;
    assert_eq!(said.code, Some(2), "{arguments:?}: {}", said.all());
    Ok(said.stderr)
}

#[test]
fn the_home_that_is_read_is_shown_and_not_added() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["threads"])?;
    fixture.json(&["agents", "add", "claude"])?;
    let before = fixture.json(&["usage", "--by", "agent"])?;
    let home = rows(&fixture, "codex")?;
    assert_eq!((home.len(), &home[0]["included"], &home[0]["is_home"]), (1, &true.into(), &true.into()));
    assert!(home[0]["sessions"].as_u64() > Some(10), "{}", home[0]);
    // The databases of this tool are not the agent's.
    assert!(fixture.sqlite_home().join("state_5.sqlite").exists());
    let own = files(&fixture.home())?.into_iter().filter(|path| !path.starts_with(fixture.sqlite_home()));
    let bytes = own.map(|path| Ok(fs::metadata(path)?.len())).sum::<Result<u64>>()?;
    assert_eq!(home[0]["bytes"], bytes);
    insta::assert_snapshot!(refused(&fixture, &["agents", "add", "codex"])?, @r"
    error: the sessions of Codex CLI in [tmp]/home are shown already
      hint: `threadkeep agents add codex DIR` adds another home of Codex
    ");
    let within = refused(&fixture, &["agents", "add", "codex", "home/sessions"])?;
    assert!(within.contains("home/sessions is within [tmp]/home, whose sessions are shown"), "{within}");
    assert_eq!(fixture.json(&["usage", "--by", "agent"])?["rows"], before["rows"]);
    // Another home is another place.
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home-0.171");
    copy(&other, &fixture.path().join("other"), &|text| text)?;
    assert!(fixture.json(&["agents", "add", "codex", "other"])?["sessions"].as_u64() > Some(0));
    let included: Vec<_> = rows(&fixture, "codex")?.iter().map(|row| row["is_home"].clone()).collect();
    assert_eq!(included, [Value::from(true), false.into()]);
    Ok(())
}

#[test]
fn the_index_agrees_with_the_sessions_of_added_agents() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["backfill"])?;
    let said = fixture.run(&["--json", "doctor", "--offline"])?;
    let report: Value = serde_json::from_str(&said.stdout)?;
    let threads = &report["checks"]["state.threads"];
    assert_eq!(threads["status"], "ok", "{threads:#}");
    assert!(!report["checks"]["state.agents"].to_string().contains("Codex CLI"), "{report:#}");
    Ok(())
}

#[test]
fn a_place_is_added_once() -> Result {
    let fixture = with_claude()?;
    let place = user(&fixture).join(".claude");
    fixture.json(&["agents", "add", "claude"])?;
    // It counts before a list has read it.
    assert_eq!(rows(&fixture, "claude")?[0]["sessions"], 34);
    for again in ["user/.claude", "home/../user/.claude", "user/.claude/"] {
        assert_eq!(fixture.json(&["agents", "add", "claude", again])?["is_new"], false, "{again}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&place, fixture.path().join("link"))?;
        assert_eq!(fixture.json(&["agents", "add", "claude", "link"])?["is_new"], false);
    }
    assert_eq!(rows(&fixture, "claude")?.len(), 1);
    insta::assert_snapshot!(refused(&fixture, &["agents", "add", "claude", "user/.claude/projects"])?, @r"
    error: [tmp]/user/.claude/projects is within [tmp]/user/.claude, whose sessions are shown already
      hint: `threadkeep agents` lists the folders whose sessions are shown
    ");
    let around = refused(&fixture, &["agents", "add", "claude", "user"])?;
    assert!(around.contains("[tmp]/user is around [tmp]/user/.claude"), "{around}");
    Ok(())
}

#[test]
fn several_agents_are_added_at_once() -> Result {
    let fixture = with_claude()?;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents");
    copy(&examples.join("gemini/home"), &user(&fixture), &|text| text)?;
    let misspelt = refused(&fixture, &["agents", "add", "claude", "gemni"])?;
    assert!(misspelt.contains("no agent is called `gemni`"), "{misspelt}");
    assert!(misspelt.contains("did you mean `gemini`?"), "{misspelt}");
    let folder = refused(&fixture, &["agents", "add", "claude", "no/folder"])?;
    assert!(!folder.contains("no agent is called"), "{folder}");
    let misspelt = refused(&fixture, &["agents", "add", "gemini", "claude", "clod"])?;
    assert!(misspelt.contains("no agent is called `clod`"), "{misspelt}");
    assert!(rows(&fixture, "gemini")?.iter().all(|row| row["included"] == false), "none was added");
    insta::assert_snapshot!(fixture.run(&["agents", "add", "claude", "gemini", "qwen"])?.all(), @r"
    exit 2
    --- stdout
    34 sessions of Claude Code in [tmp]/user/.claude
    28 sessions of Gemini CLI in [tmp]/user/.gemini
    `threadkeep threads` lists them with the others
    --- stderr
    error: Qwen Code has no sessions on this machine: looked at [tmp]/user/.qwen
      hint: `threadkeep agents add qwen DIR` names another folder
    ");
    let added = fixture.json(&["agents", "add", "claude", "gemini"])?;
    let agents: Vec<_> =
        added["results"].as_array().into_iter().flatten().map(|it| (&it["agent"], &it["is_new"])).collect();
    assert_eq!(agents, [(&"claude".into(), &false.into()), (&"gemini".into(), &false.into())]);
    // A folder may have the name of an agent.
    fs::create_dir(fixture.path().join("qwen"))?;
    fixture.run(&["agents", "add", "qwen", "./qwen"])?;
    assert_eq!(rows(&fixture, "qwen")?[0]["place"], "[tmp]/qwen");
    Ok(())
}

#[test]
fn a_folder_without_sessions_is_remarked_on() -> Result {
    let fixture = with_claude()?;
    insta::assert_snapshot!(refused(&fixture, &["agents", "add", "claude", "user/.claude/projects"])?, @r"
    error: no session of Claude Code was found in [tmp]/user/.claude/projects, but 34 sessions in [tmp]/user/.claude
      hint: `threadkeep agents add claude [tmp]/user/.claude` adds that folder
    ");
    assert_eq!(rows(&fixture, "claude")?[0]["included"], false);
    fs::create_dir(fixture.path().join("empty"))?;
    let added = fixture.run(&["agents", "add", "claude", "empty"])?;
    assert_eq!(added.code, Some(0));
    let note = "note: no session of Claude Code was found in [tmp]/empty/projects\n";
    assert!(added.stderr.contains(note) && !added.stdout.contains("lists them"), "{}", added.all());
    // The place is named where another is left.
    fixture.json(&["agents", "add", "claude"])?;
    let removed = fixture.run(&["agents", "remove", "claude", "empty"])?;
    assert_eq!(removed.stdout, "Claude Code in [tmp]/empty is no longer read; its sessions stay here\n");
    let removed = fixture.run(&["agents", "remove", "claude"])?;
    assert_eq!(removed.stdout, "Claude Code is no longer read; its sessions stay here\n");
    Ok(())
}

#[test]
fn an_agent_is_led_to_the_place_of_the_session() -> Result {
    let fixture = with_claude()?;
    fs::rename(user(&fixture).join(".claude"), fixture.path().join("my place"))?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/gemini/home/.gemini");
    copy(&example, &fixture.path().join("unnamed"), &|text| text)?;
    fixture.json(&["agents", "add", "claude", "my place"])?;
    fixture.json(&["agents", "add", "gemini", "unnamed"])?;
    fixture.json(&["threads"])?;
    let opened = fixture.run(&["threads", "open", SESSION])?;
    let command = format!("CLAUDE_CONFIG_DIR='[tmp]/my place' claude --resume {SESSION}\n");
    assert!(opened.stdout == command && !opened.stderr.contains("variable"), "{}", opened.all());
    let shown = fixture.run(&["threads", "show", SESSION])?.stdout;
    assert!(shown.contains("CLAUDE_CONFIG_DIR='"), "{shown}");
    let json: Value = serde_json::from_str(&fixture.run(&["--json", "threads", "open", SESSION])?.stdout)?;
    assert_eq!(json["environment"]["CLAUDE_CONFIG_DIR"], "[tmp]/my place");
    // It is where it looks anyway.
    let place = fixture.path().join("my place");
    let output = fixture.command(&["threads", "open", SESSION]).env("CLAUDE_CONFIG_DIR", place).output()?;
    assert_eq!(fixture.say(output)?.stdout, format!("claude --resume {SESSION}\n"));
    // The variable of Gemini CLI names the folder around `.gemini`.
    let gemini = fixture.json(&["threads", "--agent", "gemini", "--limit", "1"])?;
    let opened = fixture.run(&["threads", "open", ids(&gemini)[0]])?;
    let note = "note: no environment variable leads gemini to [tmp]/unnamed, where it has this session";
    assert!(opened.code == Some(0) && opened.stderr.contains(note), "{}", opened.all());
    Ok(())
}

#[test]
fn a_list_says_that_another_process_is_still_reading() -> Result {
    let fixture = with_claude()?;
    fs::create_dir(fixture.path().join("empty"))?;
    for added in [&["claude"][..], &["gemini", "empty"], &["claude", "empty"]] {
        fixture.run(&[&["agents", "add"], added].concat())?;
    }
    fs::create_dir(shared(&fixture).join("agents"))?;
    let lock = File::create(shared(&fixture).join("agents/lock"))?;
    lock.lock()?;
    let busy = "note: another process is still reading sessions; those of claude, gemini may be incomplete\n";
    let list = fixture.run(&["threads", "--agent", "claude"])?;
    assert!(list.stderr.contains(busy), "{}", list.all());
    assert_eq!(list.stderr.matches("another process").count(), 1, "{}", list.all());
    drop(lock);
    let list = fixture.run(&["threads", "--agent", "claude"])?;
    assert!(list.stdout.lines().count() > 10 && !list.stderr.contains("reading"), "{}", list.all());
    Ok(())
}

#[test]
fn kept_files_move_with_the_folder_for_the_databases() -> Result {
    let fixture = with_claude()?;
    let listed = fixture.json(&["threads"])?;
    let id = ids(&listed)[0];
    fixture.json(&["keep", id, "--yes"])?;
    assert!(fixture.sqlite_home().join("kept/codex").join(id).is_dir());
    fixture.json(&["agents", "add", "claude"])?;
    assert_eq!(fixture.json(&["kept"])?["kept"][0]["thread_id"], id);
    assert!(!fixture.path().join("home/threadkeep/kept/codex").join(id).exists());
    fixture.json(&["threads", "delete", id, "--yes"])?;
    assert!(!shared(&fixture).join("kept/codex").join(id).exists());
    Ok(())
}

#[test]
fn kept_files_come_together_after_their_move_was_cut_off() -> Result {
    let fixture = with_claude()?;
    let listed = fixture.json(&["threads", "--limit", "3"])?;
    let ids = ids(&listed);
    let (old, new) = (fixture.path().join("home/threadkeep/kept"), shared(&fixture).join("kept"));
    fixture.json(&["keep", ids[0], "--yes"])?;
    // A process was killed when it had moved them, and before the agent was on the list.
    fs::create_dir_all(shared(&fixture))?;
    fs::rename(&old, &new)?;
    fixture.json(&["keep", ids[1], "--yes"])?;
    // Another one cannot move the rest.
    fs::rename(new.join("codex"), fixture.path().join("codex"))?;
    fs::write(new.join("codex"), "")?;
    let failed = refused(&fixture, &["agents", "add", "claude"])?;
    assert!(failed.contains("threadkeep/kept/codex"), "{failed}");
    fs::remove_file(new.join("codex"))?;
    fs::rename(fixture.path().join("codex"), new.join("codex"))?;
    fixture.json(&["keep", ids[2], "--yes"])?;
    let added = fixture.json(&["agents", "add", "claude"])?;
    assert!(added["taken_over_from"].is_string(), "{added}");
    let listed = fixture.json(&["kept"])?;
    let mut kept: Vec<_> = listed["kept"].as_array().ok_or("an array")?.iter().collect();
    kept.retain(|kept| ids.iter().any(|id| kept["thread_id"] == *id));
    assert_eq!(kept.len(), 3, "{listed}");
    Ok(())
}

#[test]
fn decisions_that_a_killed_process_was_taking_over_are_not_lost() -> Result {
    let fixture = with_claude()?;
    let list = fixture.json(&["threads", "--limit", "10"])?;
    let name = "a name of mine ".repeat(6);
    for id in ids(&list) {
        fixture.json(&["threads", "rename", id, &name])?;
    }
    // The system kills it at the first byte above the limit, or refuses that byte.
    let add = "ulimit -f 1; exec \"$0\" agents add claude";
    let killed = fixture.command_of(Path::new("/bin/sh"), &["-c", add, env!("CARGO_BIN_EXE_threadkeep")]);
    assert!(!{ killed }.output()?.status.success());
    fixture.json(&["agents", "add", "claude"])?;
    for id in ids(&list) {
        assert_eq!(fixture.json(&["threads", "show", id])?["thread"]["name"], name.trim_end());
    }
    Ok(())
}

#[test]
fn a_lost_list_of_agents_is_noted_and_loses_nothing() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "rename", SESSION, "A name of mine"])?;
    let before = fixture.json(&["threads", "--all", "--limit", "1000"])?;
    fs::remove_file(shared(&fixture).join("agents.json"))?;
    let note = "note: the list of added agents [tmp]/user/.local/share/threadkeep/agents.json is lost, so their sessions \
                are not read; `threadkeep agents add claude` makes it again; what was read is still there\n";
    for arguments in [&["threads", "show", SESSION][..], &["threads"], &["agents"]] {
        let said = fixture.run(arguments)?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), note), "{arguments:?}: {}", said.all());
    }
    for arguments in [&["keep", "--all", "--yes"], &["keep", "--ending", "--yes"]] {
        let said = refused(&fixture, arguments)?;
        assert!(said.contains("hint: `threadkeep agents add claude` makes it again"), "{said}");
    }
    // Names that are given meanwhile are in the same databases.
    fixture.run(&["threads", "rename", SESSION, "Another name"])?;
    assert!(!fixture.database().exists(), "of the home");
    fixture.json(&["agents", "add", "claude"])?;
    assert_eq!(fixture.json(&["threads", "show", SESSION])?["thread"]["name"], "Another name");
    let after = fixture.json(&["threads", "--all", "--limit", "1000"])?;
    assert_eq!(ids(&after), ids(&before));
    Ok(())
}

#[test]
fn a_lost_list_of_agents_in_other_folders_is_made_again_by_hand() -> Result {
    let fixture = with_claude()?;
    let far = fixture.path().join("far");
    fs::rename(user(&fixture).join(".claude"), &far)?;
    fixture.json(&["agents", "add", "claude", &far.to_string_lossy()])?;
    fixture.json(&["threads"])?;
    fs::remove_file(shared(&fixture).join("agents.json"))?;
    let said = fixture.run(&["threads"])?;
    let note = "is lost, so their sessions are not read; `threadkeep agents` lists what to add again; \
                what was read is still there\n";
    assert!(said.stderr.ends_with(note), "{}", said.all());
    let listed = fixture.run(&["agents"])?;
    assert!(listed.all().contains("`threadkeep agents add claude [tmp]/far`"), "{}", listed.all());
    Ok(())
}
