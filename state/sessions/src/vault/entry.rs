//! Entries of sessions in files that sessions share: lists and maps in JSON, and lists by line.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;
use threadkeep_rollout::untouched;

use super::kept::Kept;
use super::{VaultError, keep};
use crate::disk::{create_file, remove_file};
use crate::store::SessionStore;

/// End of the name of a file in an agent's place that is not whole yet.
const UNFINISHED: &str = ".threadkeep-new";
/// The most bytes of a shared file that are read.
const MOST_BYTES: u64 = 16 << 20;
/// Tries while the agent writes the file.
const TRIES: usize = 3;

/// Entry of a session in a shared file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// It is there, as it was kept.
    Present,
    /// It was added.
    Added,
    /// The file stays as it is.
    Left(LeftAlone),
}

/// Reason why a shared file that differs from the kept one stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftAlone {
    /// It has another entry of the session.
    OtherEntry,
    /// The session's part of it is not known: it has an unknown form, or it is needed whole.
    UnknownPart,
    /// It has 16 MiB or more.
    TooLarge,
    /// The agent wrote to it during each try.
    Busy,
}

impl fmt::Display for LeftAlone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherEntry => "it has another entry of the session",
            Self::UnknownPart => "it differs, and the session's part of it is not known",
            Self::TooLarge => "it has 16 MiB or more",
            Self::Busy => "the agent was writing to it; quit the agent and try again",
        })
    }
}

/// Adds the entry of a session to a shared file that has none. Everything else in the file stays as
/// it is.
pub(super) fn add(
    store: &dyn SessionStore,
    kept: &Kept,
    source: &Path,
    target: &Path,
) -> Result<Entry, VaultError> {
    for _ in 0..TRIES {
        let metadata = fs::symlink_metadata(target).map_err(VaultError::io(target))?;
        if !metadata.is_file() {
            return Ok(Entry::Left(LeftAlone::UnknownPart));
        }
        if metadata.len() >= MOST_BYTES {
            return Ok(Entry::Left(LeftAlone::TooLarge));
        }
        let before = read(target)?;
        // The store says what of the file is about the session.
        let Some(part) = part(store, kept, target) else {
            return Ok(Entry::Left(LeftAlone::UnknownPart));
        };
        let entry = read(source)?;
        let is_log = target.extension().is_some_and(|end| end == "jsonl");
        if part == entry {
            return Ok(Entry::Present);
        }
        let with_entry = match is_log {
            true if part.is_empty() => Ok(appended(&before, &entry)),
            true => Err(LeftAlone::OtherEntry),
            false => merged(&before, &part, &entry),
        };
        let after = match with_entry {
            Ok(after) => after,
            Err(reason) => return Ok(Entry::Left(reason)),
        };
        if replace(target, &before, &after).map_err(VaultError::io(target))? {
            return Ok(Entry::Added);
        }
    }
    Ok(Entry::Left(LeftAlone::Busy))
}

fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    untouched::read(path, MOST_BYTES).map_err(VaultError::io(path))
}

/// Returns the part of a shared file that is about a session of the place; `None` if it is not
/// known.
fn part(store: &dyn SessionStore, kept: &Kept, file: &Path) -> Option<Vec<u8>> {
    let (open, found) = keep::find(store, &kept.place, kept.identity()).ok()?;
    let pieces = open.pieces(&found).ok()?;
    pieces.into_iter().find(|piece| piece.path == file)?.bytes
}

/// Returns a file with further lines.
fn appended(file: &[u8], lines: &[u8]) -> Vec<u8> {
    let end: &[u8] = if file.is_empty() || file.ends_with(b"\n") { b"" } else { b"\n" };
    [file, end, lines].concat()
}

/// Returns a JSON document with an entry, if the part of it that is about the session has none.
fn merged(document: &[u8], part: &[u8], entry: &[u8]) -> Result<Vec<u8>, LeftAlone> {
    let json = |bytes| serde_json::from_slice::<Value>(bytes).map_err(|_| LeftAlone::UnknownPart);
    if !is_empty(&json(part)?) {
        return Err(LeftAlone::OtherEntry);
    }
    let entry = json(entry)?;
    let document = std::str::from_utf8(document).ok().and_then(|text| with(text, &entry));
    document.map(String::into_bytes).ok_or(LeftAlone::UnknownPart)
}

/// Returns true for lists and maps with nothing but empty lists and maps.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        _ => false,
    }
}

/// Returns a JSON text with what an entry has more. All other bytes stay. `None` if the two have
/// different forms.
fn with(text: &str, entry: &Value) -> Option<String> {
    match entry {
        Value::Array(elements) => {
            let known: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            inserted(text, ']', known.is_empty(), elements.iter().map(Value::to_string).collect())
        }
        Value::Object(fields) => {
            let known: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let (mut changed, mut new) = (BTreeMap::new(), Vec::new());
            for (name, value) in fields {
                match known.get(name) {
                    None => new.push(format!("{}:{value}", Value::from(name.as_str()))),
                    Some(raw) => {
                        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
                        changed.insert(start, (raw.get().len(), with(raw.get(), value)?));
                    }
                }
            }
            let mut text = text.to_owned();
            // From the end, so that the places before stay.
            for (start, (length, value)) in changed.into_iter().rev() {
                text.replace_range(start..start + length, &value);
            }
            inserted(&text, '}', known.is_empty(), new)
        }
        _ => Some(text.to_owned()),
    }
}

/// Returns a list or map with further elements.
fn inserted(text: &str, close: char, is_empty: bool, new: Vec<String>) -> Option<String> {
    if new.is_empty() {
        return Some(text.to_owned());
    }
    let end = text[..text.rfind(close)?].trim_end().len();
    let comma = if is_empty { "" } else { "," };
    Some(format!("{}{comma}{}{}", &text[..end], new.join(","), &text[end..]))
}

/// Returns the name that a file has until it is whole.
pub(super) fn unfinished(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// Replaces a file, with its mode. Returns false if it is no longer what it was.
fn replace(path: &Path, before: &[u8], after: &[u8]) -> io::Result<bool> {
    let new = unfinished(path);
    let written = || -> io::Result<bool> {
        remove_file(&new)?;
        let mut file = create_file(&new)?;
        file.write_all(after)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        let is_same = untouched::read(path, MOST_BYTES)? == before;
        if is_same {
            fs::rename(&new, path)?;
        }
        Ok(is_same)
    };
    let replaced = written();
    if !matches!(replaced, Ok(true)) {
        _ = fs::remove_file(&new);
    }
    replaced
}
