//! Paths that are written as `file:` URLs.

use super::git_url;

/// Returns the path in a `file:` URL, and any other text as it is.
pub(super) fn plain_path(path: &str) -> String {
    let Some(encoded) = path.strip_prefix("file://") else { return path.to_owned() };
    let bytes = git_url::units::units(encoded).iter().map(|unit| unit.byte).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| encoded.to_owned())
}
