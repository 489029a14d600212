//! Copying the content of an older layout into an empty workspace, once.

use std::fs;
use std::io;
use std::path::Path;

/// Copies regular files and folders from `legacy` into the root, if the root has nothing of its
/// own. Returns the number of files.
///
/// The old layout is left as it is, and its buckets of single folders (`<hash>/`) with it. No
/// symbolic link is followed.
pub(super) fn migrate(legacy: &Path, root: &Path) -> io::Result<u64> {
    if !fs::symlink_metadata(legacy).is_ok_and(|metadata| metadata.is_dir()) || !is_empty(root)? {
        return Ok(0);
    }
    copy(legacy, root)
}

/// Returns true if a root has nothing but a baseline and the old layout.
fn is_empty(root: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let is_bucket = name.len() >= 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_bucket && name != "user" && !name.starts_with(".git") && !name.starts_with(".threadkeep") {
            return Ok(false);
        }
    }
    Ok(true)
}

fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut copied = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() && entry.file_name() != ".git" {
            fs::create_dir_all(&target)?;
            copied += copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            copied += 1;
        }
    }
    Ok(copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_layout_is_copied_once() -> io::Result<()> {
        let root = tempfile::tempdir()?;
        let root = root.path();
        for (path, text) in [
            ("user/memory/a.md", "a"),
            ("user/memory/b/c.md", "c"),
            ("0123456789abcdef0123/memory/d.md", "d"),
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder"))?;
            fs::write(path, text)?;
        }
        let legacy = root.join("user/memory");
        assert_eq!(migrate(&legacy, root)?, 2);
        assert_eq!(
            (fs::read_to_string(root.join("a.md"))?, fs::read_to_string(root.join("b/c.md"))?),
            ("a".into(), "c".into())
        );
        assert!(legacy.join("a.md").exists() && root.join("0123456789abcdef0123/memory/d.md").exists());
        assert_eq!(migrate(&legacy, root)?, 0, "the root has content now");
        assert_eq!(migrate(&root.join("nowhere"), root)?, 0);
        Ok(())
    }
}
