//! Entries of sessions in the lists and maps that sessions share.

use std::fs;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use serde_json::{Value, json};
use threadkeep_sessions::{Kept, LeftAlone, PieceKind, Restored, store};

use crate::facts::{Result, homes};
use crate::shared::Example;
use crate::vault::Keeper;

/// A session of an agent that has it no longer, and whose list no longer has its entry.
struct Without {
    keeper: Keeper,
    kept: Kept,
    list: PathBuf,
    /// The list with the entry.
    before: Value,
    _example: Example,
}

impl Without {
    /// Keeps a session with an entry in a list, removes its files, and writes the list again
    /// without its entry, with another one in an odd form.
    fn of(agent: &str, list: &str, other: &str, is_entry: impl Fn(&Value, &Kept) -> bool) -> Result<Self> {
        let example = Example::of(store(agent).ok_or("an agent")?, &homes(agent)?.remove(0))?;
        let keeper = Keeper::of(example.store, &example.place)?;
        let has_entry = |kept: &&Kept| {
            kept.files.iter().any(|file| {
                let is_own = file.kind == PieceKind::Shared;
                is_own && file.path.ends_with(Path::new(list).file_name().unwrap_or_default())
            })
        };
        let kept = keeper.keep()?.iter().find(has_entry).cloned().ok_or("a session with an entry")?;
        let list = example.place.join(list);
        let before: Value = serde_json::from_slice(&fs::read(&list)?)?;
        assert!(entries(&before).iter().any(|entry| is_entry(entry, &kept)), "{before}");
        for file in kept.files.iter().filter(|file| file.kind == PieceKind::Own) {
            fs::remove_file(example.place.join(&file.path))?;
        }
        fs::write(&list, other)?;
        Ok(Self { keeper, kept, list, before, _example: example })
    }

    fn restore(&self) -> Result<Restored> {
        Ok(self.keeper.restore(&self.kept)?)
    }
}

/// Returns the entries of a list, or of the list in a map.
fn entries(document: &Value) -> Vec<Value> {
    let list = document.as_array().or_else(|| document["work_dirs"].as_array());
    list.cloned().unwrap_or_default()
}

#[test]
fn a_list_gets_the_entry_that_it_lacks() -> Result {
    let other = "[\n  {\"sessionId\" : \"other\", \"dateCreated\": \"1.0e3\", \"n\": 1.50}\n]\n";
    let is_entry = |entry: &Value, kept: &Kept| entry["sessionId"] == kept.native_id.as_str();
    let without = Without::of("continue", "sessions/sessions.json", other, is_entry)?;
    #[cfg(unix)]
    fs::set_permissions(&without.list, std::os::unix::fs::PermissionsExt::from_mode(0o640))?;
    let restored = without.restore()?;
    assert_eq!((&restored.added_to, restored.shared.len()), (&vec![without.list.clone()], 0));
    let text = fs::read_to_string(&without.list)?;
    let entry = entries(&without.before).into_iter().find(|entry| is_entry(entry, &without.kept));
    assert_eq!(text, other.replace("}\n]", &format!("}},{}\n]", entry.ok_or("an entry")?)));
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&without.list)?.permissions()) & 0o777,
        0o640
    );
    let again = without.restore()?;
    assert!(again.added_to.is_empty() && again.present.contains(&without.list), "{again:?}");
    assert_eq!(fs::read_to_string(&without.list)?, text);
    // Another entry of the session stays.
    let renamed = text.replace("\"title\":", "\"title\":\"Renamed\",\"old\":");
    fs::write(&without.list, &renamed)?;
    assert_eq!(without.restore()?.shared, [(without.list.clone(), LeftAlone::OtherEntry)]);
    assert_eq!(fs::read_to_string(&without.list)?, renamed);
    fs::File::create(&without.list)?.set_len(16 << 20)?;
    assert_eq!(without.restore()?.shared, [(without.list.clone(), LeftAlone::TooLarge)]);
    Ok(())
}

#[test]
fn a_file_that_is_needed_whole_stays_as_the_agent_has_it() -> Result {
    let example = Example::of(store("gemini").ok_or("an agent")?, &homes("gemini")?.remove(0))?;
    let keeper = Keeper::of(example.store, &example.place)?;
    let is_root = |path: &Path| path.ends_with(".project_root");
    let kept = keeper.keep()?;
    let kept = kept.iter().find(|kept| kept.files.iter().any(|file| is_root(&file.path)));
    let kept = kept.ok_or("a session with its root")?;
    let root = kept.files.iter().find(|file| is_root(&file.path)).ok_or("a root")?;
    let root = example.place.join(&root.path);
    fs::write(&root, "/elsewhere")?;
    assert_eq!(keeper.restore(kept)?.shared, [(root.clone(), LeftAlone::UnknownPart)]);
    assert_eq!(fs::read_to_string(&root)?, "/elsewhere");
    Ok(())
}

#[test]
fn a_map_gets_the_entry_that_it_lacks() -> Result {
    let is_entry = |entry: &Value, _: &Kept| entry["path"].is_string();
    for (other, is_known) in [
        ("{\"work_dirs\": [], \"version\": 1e2}", true),
        ("{\"version\": 1e2, \"work_dirs\": [{\"path\": \"/elsewhere\"}] }", true),
        ("{}", true),
        ("{\"work_dirs\": 7}", false),
        ("[]", false),
        ("no JSON", false),
    ] {
        let without = Without::of("kimi", "kimi.json", other, is_entry)?;
        let restored = without.restore()?;
        let text = fs::read_to_string(&without.list)?;
        if !is_known {
            let left = [(without.list.clone(), LeftAlone::UnknownPart)];
            assert_eq!((&restored.shared[..], text.as_str()), (&left[..], other));
            continue;
        }
        assert_eq!(restored.added_to, from_ref(&without.list), "{other}");
        let document: Value = serde_json::from_str(&text)?;
        let copy = without.keeper.vault.place(&without.kept).join("kimi.json");
        let entry = entries(&serde_json::from_slice(&fs::read(copy)?)?);
        assert_eq!(entry.len(), 1);
        assert_eq!(entries(&document).last(), entry.last());
        assert_eq!(text.contains("\"version\": 1e2"), other.contains("1e2"), "{text}");
        assert_eq!(text.contains("/elsewhere"), other.contains("/elsewhere"), "{text}");
    }
    Ok(())
}

#[test]
fn a_list_by_line_gets_the_entry_after_its_deletion() -> Result {
    let example = Example::of(store("kimi-code").ok_or("an agent")?, &homes("kimi-code")?.remove(0))?;
    let keeper = Keeper::of(example.store, &example.place)?;
    let list = example.place.join("session_index.jsonl");
    let before = fs::read_to_string(&list)?;
    let kept = keeper.keep()?;
    let kept = kept.iter().find(|kept| before.contains(&kept.native_id)).ok_or("a session in the list")?;
    let deletion = json!({ "sessionId": kept.native_id, "deleted": true });
    fs::write(&list, format!("{before}{deletion}"))?;
    assert_eq!(keeper.restore(kept)?.added_to, from_ref(&list));
    let line = before.lines().rfind(|line| line.contains(&kept.native_id)).ok_or("a line")?;
    assert_eq!(fs::read_to_string(&list)?, format!("{before}{deletion}\n{line}\n"));
    let again = keeper.restore(kept)?;
    assert!(again.added_to.is_empty() && again.present.contains(&list), "{again:?}");
    Ok(())
}
