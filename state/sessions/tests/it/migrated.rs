//! `kimi migrate` copies the sessions of Kimi CLI into the store of Kimi Code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use threadkeep_rollout::{Extractor, ThreadMetadata};
use threadkeep_sessions::{Mirror, store};

use crate::facts::Result;

/// Session of Kimi CLI.
const OLD: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";
/// Copy of it in Kimi Code.
const NEW: &str = "ses_1";

struct Both {
    folder: TempDir,
}

impl Both {
    fn new() -> Result<Self> {
        let both = Self { folder: tempfile::tempdir()? };
        let turn = json!({ "timestamp": 1.0, "message": { "type": "TurnBegin", "payload": { "user_input": "one" } } });
        both.write(&format!("kimi/sessions/hash/{OLD}/wire.jsonl"), &[turn])?;
        both.migrated(&[prompt("one", 1_000)])?;
        let state =
            json!({ "createdAt": "1970-01-01T00:00:01.000Z", "custom": { "kimi_cli_session_id": OLD } });
        both.write(&format!("kimi-code/sessions/work/{NEW}/state.json"), &[state])?;
        Ok(both)
    }

    fn write(&self, path: &str, lines: &[Value]) -> Result {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        Ok(fs::write(path, lines)?)
    }

    /// Writes the lines of the copy.
    fn migrated(&self, lines: &[Value]) -> Result {
        self.write(&format!("kimi-code/sessions/work/{NEW}/agents/main/wire.jsonl"), lines)
    }

    fn mirror(&self) -> Mirror {
        Mirror::new(self.folder.path().join("mirror"))
    }

    /// Writes a sub-agent of the old session, and lines of its copy.
    fn with_subagent(&self, lines: &[Value]) -> Result {
        let turn = json!({ "timestamp": 0.5, "message": { "type": "TurnBegin", "payload": { "user_input": "look" } } });
        self.write(&format!("kimi/sessions/hash/{OLD}/subagents/a1/wire.jsonl"), &[turn])?;
        self.write(&format!("kimi-code/sessions/work/{NEW}/agents/a1/wire.jsonl"), lines)
    }

    fn sync(&self, agent: &str) -> Result {
        let store = store(agent).ok_or("an agent that this build knows")?;
        let report = self.mirror().sync(store, &self.folder.path().join(agent))?.ok_or("no one else")?;
        assert!(report.failed.is_empty() && report.found <= 2, "{report:?}");
        Ok(())
    }

    /// Reads the rollouts of an agent's folder in the mirror.
    fn threads(&self, agent: &str) -> Result<Vec<ThreadMetadata>> {
        let folder = self.mirror().folder().join(agent);
        let names: BTreeMap<_, _> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| (entry.file_name(), entry.path())))
            .collect::<std::io::Result<_>>()?;
        let read = |path: &Path| Ok(Extractor::new().extract(path, false, None, None)?.metadata);
        names.values().map(|path| read(path)).collect()
    }
}

fn prompt(text: &str, at: i64) -> Value {
    let input = [json!({ "type": "text", "text": text })];
    json!({
        "type": "turn.prompt", "promptId": text, "origin": { "kind": "user" }, "input": input, "time": at,
    })
}

#[test]
fn a_migrated_copy_is_no_second_thread() -> Result {
    let both = Both::new()?;
    both.sync("kimi")?;
    both.sync("kimi-code")?;
    assert_eq!((both.threads("kimi")?.len(), both.threads("kimi-code")?.len()), (1, 0));
    assert!(both.mirror().sessions("kimi-code")?[0].is_copy());
    both.sync("kimi-code")?;
    assert!(both.threads("kimi-code")?.is_empty(), "nor by a later pass");
    Ok(())
}

#[test]
fn a_migrated_session_that_goes_on_is_a_fork() -> Result {
    let both = Both::new()?;
    both.sync("kimi")?;
    both.sync("kimi-code")?;
    both.migrated(&[prompt("one", 1_000), prompt("two", 9_000)])?;
    both.sync("kimi-code")?;
    let threads = both.threads("kimi-code")?;
    let old = both.threads("kimi")?[0].thread_id;
    assert_eq!((threads.len(), threads[0].forked_from_id), (1, Some(old)));
    Ok(())
}

#[test]
fn a_copy_whose_original_is_not_mirrored_is_the_thread() -> Result {
    let both = Both::new()?;
    both.sync("kimi-code")?;
    let copy = &both.threads("kimi-code")?[0];
    assert_eq!((copy.first_user_message.as_deref(), copy.forked_from_id), (Some("one"), None));
    both.sync("kimi")?;
    both.sync("kimi-code")?;
    assert!(both.threads("kimi-code")?.is_empty(), "the original was added");
    both.mirror().lock()?.ok_or("no one else")?.forget("kimi")?;
    both.sync("kimi-code")?;
    assert_eq!(both.threads("kimi-code")?.len(), 1, "the original was forgotten");
    Ok(())
}

#[test]
fn a_migrated_sub_agent_is_no_second_thread() -> Result {
    let both = Both::new()?;
    both.with_subagent(&[prompt("look", 500)])?;
    both.sync("kimi")?;
    both.sync("kimi-code")?;
    assert_eq!((both.threads("kimi")?.len(), both.threads("kimi-code")?.len()), (2, 0));
    let thread = |agent: &str, id: &str| -> Result<_> {
        let row = both.mirror().sessions(agent)?.into_iter().find(|row| row.native_id == id);
        Ok(row.ok_or("a row")?.shown_thread())
    };
    assert_eq!(thread("kimi-code", "ses_1/a1")?, thread("kimi", "a1")?, "its id leads to the old one");
    both.with_subagent(&[prompt("look", 500), prompt("look again", 9_000)])?;
    both.migrated(&[prompt("one", 1_000), prompt("two", 8_000)])?;
    both.sync("kimi-code")?;
    let parents = both.threads("kimi-code")?.into_iter().map(|thread| thread.parent_thread_id);
    let parents: Vec<_> = parents.collect();
    assert!(parents.len() == 2 && parents.contains(&Some(thread("kimi-code", NEW)?)), "{parents:?}");
    Ok(())
}

#[test]
fn a_migrated_sub_agent_without_its_original_has_its_words() -> Result {
    let both = Both::new()?;
    both.with_subagent(&[prompt("look", 500)])?;
    both.sync("kimi-code")?;
    let threads = both.threads("kimi-code")?;
    let words: Vec<_> = threads.iter().filter_map(|thread| thread.first_user_message.as_deref()).collect();
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words.contains(&"look"));
    Ok(())
}
