//! Exit codes and the end of a run.

use std::process::ExitCode;

/// Exit codes, on which scripts may rely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// Success.
    Fine = 0,
    /// Problems were found.
    Problems = 1,
    /// The command could not run.
    CouldNotRun = 2,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}

/// Ends the process at once, as a second Ctrl-C asks, with the exit code of that signal. SQLite is
/// made for that.
pub(crate) fn die(signal: i32) -> ! {
    #[allow(clippy::exit, reason = "the one place where the process ends without returning from main")]
    std::process::exit(128 + signal)
}
