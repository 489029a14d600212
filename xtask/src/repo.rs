//! The repository on disk: its place, its files, and how to read them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Hidden folders of the project; every other one belongs to an editor or to git.
const HIDDEN_BUT_OURS: [&str; 3] = [".cargo", ".ci", ".github"];

/// Checkout of the repository, or a fixture that looks like one.
#[derive(Debug, Clone)]
pub struct Repo {
    root: PathBuf,
}

impl Repo {
    /// Takes the folder that holds the workspace's `Cargo.toml`.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        if !root.join("Cargo.toml").is_file() {
            bail!("{} has no Cargo.toml: run this inside a checkout of the repository", root.display());
        }
        Ok(Self { root })
    }

    /// Finds the checkout that this tool was built from.
    pub fn find() -> Result<Self> {
        // Cargo sets it at run time too, so that a moved checkout is found where it is now.
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = here.parent().context("xtask's own folder has no parent")?;
        Self::at(root)
    }

    /// Returns the folder that holds the workspace's `Cargo.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Turns a path relative to the root, with `/` between its parts, into a full path.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub fn has_file(&self, relative: &str) -> bool {
        self.path(relative).is_file()
    }

    pub fn bytes(&self, relative: &str) -> Result<Vec<u8>> {
        std::fs::read(self.path(relative)).with_context(|| format!("could not read {relative}"))
    }

    pub fn text(&self, relative: &str) -> Result<String> {
        String::from_utf8(self.bytes(relative)?).with_context(|| format!("{relative} is not UTF-8"))
    }

    /// Lists every file of the project, relative to the root, sorted.
    ///
    /// Build output, git's own data and hidden folders of other tools are left out. Git is not
    /// asked, so that a checkout without its `.git` gets the same answer.
    pub fn files(&self) -> Result<Vec<String>> {
        self.files_under("")
    }

    /// Lists the files under one folder, as [`files`](Self::files) does; none if it is missing.
    pub fn files_under(&self, folder: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for (name, is_folder) in self.entries(&folder)? {
                let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                if !is_folder {
                    found.push(path);
                } else if name != "target" && (!name.starts_with('.') || HIDDEN_BUT_OURS.contains(&&*name)) {
                    folders.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Lists the names in one folder, each with true for a folder. Links are not followed.
    pub fn entries(&self, folder: &str) -> Result<Vec<(String, bool)>> {
        let path = self.path(folder);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&path).with_context(|| format!("could not list {}", path.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                bail!("{} holds a name that is not UTF-8", path.display());
            };
            found.push((name, entry.file_type()?.is_dir()));
        }
        found.sort();
        Ok(found)
    }
}
