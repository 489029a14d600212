//! A session that has grown is read on from its last turn, and gives what a whole reading gives.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use threadkeep_sessions::{FoundSession, Mirror, ThreadIds, store, to_rollout};

use crate::facts::{Result, homes};
use crate::mirror::Story;
use crate::shared::Example;

/// Agents whose sessions are files of lines.
const AGENTS: [&str; 8] = ["claude", "copilot", "gemini", "grok", "kimi", "kimi-code", "pi", "qwen"];
/// Sessions of an example that grow: the longest ones.
const LONGEST: usize = 6;
/// Most steps in which a session grows.
const STEPS: usize = 8;

/// Brings a mirror of an example up to date. If a session was read on, compares its rollout with
/// what a whole reading gives. Returns how many sessions were read on.
fn sync(mirror: &Mirror, example: &Example, path: &Path) -> Result<u64> {
    let report = mirror.sync(example.store, &example.place)?.ok_or("locked")?;
    if report.continued == 0 {
        return Ok(0);
    }
    let open = example.store.open(&example.place)?;
    let found = open.sessions().iter().find(|found| found.source() == path).ok_or("the session")?;
    let (session, agent) = (open.read(found)?, example.store.name());
    let right = to_rollout(&session, &ThreadIds::new(agent, []));
    let row = mirror.sessions(agent)?.into_iter().find(|row| row.identity() == found.identity());
    let row = row.ok_or("a row")?;
    let rollout = fs::read(mirror.folder().join(agent).join(&row.file))?;
    if rollout != right {
        let [rollout, right] = [rollout, right].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let other = rollout.lines().zip(right.lines()).find(|(line, right)| line != right);
        return Err(format!("{} is read on as {other:?}", path.display()).into());
    }
    assert_eq!((row.updated_at, row.skipped_lines), (session.updated_at, session.skipped_lines));
    Ok(report.continued)
}

/// Lets the file of a session grow by some lines at a time. Returns how often it was read on.
fn grow(mirror: &Mirror, example: &Example, path: &Path, bytes: &[u8]) -> Result<u64> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(end, _)| end + 1);
    let ends: Vec<_> = ends.collect();
    let mut resumed = 0;
    for (step, ends) in ends.chunks(ends.len().div_ceil(STEPS)).enumerate() {
        // Every third time, the last line is not finished.
        let end = ends[0] - if step % 3 == 1 { 9 } else { 0 };
        fs::write(path, &bytes[..end])?;
        resumed += sync(mirror, example, path)?;
    }
    fs::write(path, bytes)?;
    Ok(resumed + sync(mirror, example, path)?)
}

#[test]
fn a_session_that_is_read_on_is_the_same_as_one_that_is_read_whole() -> Result {
    for agent in AGENTS {
        let store = store(agent).ok_or("an agent that this build knows")?;
        let mut resumed = 0;
        for home in homes(agent)? {
            let (example, folder) = (Example::of(store, &home)?, tempfile::tempdir()?);
            let mirror = Mirror::new(folder.path()).with_checkpoints_from(0);
            let open = store.open(&example.place)?;
            let with_lines =
                |found: &&FoundSession| found.source().extension().is_some_and(|end| end == "jsonl");
            let files = open.sessions().iter().filter(with_lines).map(FoundSession::source);
            let mut read = files.map(|path| Ok((fs::read(&path)?, path))).collect::<Result<Vec<_>>>()?;
            read.iter().try_for_each(|(_, path)| fs::remove_file(path))?;
            read.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.len()));
            for (bytes, path) in read.into_iter().take(LONGEST) {
                resumed +=
                    grow(&mirror, &example, &path, &bytes).map_err(|error| format!("{agent}: {error}"))?;
            }
        }
        assert!(resumed > 0, "{agent}: never read on");
    }
    Ok(())
}

/// Session of Claude Code that grows, and its mirror.
struct Growing {
    story: Story,
    mirror: Mirror,
    _folder: TempDir,
}

