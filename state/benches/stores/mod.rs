//! Stores of all agents with many sessions: copies of the examples in `examples/agents`.
//!
//! Each copy has ids of its own, in names and in texts, so that it is another session. What all
//! sessions of a place share, such as a list, has the rows of all copies.

mod databases;
pub(crate) mod grown;
mod ids;

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_sessions::{Environment, SessionStore, stores};

use crate::common::Result;

/// Lists of a place, one row a session.
const LISTS: [&str; 2] = ["sessions.json", "session_index.jsonl"];

/// Place of an agent in a home of its own.
pub(crate) struct Stored {
    pub(crate) store: &'static dyn SessionStore,
    /// Folder of all that the agent wrote.
    pub(crate) home: PathBuf,
    pub(crate) place: PathBuf,
}

/// Returns the agents that have examples, with their homes in a folder.
pub(crate) fn of(folder: &Path) -> Vec<Stored> {
    let of_store = |store: &'static dyn SessionStore| {
        let home = folder.join(store.name());
        let place = store.places(&Environment::new(&home)).remove(0);
        Stored { store, home, place }
    };
    stores().into_iter().filter(|store| example(store.name()).is_dir()).map(of_store).collect()
}

/// Makes so many copies of each example that there are at least so many sessions.
pub(crate) fn make(folder: &Path, sessions: usize) -> Result<Vec<Stored>> {
    let stored = of(folder);
    let mut once = 0;
    for Stored { store, home, place } in &stored {
        copy(&example(store.name()), home, 0)?;
        once += store.open(place)?.sessions().len();
    }
    let copies = sessions.div_ceil(once);
    for Stored { store, home, .. } in &stored {
        for number in 1..copies {
            copy(&example(store.name()), home, number)?;
        }
        databases::multiply(store.name(), home, copies)?;
    }
    Ok(stored)
}

/// Returns the home of an agent's example.
fn example(agent: &str) -> PathBuf {
    let folder = match agent {
        "grok" => "grok-build",
        "kimi-code" => "kimicode",
        agent => agent,
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/agents");
    let home = examples.join(folder).join("home");
    if home.is_dir() { home } else { examples.join(folder) }
}

fn copy(from: &Path, to: &Path, number: usize) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = (entry.as_ref().map_err(|_| "an entry")?.path(), entry?.file_name());
        let name = name.to_str().ok_or("a name of UTF-8")?;
        let target = to.join(ids::renumbered(name, number));
        if path.is_dir() {
            copy(&path, &target, number)?;
            continue;
        }
        let contents = match String::from_utf8(fs::read(&path)?) {
            Ok(text) => ids::renumbered(&text, number).into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        match fs::read(&target) {
            Ok(list) if LISTS.contains(&name) => fs::write(&target, joined(&list, &contents)?)?,
            // A map of folders, or a database, is that of the first copy.
            Ok(_) => {}
            Err(_) => fs::write(&target, contents)?,
        }
    }
    Ok(())
}

/// Joins two lists: JSON, or lines of it.
fn joined(list: &[u8], more: &[u8]) -> Result<Vec<u8>> {
    if !list.starts_with(b"[") {
        return Ok([list, more].concat());
    }
    let mut rows: Vec<serde_json::Value> = serde_json::from_slice(list)?;
    rows.extend(serde_json::from_slice::<Vec<serde_json::Value>>(more)?);
    Ok(serde_json::to_vec_pretty(&rows)?)
}
