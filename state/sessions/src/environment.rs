//! Home folder and environment variables, which decide where agents keep their sessions.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Home folder and environment variables of a user.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    home: PathBuf,
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Returns an environment with this home folder and no variables.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), variables: BTreeMap::new() }
    }

    /// Returns the environment of this process; `None` if it has no home folder.
    pub fn of_process() -> Option<Self> {
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
        Some(Self { home, variables: std::env::vars_os().collect() })
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Returns the home folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Returns a variable's value as a path; `None` if it is not set, or empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Returns the folder for data of programs: `$XDG_DATA_HOME`, or `~/.local/share`.
    pub fn data_home(&self) -> PathBuf {
        let given = self.path("XDG_DATA_HOME").filter(|path| path.is_absolute());
        given.unwrap_or_else(|| self.home.join(".local/share"))
    }
}
