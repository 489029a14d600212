//! Sessions of other agents: added, shown like the agent's own, gone, deleted, removed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixture::{Fixture, Result, contents, copy, files};

/// A home of Codex, and a user who has sessions of Claude Code, too.
pub(crate) fn with_claude() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents/claude/home");
    copy(&example, &user(&fixture), &|text| text)?;
    Ok(fixture)
}

pub(crate) fn user(fixture: &Fixture) -> PathBuf {
    fixture.path().join("user")
}

pub(crate) fn shared(fixture: &Fixture) -> PathBuf {
    user(fixture).join(".local/share/threadkeep")
}

pub(crate) fn ids(list: &Value) -> Vec<&str> {
    let threads = list["threads"].as_array().map(Vec::as_slice).unwrap_or_default();
    threads.iter().filter_map(|thread| thread["id"].as_str()).collect()
}

/// Session with a command and its result.
pub(crate) const SESSION: &str = "e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa";

#[test]
fn nothing_is_read_before_an_agent_is_added() -> Result {
    let fixture = with_claude()?;
    let before = contents(&user(&fixture))?;
    let listed = fixture.json(&["agents"])?;
    let claude = listed["agents"].as_array().and_then(|agents| agents.first()).ok_or("an agent")?;
    assert_eq!((&claude["agent"], &claude["included"]), (&"claude".into(), &false.into()));
    assert!(claude["bytes"].as_u64() > Some(1_000_000) && claude["sessions"].is_null(), "{claude}");
    let threads = fixture.json(&["threads", "--any", "--all", "--limit", "1000"])?;
    assert!(threads["threads"].as_array().into_iter().flatten().all(|thread| thread["agent"] == "codex"));
    assert_eq!(contents(&user(&fixture))?, before);
    let unknown = fixture.run(&["agents", "add", "klaude"])?;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("no agent is called `klaude`"), "{}", unknown.all());
    let missing = fixture.run(&["agents", "add", "gemini"])?;
    assert!(missing.stderr.contains("Gemini CLI has no sessions on this machine"), "{}", missing.all());
    Ok(())
}

#[test]
fn an_agents_sessions_are_shown_like_the_agents_own() -> Result {
    let fixture = with_claude()?;
    let own = fixture.json(&["threads", "--limit", "1"])?;
    let own = ids(&own)[0].to_owned();
    fixture.json(&["threads", "rename", &own, "A name of mine"])?;
    let added = fixture.json(&["agents", "add", "claude"])?;
    assert_eq!((&added["sessions"], &added["is_new"]), (&34.into(), &true.into()));
    assert_eq!(added["taken_over_from"], "[tmp]/home/threadkeep");
    assert_eq!(fixture.json(&["agents", "add", "claude"])?["is_new"], false);

    // One list of both, and one database for both.
    let claude = fixture.json(&["threads", "--agent", "claude", "--all", "--limit", "100"])?;
    assert_eq!(ids(&claude).len(), 34);
    let both = fixture.json(&["threads", "--all", "--limit", "1000"])?;
    assert!(ids(&both).contains(&SESSION) && ids(&both).contains(&own.as_str()));
    assert!(shared(&fixture).join("state_5.sqlite").exists());
    assert_eq!(fixture.json(&["threads", "show", &own])?["thread"]["name"], "A name of mine");

    let show = &fixture.json(&["threads", "show", SESSION])?["thread"];
    assert_eq!((&show["agent"], &show["model"]), (&"claude".into(), &"claude-opus-5-5".into()));
    assert_eq!(show["own_tokens"], 2568 + 109);
    let read = fixture.run(&["threads", "read", SESSION])?;
    assert_eq!(read.code, Some(0), "{}", read.all());
    assert!(read.stdout.contains("a.txt"), "{}", read.all());
    let found = fixture.json(&["search", "Index", "agents", "--agent", "claude", "--all"])?;
    assert!(!found["threads"].as_array().ok_or("threads")?.is_empty(), "{found}");
    let opened = fixture.run(&["threads", "open", SESSION])?;
    assert_eq!(opened.stdout, format!("claude --resume {SESSION}\n"), "{}", opened.all());
    // As the model server counted, sub-agents included.
    let usage = fixture.json(&["usage", "--by", "agent"])?;
    let of_claude = usage["rows"].as_array().into_iter().flatten().find(|row| row["agent"] == "claude");
    let of_claude = of_claude.ok_or("a row")?;
    assert_eq!((&of_claude["input"], &of_claude["cached_input"]), (&270_390.into(), &10_985.into()));
    // A sub-agent is named by the agent's own id, and no one resumes it.
    let subagent = &fixture.json(&["threads", "show", "agent-a7b0f257b31883b1c"])?["thread"];
    assert_eq!(subagent["parent_thread_id"], "da328b69-5630-417e-b470-e9be3eb13452");
    let refused = fixture.run(&["threads", "open", "agent-a7b0f257b31883b1c"])?;
    assert!(refused.stderr.contains("claude cannot continue this session"), "{}", refused.all());
    // Another home is not part of it.
    let other = fixture.path().join("other");
    fs::create_dir_all(other.join("sessions"))?;
    let list = fixture.json(&["threads", "--home", &other.to_string_lossy()])?;
    assert_eq!(ids(&list).len(), 0);
    Ok(())
}

