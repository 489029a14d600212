//! A typed word for a thread, by its form.

use std::fs;
use std::path::Path;

use threadkeep_rollout::AgentHome;
use uuid::Uuid;

/// A typed word, by its form.
pub(super) enum Word {
    Id(Uuid),
    /// Position in a list, from 1.
    Position(u32),
    /// Path of a rollout, relative to the home.
    File(String),
    /// Beginning or end of an id, or a name.
    Text,
}

impl Word {
    pub(super) fn of(home: &AgentHome, typed: &str) -> Word {
        if let Ok(id) = Uuid::try_parse(typed) {
            return Word::Id(id);
        }
        let digits = typed.strip_prefix('@').filter(|digits| !digits.starts_with('+'));
        if let Some(Ok(position @ 1..)) = digits.map(str::parse) {
            return Word::Position(position);
        }
        let is_file = [".jsonl", ".jsonl.zst", ".json"].iter().any(|end| typed.ends_with(end));
        if is_file { Word::File(relative(home, typed)) } else { Word::Text }
    }
}

/// Returns the path of a rollout relative to the home, with `/` between folders.
fn relative(home: &AgentHome, typed: &str) -> String {
    let path = Path::new(typed);
    let real = fs::canonicalize(home.root());
    let inside = path
        .strip_prefix(home.root())
        .ok()
        .or_else(|| path.strip_prefix(real.as_ref().ok()?).ok())
        .unwrap_or(path);
    inside.to_string_lossy().replace('\\', "/").trim_start_matches("./").to_owned()
}
