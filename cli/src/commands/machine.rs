//! The process's surroundings, for the doctor.

use std::env;
use std::io::{self, IsTerminal as _};

use threadkeep_doctor::Machine;

use crate::output::Screen;

/// Reads the surroundings of this process.
pub(super) fn machine(screen: &Screen) -> Machine {
    Machine {
        variables: env::vars_os().collect(),
        cwd: env::current_dir().unwrap_or_default(),
        executable: env::current_exe().unwrap_or_default(),
        user_home: env::home_dir(),
        host: host(),
        terminals: [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()],
        size: terminal_size::terminal_size().map(|(width, height)| (width.0, height.0)),
        has_color: screen.has_color(),
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