impl Growing {
    /// Begins with two turns, and a checkpoint before the second one.
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mirror = Mirror::new(folder.path().join("mirror")).with_checkpoints_from(0);
        let mut growing = Self { story: Story::new(folder.path())?, mirror, _folder: folder };
        assert_eq!(growing.say("one")?, 0);
        assert_eq!(growing.say("two")?, 0);
        Ok(growing)
    }

    /// Adds a turn. Returns 1 if the session was read on, and 0 if it was read whole.
    fn say(&mut self, words: &str) -> Result<u64> {
        self.story.add(words);
        self.story.write(0)?;
        self.sync()
    }

    /// Brings the mirror up to date, and compares it with a new one.
    fn sync(&self) -> Result<u64> {
        let claude = store("claude").ok_or("an agent that this build knows")?;
        let report = self.mirror.sync(claude, &self.story.place)?.ok_or("locked")?;
        let folder = tempfile::tempdir()?;
        let whole = Mirror::new(folder.path());
        whole.sync(claude, &self.story.place)?.ok_or("locked")?;
        let [read_on, right] = [rollout(&self.mirror)?, rollout(&whole)?];
        if let Some((line, right)) = read_on.lines().zip(right.lines()).find(|(line, right)| line != right) {
            return Err(format!("{line}\nin place of {right}").into());
        }
        assert_eq!(read_on.len(), right.len());
        Ok(report.continued)
    }

    fn checkpoint(&self) -> Result<PathBuf> {
        let row = self.mirror.sessions("claude")?.remove(0);
        Ok(self.mirror.folder().join("claude").join(row.file).with_extension("checkpoint"))
    }
}

fn rollout(mirror: &Mirror) -> Result<String> {
    Ok(fs::read_to_string(mirror.folder().join("claude").join(mirror.sessions("claude")?.remove(0).file))?)
}

#[test]
fn a_session_that_has_only_grown_is_read_on() -> Result {
    let mut growing = Growing::new()?;
    for words in ["three", "four", "five"] {
        assert_eq!(growing.say(words)?, 1, "{words}");
    }
    Ok(())
}

#[test]
fn a_session_that_changes_before_its_last_turn_is_read_whole() -> Result {
    // In a line of the first turn.
    let mut growing = Growing::new()?;
    growing.story.lines[1] = growing.story.lines[1].replace("Done.", "Gone.");
    assert_eq!(growing.say("three")?, 0);
    // By a line that comes later: the first line of the rollout has the version.
    let mut growing = Growing::new()?;
    growing.story.add("three");
    let last = growing.story.lines.len() - 1;
    growing.story.lines[last].insert_str(1, "\"version\":\"2.1.400\",");
    growing.story.write(0)?;
    assert_eq!(growing.sync()?, 0);
    // By being shorter: the turn that it lost stays.
    growing.story.lines.truncate(4);
    growing.story.write(0)?;
    let claude = store("claude").ok_or("an agent that this build knows")?;
    assert_eq!(growing.mirror.sync(claude, &growing.story.place)?.ok_or("locked")?.continued, 0);
    assert!(rollout(&growing.mirror)?.contains("three"));
    Ok(())
}

#[test]
fn a_late_result_of_an_earlier_turn_is_taken() -> Result {
    let mut growing = Growing::new()?;
    let call = r#"{"type":"tool_use","id":"call","name":"Bash","input":{"command":"make"}}"#;
    growing.story.lines[1] = growing.story.lines[1].replacen("[{", &format!("[{call},{{"), 1);
    assert_eq!(growing.say("three")?, 0);
    assert_eq!(growing.say("four")?, 1);
    let mut late: serde_json::Value = serde_json::from_str(&growing.story.lines[6])?;
    // No time shows that it is late.
    (late["uuid"], late["timestamp"]) = ("late".into(), "2026-11-28T08:01:00Z".into());
    late["message"]["content"] =
        serde_json::json!([{ "type": "tool_result", "tool_use_id": "call", "content": "made it" }]);
    growing.story.lines.push(late.to_string());
    assert_eq!(growing.say("five")?, 0, "also before another turn");
    assert!(rollout(&growing.mirror)?.contains("made it"));
    Ok(())
}

