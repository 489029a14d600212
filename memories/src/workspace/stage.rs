//! Copies a workspace, so that an agent works on a copy and never on the user's files.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::Path;

use super::error::{At, WorkspaceError};
use super::folder::Folder;
use super::snapshot::{Kind, Snapshot, as_path};

/// Copies everything in `root` to the empty folder `into`. Returns what was copied.
pub(super) fn copy(root: &Path, into: &Path) -> Result<Snapshot, WorkspaceError> {
    DirBuilder::new().recursive(true).mode(0o700).create(into).at("create", into)?;
    if fs::read_dir(into).at("list", into)?.next().is_some() {
        return Err(WorkspaceError::NotEmpty(into.to_owned()));
    }
    let target = Folder::open(into).at("open", into)?;
    Snapshot::visit(root, &mut |item| {
        let path = into.join(as_path(item.path));
        let result = match item.entry.kind {
            Kind::Folder => DirBuilder::new().mode(0o700).create(&path),
            Kind::Link => symlink(as_path(item.content), &path),
            kind => target.parent(item.path).and_then(|(parent, name)| {
                parent.create_file(name, item.content, kind == Kind::Executable).map(drop)
            }),
        };
        result.at("create", &path)
    })
}