#[test]
fn what_an_agent_deletes_stays_and_what_the_user_deletes_does_not() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "--agent", "claude"])?;
    let session = user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl"));
    fs::remove_file(session)?;
    let listed = fixture.json(&["agents"])?;
    assert_eq!((&listed["agents"][0]["gone"], &listed["agents"][0]["sessions"]), (&1.into(), &34.into()));
    let all = fixture.json(&["threads", "--agent", "claude", "--limit", "100"])?;
    let gone_since = |thread: &Value| thread["gone_since"].is_string() && thread["gone_since_ms"].is_u64();
    let threads = all["threads"].as_array().ok_or("threads")?;
    assert!(
        threads.len() > 30 && threads.iter().all(|thread| gone_since(thread) == (thread["id"] == SESSION))
    );
    assert!(fixture.run(&["threads", "read", SESSION])?.stdout.contains("a.txt"));
    let refused = fixture.run(&["threads", "open", SESSION])?;
    let why = "claude has deleted this session and cannot continue it";
    assert!(refused.stderr.contains(why), "{}", refused.all());
    assert!(fixture.json(&["threads", "show", SESSION])?["gone_since"].is_string());
    let sheet = fixture.run(&["threads", "show", SESSION])?.stdout;
    let deleted = sheet.lines().find(|line| line.starts_with("deleted")).ok_or("a row")?;
    assert!(deleted.contains("by claude, seen ") && !sheet.contains("go on with"), "{sheet}");

    // A deleted thread leaves no word, though the agent still has it.
    let words = "My own id. {{say:Own id.}}";
    let deleted = "11111111-2222-4333-8444-555555555555";
    let has_words = || kept(&fixture, words);
    assert!(has_words()?);
    fixture.json(&["threads", "delete", deleted, "--yes"])?;
    assert!(!ids(&fixture.json(&["threads", "--agent", "claude", "--limit", "100"])?).contains(&deleted));
    assert!(!has_words()?);

    // What was read of a removed agent stays; nothing stays of a forgotten agent.
    fixture.json(&["agents", "remove", "claude"])?;
    insta::assert_snapshot!(fixture.run(&["agents", "remove", "claude"])?.all(), @r"
    exit 2
    --- stderr
    error: Claude Code was already removed
      hint: `threadkeep agents remove claude --forget` erases what was read of it
    ");
    assert!(ids(&fixture.json(&["threads", "--agent", "claude", "--limit", "100"])?).contains(&SESSION));
    let forgotten = fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert_eq!((&forgotten["forgotten"], &forgotten["forgotten_gone"]), (&33.into(), &1.into()));
    for shelf in ["--any", "--missing", "--archived"] {
        let listed = fixture.run(&["--json", "threads", "--agent", "claude", "--all", shelf])?;
        assert_eq!(ids(&serde_json::from_str(&listed.stdout)?).len(), 0, "{shelf}");
        let add = "claude is not added; `threadkeep agents add claude` shows its sessions";
        assert!(listed.stderr.contains(add), "{}", listed.all());
    }
    assert!(!kept(&fixture, "claude-opus-5-5")?);
    let again = fixture.run(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert_eq!(again.code, Some(2), "{}", again.all());
    assert!(again.stderr.contains("claude was not added"), "{}", again.all());
    let home = fixture.run(&["agents", "remove", "codex"])?;
    assert!(home.stderr.contains("its own is always shown"), "{}", home.all());
    fixture.json(&["agents", "add", "claude"])?;
    let two = fixture.run(&["agents", "remove", "claude", "gemini"])?;
    assert!(two.stderr.contains("gemini is no added folder of claude"), "{}", two.all());

    // Added again, it has all but the session that the user had deleted, and the lost one.
    fixture.json(&["agents", "add", "claude"])?;
    let listed = fixture.json(&["threads", "--agent", "claude", "--all", "--limit", "100"])?;
    assert_eq!(ids(&listed).len(), 32);
    assert!(!ids(&listed).contains(&deleted) && !has_words()?);
    Ok(())
}

/// Returns true if the shared folder still has a word.
pub(crate) fn kept(fixture: &Fixture, word: &str) -> Result<bool> {
    let all = files(&shared(fixture))?.iter().map(fs::read).collect::<std::io::Result<Vec<_>>>()?;
    Ok(all.iter().any(|bytes| bytes.windows(word.len()).any(|found| found == word.as_bytes())))
}

#[test]
fn a_deleted_thread_is_restored_while_its_agent_has_the_session() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "--agent", "claude"])?;
    let deleted = fixture.run(&["threads", "delete", SESSION, "--yes"])?;
    let said = format!("`threadkeep threads restore {SESSION}` restores it");
    assert!(deleted.stdout.contains("Its copy here is erased") && deleted.stdout.contains(&said));
    assert!(deleted.stdout.contains("while claude has the session"), "{}", deleted.all());
    let listed = || fixture.json(&["threads", "--agent", "claude", "--limit", "100"]);
    assert!(!ids(&listed()?).contains(&SESSION));
    let restored = fixture.json(&["threads", "restore", SESSION])?;
    assert_eq!(restored["thread"]["id"], SESSION, "{restored}");
    assert!(ids(&listed()?).contains(&SESSION));
    assert!(fixture.run(&["threads", "read", SESSION])?.stdout.contains("a.txt"));

    // Once the agent has deleted it, too, it is nowhere.
    fs::remove_file(user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl")))?;
    listed()?;
    let deleted = fixture.run(&["threads", "delete", SESSION, "--yes"])?;
    assert!(deleted.stdout.contains("it cannot be restored"), "{}", deleted.all());
    Ok(())
}