#[test]
fn a_late_request_of_an_earlier_turn_is_taken() -> Result {
    let mut growing = Growing::new()?;
    let mut late: serde_json::Value = serde_json::from_str(&growing.story.lines[1])?;
    (late["uuid"], late["message"]["id"], late["isSidechain"]) = ("late".into(), "late".into(), true.into());
    growing.story.lines.push(late.to_string());
    growing.story.write(0)?;
    assert_eq!(growing.sync()?, 0);
    Ok(())
}

#[test]
fn a_title_that_is_taken_away_does_not_stay() -> Result {
    let pi = store("pi").ok_or("an agent that this build knows")?;
    let folder = tempfile::tempdir()?;
    let path =
        folder.path().join("sessions/p/2026-11-28T08-00-00-000Z_11111111-2222-4333-8444-555555555555.jsonl");
    fs::create_dir_all(path.parent().ok_or("a folder")?)?;
    let id = r#""id":"11111111-2222-4333-8444-555555555555""#;
    let mut lines = vec![format!(
        r#"{{"type":"session","version":3,{id},"timestamp":"2026-11-28T08:00:00Z","cwd":"/p"}}"#
    )];
    let mirror = Mirror::new(folder.path().join("mirror")).with_checkpoints_from(0);
    let mut continued = Vec::new();
    for (number, name) in [Some("a plan"), None, None, Some("")].into_iter().enumerate() {
        let at = format!(r#""timestamp":"2026-11-28T08:0{number}:00Z""#);
        lines.extend(
            name.map(|name| format!(r#"{{"type":"session_info","id":"n{number}",{at},"name":"{name}"}}"#)),
        );
        let usage = r#"{"input":10,"output":2,"cacheRead":0,"cacheWrite":0,"totalTokens":12}"#;
        let [user, answer] = [
            r#""role":"user","content":"go on""#,
            r#""role":"assistant","content":"done","model":"m","stopReason":"stop","usage":"#,
        ];
        lines.push(format!(r#"{{"type":"message","id":"u{number}",{at},"message":{{{user}}}}}"#));
        lines.push(format!(r#"{{"type":"message","id":"a{number}",{at},"message":{{{answer}{usage}}}}}"#));
        fs::write(&path, lines.join("\n") + "\n")?;
        continued.push(mirror.sync(pi, folder.path())?.ok_or("locked")?.continued);
    }
    assert_eq!(continued, [0, 0, 1, 0]);
    let row = mirror.sessions("pi")?.remove(0);
    assert!(!fs::read_to_string(mirror.folder().join("pi").join(row.file))?.contains("a plan"));
    Ok(())
}

#[test]
fn tokens_of_an_earlier_request_that_grow_are_taken() -> Result {
    let mut growing = Growing::new()?;
    let mut again: serde_json::Value = serde_json::from_str(&growing.story.lines[1])?;
    (again["uuid"], again["message"]["usage"]["input_tokens"]) = ("again".into(), 70.into());
    growing.story.lines.push(again.to_string());
    assert_eq!(growing.say("three")?, 0);
    Ok(())
}

#[test]
fn a_model_that_is_named_late_is_that_of_earlier_turns() -> Result {
    let mut growing = Growing::new()?;
    for line in &mut growing.story.lines {
        *line = line.replace("\"model\":\"m\",", "");
    }
    growing.story.write(0)?;
    growing.sync()?;
    growing.story.add("three");
    assert_eq!(growing.say("four")?, 0);
    assert_eq!(growing.say("five")?, 1);
    Ok(())
}

#[test]
fn an_earlier_turn_that_the_user_takes_back_is_withdrawn() -> Result {
    let gemini = store("gemini").ok_or("an agent that this build knows")?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tmp/p/chats/session-1.jsonl");
    fs::create_dir_all(path.parent().ok_or("a folder")?)?;
    let header = r#"{"sessionId":"11111111-2222-4333-8444-555555555555","startTime":"2026-11-28T08:00:00Z"}"#;
    let mut lines = vec![header.to_owned()];
    let mirror = Mirror::new(folder.path().join("mirror")).with_checkpoints_from(0);
    let mut resumed = Vec::new();
    for (number, back) in [None, None, None, Some("p1")].into_iter().enumerate() {
        lines.extend(back.map(|to| format!(r#"{{"$rewindTo":"{to}"}}"#)));
        let at = format!("2026-11-28T08:0{number}:00Z");
        lines.push(format!(r#"{{"id":"p{number}","type":"user","timestamp":"{at}","content":"go on"}}"#));
        let tokens = r#"{"input":100,"output":20,"cached":0,"thoughts":0,"tool":0,"total":120}"#;
        lines.push(format!(
            r#"{{"id":"a{number}","type":"gemini","timestamp":"{at}","model":"m","content":"done","tokens":{tokens}}}"#
        ));
        fs::write(&path, lines.join("\n") + "\n")?;
        resumed.push(mirror.sync(gemini, folder.path())?.ok_or("locked")?.continued);
    }
    assert_eq!(resumed, [0, 0, 1, 0]);
    let row = mirror.sessions("gemini")?.remove(0);
    let rollout = fs::read_to_string(mirror.folder().join("gemini").join(row.file))?;
    assert_eq!(rollout.matches("turn_aborted").count(), 2, "{rollout}");
    Ok(())
}

#[test]
fn a_checkpoint_that_is_damaged_or_of_another_rollout_does_not_count() -> Result {
    let mut growing = Growing::new()?;
    let path = growing.checkpoint()?;
    let bytes = fs::read(&path)?;
    fs::write(&path, &bytes[..bytes.len() / 2])?;
    assert_eq!(growing.say("three")?, 0);
    assert_eq!(growing.say("four")?, 1);
    // Something else has edited it.
    let path = growing.checkpoint()?;
    let mut bytes = fs::read(&path)?;
    *bytes.last_mut().ok_or("bytes")? = b' ';
    fs::write(&path, bytes)?;
    assert_eq!(growing.say("five")?, 0);
    // A power cut left the old rollout, or a part of the new one.
    let row = growing.mirror.sessions("claude")?.remove(0);
    let rollout = growing.mirror.folder().join("claude").join(row.file);
    let bytes = fs::read(&rollout)?;
    fs::write(&rollout, &bytes[..bytes.len() / 2])?;
    assert_eq!(growing.say("six")?, 0);
    Ok(())
}

#[test]
fn a_checkpoint_that_is_not_of_the_last_rollout_is_removed() -> Result {
    let mut growing = Growing::new()?;
    let path = growing.checkpoint()?;
    assert!(path.exists());
    let with = growing.mirror.clone();
    growing.mirror = with.clone().with_checkpoints_from(u64::MAX);
    assert_eq!(growing.say("three")?, 0);
    assert!(!path.exists(), "it is no longer large");
    growing.mirror = with;
    assert_eq!(growing.say("four")?, 0);
    let orphan = path.with_file_name("rollout.checkpoint");
    fs::copy(&path, &orphan)?;
    assert_eq!(growing.say("five")?, 1);
    assert!(path.exists() && !orphan.exists());
    Ok(())
}

#[test]
fn a_checkpoint_has_no_words_and_goes_with_its_rollout() -> Result {
    let mut growing = Growing::new()?;
    growing.say("swordfish")?;
    growing.say("four")?;
    let path = growing.checkpoint()?;
    let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
    assert!(!text.contains("swordfish") && !text.contains("Done."), "{text}");
    let thread = growing.mirror.sessions("claude")?.remove(0).thread_id;
    assert!(growing.mirror.lock()?.ok_or("locked")?.erase("claude", thread)?);
    assert!(!path.exists());
    Ok(())
}
