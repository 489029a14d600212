//! Changes of files: as items have them, and as patches have them.

use std::borrow::Cow;

use serde::Serialize;

use super::file_url::plain_path;
use crate::json::{self, Raw};
use crate::text::{MAX_ITEM_TEXT, MAX_PATH, bounded};

/// Change of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FileEdit {
    /// Path before the change.
    pub path: String,
    /// Kind.
    pub kind: EditKind,
    /// Content of a file that was added or deleted, where it was written; the hunks of a unified
    /// diff otherwise.
    pub diff: String,
}

/// Kind of a [`FileEdit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum EditKind {
    /// The file is new.
    Add,
    /// The file was deleted.
    Delete,
    /// The file was changed.
    Update {
        /// Its new path, if it was moved, too.
        move_path: Option<String>,
    },
}

impl FileEdit {
    /// Returns a change of another format than rollouts.
    pub fn new(path: impl Into<String>, kind: EditKind, diff: String) -> Self {
        Self { path: path.into(), kind, diff }
    }

    /// Returns the change as lines of a diff: each begins with `+`, `-`, a space or `@@`.
    pub fn unified(&self) -> Cow<'_, str> {
        let sign = match self.kind {
            EditKind::Add => '+',
            EditKind::Delete => '-',
            EditKind::Update { .. } => return Cow::Borrowed(&self.diff),
        };
        Cow::Owned(self.diff.lines().map(|line| format!("{sign}{line}\n")).collect())
    }

    /// Counts the lines that were added and removed.
    pub fn counts(&self) -> (usize, usize) {
        let unified = self.unified();
        let count = |sign| unified.lines().filter(|line| line.starts_with(sign)).count();
        (count('+'), count('-'))
    }
}

/// Reads the `changes` of an item: an object with a change for each path.
pub(super) fn changes(raw: Raw<'_>) -> Vec<FileEdit> {
    json::entries(raw).into_iter().map(|(path, change)| of_item(&path, change)).collect()
}

fn of_item(path: &str, change: &str) -> FileEdit {
    let [kind, content, diff, moved] =
        json::object(Some(change), ["type", "content", "unified_diff", "move_path"]);
    let kind = match json::text(kind).as_deref() {
        Some("add") => EditKind::Add,
        Some("delete") => EditKind::Delete,
        _ => EditKind::Update { move_path: json::text(moved).map(|path| short_path(&path)) },
    };
    let diff = json::text(diff.or(content)).unwrap_or_default();
    FileEdit { path: short_path(path), kind, diff: bounded(&diff, MAX_ITEM_TEXT) }
}

/// Reads the patch in a text: from `*** Begin Patch` on. Returns no changes of a text without one.
pub(super) fn patch(text: &str) -> Vec<FileEdit> {
    let mut edits: Vec<FileEdit> = Vec::new();
    let Some((_, patch)) = text.split_once("*** Begin Patch\n") else { return edits };
    for line in patch.lines().take_while(|line| *line != "*** End Patch") {
        let begins = [
            ("*** Add File: ", EditKind::Add),
            ("*** Delete File: ", EditKind::Delete),
            ("*** Update File: ", EditKind::Update { move_path: None }),
        ];
        let begun = begins.into_iter().find_map(|(mark, kind)| Some((line.strip_prefix(mark)?, kind)));
        if let Some((path, kind)) = begun {
            edits.push(FileEdit { path: short_path(path.trim()), kind, diff: String::new() });
        } else if let Some(edit) = edits.last_mut() {
            match (&mut edit.kind, line.strip_prefix("*** Move to: ")) {
                (EditKind::Update { move_path }, Some(path)) => *move_path = Some(short_path(path.trim())),
                _ if line.starts_with("*** ") => {}
                (EditKind::Add, _) => push(&mut edit.diff, line.strip_prefix('+').unwrap_or(line)),
                _ => push(&mut edit.diff, line),
            }
        }
    }
    for edit in &mut edits {
        edit.diff = bounded(&edit.diff, MAX_ITEM_TEXT);
    }
    edits
}

fn push(diff: &mut String, line: &str) {
    diff.push_str(line);
    diff.push('\n');
}

fn short_path(path: &str) -> String {
    bounded(&plain_path(path), MAX_PATH)
}