#[test]
fn only_the_name_of_an_agent_is_forgotten() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "--agent", "claude"])?;
    let other = fixture.path().join("other");
    fs::create_dir(&other)?;
    let path = other.to_string_lossy().into_owned();
    for name in [path.as_str(), "../threadkeep", "..", "", "claud"] {
        for options in [&["--forget"][..], &[]] {
            let refused = fixture.run(&[&["agents", "remove", name], options].concat())?;
            assert_eq!(refused.code, Some(2), "{}", refused.all());
            assert!(refused.stderr.contains("no agent is called"), "{}", refused.all());
        }
    }
    let misspelt = fixture.run(&["agents", "remove", "claud", "--forget"])?;
    assert!(misspelt.stderr.contains("did you mean `claude`?"), "{}", misspelt.all());
    let never = fixture.run(&["agents", "remove", "gemini", "--forget"])?;
    assert!(never.code == Some(2) && never.stderr.contains("gemini was not added"), "{}", never.all());
    assert!(other.exists());
    assert!(ids(&fixture.json(&["threads", "--agent", "claude", "--limit", "100"])?).contains(&SESSION));
    Ok(())
}

#[test]
fn agents_that_are_added_at_the_same_time_are_all_added() -> Result {
    let fixture = with_claude()?;
    let agents = ["claude", "cline", "gemini", "grok", "kimi", "pi", "qwen", "vibe"];
    let folder = fixture.path().join("empty");
    fs::create_dir(&folder)?;
    // The first one makes the folder that all share.
    fixture.json(&["agents", "add", "claude"])?;
    let add = |agent| fixture.command(&["agents", "add", agent]).arg(&folder).spawn();
    for mut added in agents.map(add) {
        assert!(added.as_mut().map_err(|error| error.to_string())?.wait()?.success());
    }
    let list: Value = serde_json::from_slice(&fs::read(shared(&fixture).join("agents.json"))?)?;
    let list = list["agents"].as_array().ok_or("agents")?;
    for agent in agents {
        assert!(list.iter().any(|added| added["agent"] == agent), "{agent}: {list:?}");
    }
    Ok(())
}

