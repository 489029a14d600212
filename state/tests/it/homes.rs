//! An agent home and a SQLite home, for the tests of every crate that reads the one into the other.

#![allow(dead_code, reason = "the tests of no crate use all of it")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use threadkeep_rollout::AgentHome;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An agent home and a SQLite home, both of one test alone.
pub(crate) struct Homes(TempDir);

impl Homes {
    /// Makes an agent home without a rollout.
    pub(crate) fn new() -> Result<Homes> {
        let folder = tempfile::tempdir()?;
        for name in ["home/sessions", "sqlite"] {
            fs::create_dir_all(folder.path().join(name))?;
        }
        Ok(Homes(folder))
    }

    /// Copies a home that comes with the project.
    pub(crate) fn of(example: &str) -> Result<Homes> {
        let homes = Homes::new()?;
        copy(&examples().join(example), &homes.path(""))?;
        Ok(homes)
    }

    /// Copies both homes.
    pub(crate) fn copied(&self) -> Result<Homes> {
        let folder = tempfile::tempdir()?;
        copy(self.folder(), folder.path())?;
        Ok(Homes(folder))
    }

    /// Returns the folder of both homes.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn sqlite_home(&self) -> PathBuf {
        self.folder().join("sqlite")
    }

    /// Returns a path in the agent home.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder().join("home").join(relative)
    }

    pub(crate) fn home(&self) -> Result<AgentHome> {
        Ok(AgentHome::open(self.path(""))?)
    }

    pub(crate) fn write(&self, relative: &str, text: impl AsRef<[u8]>) -> Result {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
        Ok(fs::write(path, text)?)
    }

    pub(crate) fn append(&self, relative: &str, text: &str) -> Result {
        Ok(fs::OpenOptions::new().append(true).open(self.path(relative))?.write_all(text.as_bytes())?)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result {
        let to = self.path(to);
        fs::create_dir_all(to.parent().ok_or("a file has a folder")?)?;
        Ok(fs::rename(self.path(from), to)?)
    }
}

/// Returns the folder of the homes that come with the project.
fn examples() -> PathBuf {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|root| root.join("examples/home").exists());
    root.unwrap_or(Path::new("")).join("examples")
}

fn copy(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), target)?;
        // An index of the bundled home, made by a user, is not part of it.
        } else if entry.file_name() != "threadkeep" {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}
