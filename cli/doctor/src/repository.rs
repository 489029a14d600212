//! The git repository around a folder, found by reading files. Git itself is not run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// A repository, as its files describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Top folder of the work tree.
    pub(crate) root: PathBuf,
    /// Git's own folder of this work tree.
    git_dir: PathBuf,
}

/// Commit or branch that is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// A branch.
    Branch(String),
    /// A commit without a branch: its first digits.
    Detached(String),
    /// `HEAD` could not be read.
    Unknown,
}

impl Repository {
    /// Finds the repository around a folder, from the inside out.
    pub(crate) fn find(folder: &Path) -> Option<Repository> {
        folder.ancestors().find_map(|root| {
            let entry = root.join(".git");
            let git_dir = if entry.is_dir() { entry } else { linked(root, &entry)? };
            // Git takes no other folder for a repository, either.
            git_dir.join("HEAD").symlink_metadata().ok()?;
            Some(Repository { root: root.to_owned(), git_dir })
        })
    }

    /// Returns true for a work tree whose `.git` is a file: a linked work tree or a submodule.
    pub(crate) fn is_linked(&self) -> bool {
        self.root.join(".git").is_file()
    }

    /// Reads the branch.
    pub(crate) fn head(&self) -> Head {
        let Some(head) = text(&self.git_dir.join("HEAD")) else { return Head::Unknown };
        let head = head.trim();
        let branch = head.strip_prefix("ref:").map(str::trim);
        match branch.and_then(|branch| branch.strip_prefix("refs/heads/")) {
            // Repositories with a table of references have this word in the file.
            Some(".invalid") => Head::Unknown,
            Some(branch) => Head::Branch(branch.to_owned()),
            None if head.len() >= 40 && head.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Head::Detached(head[..10].to_owned())
            }
            None => Head::Unknown,
        }
    }

    /// Counts the remotes of the repository's own settings.
    pub(crate) fn remotes(&self) -> usize {
        // A linked work tree shares the settings of the repository that it belongs to.
        let common = text(&self.git_dir.join("commondir"));
        let common = common.map_or_else(|| self.git_dir.clone(), |path| self.git_dir.join(path.trim()));
        let config = text(&common.join("config")).unwrap_or_default();
        let name = |line: &str| Some(line.trim().strip_prefix("[remote \"")?.split('"').next()?.to_owned());
        config.lines().filter_map(name).collect::<BTreeSet<_>>().len()
    }
}

/// Reads where the file `.git` of a linked work tree leads.
fn linked(root: &Path, entry: &Path) -> Option<PathBuf> {
    let content = text(entry)?;
    Some(root.join(content.trim().strip_prefix("gitdir:")?.trim()))
}

fn text(path: &Path) -> Option<String> {
    let bytes = untouched::read(path, LIMIT).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
