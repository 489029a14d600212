//! Parts of the consolidated text: sections about a folder, and cited threads.

use std::path::Path;

use threadkeep_app::folders::matching;
use uuid::Uuid;

/// Least number of characters of a cited id.
const LEAST_ID: usize = 8;

/// Returns the text without marks and notes of ours. With a folder, sections of other folders are
/// left out: a section is a heading of the second level that is a path.
pub(super) fn shown(text: &str, cwd: Option<&Path>) -> String {
    let mut shown = String::new();
    let mut is_meant = true;
    for line in text.lines() {
        let is_note = line.starts_with("<!--") && line.trim_end().ends_with("-->");
        let heading = line.strip_prefix("## ").map(str::trim);
        if is_note || line.starts_with("# ") {
            is_meant = true;
        } else if let Some(heading) = heading {
            is_meant = !is_path(heading) || cwd.is_none_or(|cwd| concerns(heading, cwd));
        }
        if is_meant && !is_note {
            shown.push_str(line);
            shown.push('\n');
        }
    }
    let shown = shown.trim_matches('\n');
    if shown.is_empty() { String::new() } else { format!("{shown}\n") }
}

fn is_path(heading: &str) -> bool {
    let is_drive = heading.as_bytes().get(1) == Some(&b':');
    heading.starts_with(['/', '~', '\\']) || is_drive
}

/// Returns true if a section's folder is the given one, above it or below it.
fn concerns(folder: &str, cwd: &Path) -> bool {
    let folders = [folder.to_owned()];
    let is_below = !matching(cwd, true, &folders).is_empty();
    is_below || cwd.ancestors().any(|above| !matching(above, false, &folders).is_empty())
}

/// Returns the threads that a text cites by the beginnings of their ids: `[01a2036c]`. Of threads
/// with the same beginning all are meant.
pub(super) fn cited(text: &str, threads: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let brackets = text.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
    let words = brackets.flat_map(|(inner, _)| inner.split([',', ' ']));
    let is_id = |word: &&str| {
        word.len() >= LEAST_ID && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    let ids: Vec<&str> = words.filter(is_id).collect();
    threads.filter(|thread| ids.iter().any(|id| thread.to_string().starts_with(*id))).collect()
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_memories_sections.rs"]
mod tests;
