//! Names that a workspace leaves out.

use gix_object::bstr::ByteSlice;
use gix_validate::path::component::{Mode, Options};

use crate::files::{TEMPORARY, WORKSPACE_DIFF};

/// Name of the repository, in the root.
pub(super) const GIT: &str = ".git";

/// Name of the folder in the root where new files and repositories are made.
pub(super) const AREA: &str = ".threadkeep";

/// Returns true for names that are not content: a few in the root, and temporary files anywhere.
pub(super) fn is_reserved(name: &[u8], depth: usize) -> bool {
    let in_root = [WORKSPACE_DIFF, GIT, AREA].iter().any(|reserved| reserved.as_bytes() == name);
    (depth == 0 && in_root) || name.starts_with(TEMPORARY.as_bytes())
}

/// Returns true if git accepts the name in a tree, on every system.
pub(super) fn is_accepted(name: &[u8], is_link: bool) -> bool {
    let options = Options { protect_windows: false, protect_hfs: true, protect_ntfs: true };
    let mode = is_link.then_some(Mode::Symlink);
    gix_validate::path::component(name.as_bstr(), mode, options).is_ok()
}
