//! Changes of a workspace since its baseline.

pub(super) mod change;
mod content;
mod quote;
mod rename;
mod unified;

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use self::change::{Change, ChangeKind, Delta, compare};
use self::content::Contents;
use self::quote::quote;
use super::baseline::Content;
use super::error::{At, WorkspaceError};
use super::snapshot::Refused;
use super::text;

/// Longest text with changes, in bytes: 4 MiB.
pub const MOST_DIFF: usize = 4 << 20;

/// Note at the end of a text that is cut.
const CUT: &[u8] = b"\n(The rest is cut.)\n";

/// Changes of a workspace since its baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkspaceDiff {
    /// Changes in the order of paths.
    pub changes: Vec<Change>,
    /// Names that were left out.
    pub refused: Vec<Refused>,
    /// The unified diff, up to about [`MOST_DIFF`].
    text: Vec<u8>,
}

impl WorkspaceDiff {
    /// Compares a root, or a copy without the names `left_out`, with the baseline.
    pub(super) fn of(root: &Path, left_out: &[Refused], baseline: &Content) -> Result<Self, WorkspaceError> {
        let (mut snapshot, contents) = Contents::read(root, baseline)?;
        snapshot.refused.extend_from_slice(left_out);
        let deltas = compare(&baseline.entries, &snapshot);
        let deltas = rename::join(deltas, &contents);
        let mut text = Vec::new();
        for delta in &deltas {
            if text.len() > MOST_DIFF {
                break;
            }
            unified::append(&mut text, delta, &contents).at("compare", root)?;
        }
        let changes = deltas.iter().map(Delta::change).collect();
        Ok(Self { changes, refused: snapshot.refused().to_vec(), text })
    }

    /// Returns true if nothing changed. A name that was left out is no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Returns the unified diff of files, as git writes it. Cut after the file that reaches
    /// [`MOST_DIFF`].
    #[must_use]
    pub fn unified(&self) -> &[u8] {
        &self.text
    }

    /// Writes a list of the changes and their unified diff, for a file that an agent reads. It has
    /// at most `limit` bytes, or [`MOST_DIFF`]. A cut is marked, and is never inside a UTF-8
    /// character.
    #[must_use]
    pub fn to_markdown(&self, limit: usize) -> Vec<u8> {
        let limit = limit.min(MOST_DIFF);
        let mut out = self.status();
        let fence = "`".repeat(self.fence());
        let begin = format!("\n## Diff\n\n{fence}diff\n").into_bytes();
        let end = format!("{fence}\n").into_bytes();
        if out.len() + begin.len() + self.text.len() + end.len() <= limit {
            return [out, begin, self.text.clone(), end].concat();
        }
        let room = limit.saturating_sub(out.len() + begin.len() + 1 + end.len() + CUT.len());
        if room > 0 {
            let text = &self.text[..text::cut_before(&self.text, room)];
            return [&out, &begin, text, b"\n", &end, CUT].concat();
        }
        out.truncate(text::cut_before(&out, limit.saturating_sub(CUT.len())));
        out.extend_from_slice(CUT);
        out.truncate(limit);
        out
    }

    fn status(&self) -> Vec<u8> {
        let mut out = b"# Changes since the last consolidation\n\n## Status\n\n".to_vec();
        if self.changes.is_empty() {
            out.extend_from_slice(b"No changes.\n");
        }
        for change in &self.changes {
            out.extend_from_slice(format!("- {} ", change.kind.letter()).as_bytes());
            if let ChangeKind::Renamed { from } = &change.kind {
                out.extend_from_slice(&quote(b"", from.as_os_str().as_bytes()));
                out.extend_from_slice(b" -> ");
            }
            out.extend_from_slice(&quote(b"", change.path.as_os_str().as_bytes()));
            out.push(b'\n');
        }
        if !self.refused.is_empty() {
            out.extend_from_slice(b"\n## Left out\n\n");
        }
        for refused in &self.refused {
            out.extend_from_slice(b"- ");
            out.extend_from_slice(&quote(b"", refused.path.as_os_str().as_bytes()));
            out.extend_from_slice(format!(": {}\n", refused.reason.as_str()).as_bytes());
        }
        out
    }

    /// Returns the length of a fence that the text cannot close: longer than any run of backticks.
    fn fence(&self) -> usize {
        let runs = self.text.split(|byte| *byte != b'`').map(<[u8]>::len);
        runs.max().unwrap_or(0).max(2) + 1
    }
}
