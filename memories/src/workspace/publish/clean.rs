//! Redacts what an agent changed, in its copy, so that the root and the baseline agree.

use std::path::Path;

use crate::workspace::error::{At, WorkspaceError};
use crate::workspace::folder::Folder;
use crate::workspace::snapshot::{Entry, Kind, Snapshot, as_path};
use crate::workspace::text;

/// Rewrites each changed text file whose redaction differs. Returns the copy's state afterwards.
pub(super) fn redact_changes(
    staged: &Path,
    given: &Snapshot,
    redact: &dyn Fn(&str) -> String,
) -> Result<Snapshot, WorkspaceError> {
    let mut rewrites = Vec::new();
    let mut written = Snapshot::visit(staged, &mut |item| {
        let is_file = matches!(item.entry.kind, Kind::File | Kind::Executable);
        if is_file && given.entries.get(item.path) != Some(&item.entry) && !text::is_binary(item.content) {
            let redacted = text::map(item.content, redact);
            if redacted != item.content {
                rewrites.push((item.path.to_owned(), item.entry.kind, redacted));
            }
        }
        Ok(())
    })?;
    let folder = Folder::open(staged).at("open", staged)?;
    for (path, kind, content) in rewrites {
        let rewrite = || {
            let (parent, name) = folder.parent(&path)?;
            parent.replace_file(name, &content, kind == Kind::Executable)?;
            Entry::of(kind, &content)
        };
        let entry = rewrite().at("redact", &staged.join(as_path(&path)))?;
        written.entries.insert(path, entry);
    }
    Ok(written)
}