#[test]
fn a_damaged_list_and_an_unreadable_place_are_said_once() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "--agent", "claude"])?;
    fs::write(shared(&fixture).join("agents/claude.json"), "{")?;
    let said = fixture.run(&["agents"])?;
    assert!(said.code == Some(0) && said.stderr.contains("was damaged and was rebuilt"), "{}", said.all());
    assert_eq!(fixture.run(&["threads", "--agent", "claude"])?.stderr.matches("damaged").count(), 0);

    let session = user(&fixture).join(format!(".claude/projects/-home-user-proj-widget/{SESSION}.jsonl"));
    fs::remove_file(&session)?;
    fs::create_dir(&session)?;
    let said = fixture.run(&["threads", "--agent", "claude"])?;
    assert!(said.stderr.contains("1 path of claude could not be read"), "{}", said.all());
    assert!(!fixture.run(&["threads", "--agent", "claude"])?.stderr.contains("could not be read"));
    let listed = fixture.json(&["agents"])?;
    let claude = &listed["agents"][0];
    assert_eq!((&claude["gone"], &claude["unread"][0]["reason"]), (&0.into(), &"it is a folder".into()));
    let doctor = fixture.run(&["doctor", "--all"])?;
    assert!(doctor.all().contains("1 path of Claude Code could not be read"), "{}", doctor.all());
    Ok(())
}

/// Adds up what the facts of an agent's example say.
fn served(folder: &Path) -> Result<(u64, u64)> {
    let facts: Value = serde_json::from_slice(&fs::read(folder.join("facts.json"))?)?;
    let sessions = facts["sessions"].as_array().ok_or("facts have sessions")?;
    let sum = |key: &str| sessions.iter().filter_map(|session| session["tokens"][key].as_u64()).sum();
    Ok((sum("input"), sum("output")))
}

#[test]
fn all_agents_together_used_what_the_model_servers_served() -> Result {
    let fixture = Fixture::empty()?;
    fs::create_dir_all(fixture.home().join("sessions"))?;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents");
    let mut right = BTreeMap::new();
    for entry in fs::read_dir(examples)? {
        let folder = entry?.path();
        let home = Some(folder.join("home")).filter(|home| home.is_dir());
        copy(home.as_deref().unwrap_or(&folder), &user(&fixture), &|text| text)?;
        let name = match folder.file_name().and_then(|name| name.to_str()) {
            Some("grok-build") => "grok",
            Some("kimicode") => "kimi-code",
            Some(name) => name,
            None => return Err("an example has a name".into()),
        };
        right.insert(name.to_owned(), served(&folder)?);
    }
    for name in right.keys() {
        fixture.json(&["agents", "add", name])?;
    }
    let usage = fixture.json(&["usage", "--by", "agent"])?;
    let rows = usage["rows"].as_array().ok_or("rows")?.iter();
    let used: BTreeMap<_, _> = rows
        .filter_map(|row| {
            let tokens = (row["input"].as_u64()?, row["output"].as_u64()?);
            Some((row["agent"].as_str()?.to_owned(), tokens))
        })
        .collect();
    assert_eq!(used, right);
    let archived = fixture.json(&["threads", "--archived", "--all", "--agent", "opencode"])?;
    assert_eq!(ids(&archived).len(), 1);
    // All but Continue CLI, which takes no id, continue the user's own sessions.
    let threads = fixture.json(&["threads", "--any", "--limit", "1000"])?;
    let threads = threads["threads"].as_array().ok_or("threads")?;
    for name in right.keys() {
        let thread = threads.iter().find(|thread| thread["agent"] == **name).ok_or("a thread")?;
        let opened = fixture.run(&["threads", "open", thread["id"].as_str().ok_or("an id")?])?;
        assert_eq!(opened.code == Some(0), name != "continue", "{name}: {}", opened.all());
    }
    Ok(())
}
