//! The process's surroundings as values, so that a check never reads them itself.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

/// Environment, streams and paths of the running process.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Environment variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// Current folder.
    pub cwd: PathBuf,
    /// The running program.
    pub executable: PathBuf,
    /// The user's home directory.
    pub user_home: Option<PathBuf>,
    /// Name of this machine.
    pub host: String,
    /// Stdin, stdout and stderr: true for a terminal.
    pub terminals: [bool; 3],
    /// Columns and lines of the terminal.
    pub size: Option<(u16, u16)>,
    /// True if the output has colours.
    pub has_color: bool,
}

impl Machine {
    /// Reads the surroundings of this process, but for the size of the terminal.
    #[must_use]
    pub fn this() -> Machine {
        let user_home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let terminals = [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()];
        Machine {
            variables: env::vars_os().collect(),
            cwd: env::current_dir().unwrap_or_default(),
            executable: env::current_exe().unwrap_or_default(),
            user_home,
            host: host(),
            terminals,
            size: None,
            has_color: terminals[1],
        }
    }

    /// Returns a variable as text; nothing if it is unset or empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let value = self.variables.get(OsStr::new(name))?;
        Some(value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
    }

    /// Returns a variable as a path; nothing if it is unset or empty.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(OsStr::new(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// Returns a variable as a list of paths.
    #[must_use]
    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        let value = self.variables.get(OsStr::new(name)).map(env::split_paths).into_iter().flatten();
        value.filter(|path| !path.as_os_str().is_empty()).collect()
    }

    /// Returns the text of a variable, or `not set`.
    #[must_use]
    pub fn shown(&self, name: &str) -> String {
        self.variable(name).unwrap_or_else(|| "not set".to_owned())
    }

    /// Returns the name of the user, if the environment has it.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| self.variable(name))
    }

    /// Finds all programs of a name on `PATH`, in its order, each file once.
    #[must_use]
    pub fn programs(&self, name: &str) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = Vec::new();
        let mut files = Vec::new();
        let path = self.variables.get(OsStr::new("PATH"));
        for folder in path.map(env::split_paths).into_iter().flatten().filter(|folder| folder.is_absolute()) {
            let program = folder.join(name);
            if !is_executable(&program) {
                continue;
            }
            let file = program.canonicalize().unwrap_or_else(|_| program.clone());
            if !files.contains(&file) {
                files.push(file);
                found.push(program);
            }
        }
        found
    }
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    env::var("COMPUTERNAME").unwrap_or_default()
}

/// Returns true for a file that may be run.
#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}
