//! How a run ends: the exit code, and an error in the words of someone who wants to go on.

mod damage;
mod words;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::Global;
use crate::output::Screen;
use crate::output::text::shell_os_word;
use damage::damage_in;
pub(crate) use damage::{is_damage, is_foreign, rebuild};
use threadkeep_redact::redact;
use threadkeep_state::{GraphError, StateError};
use threadkeep_state_goals::GoalError;
use uuid::Uuid;

/// The exit codes, which scripts may rely upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// Fine.
    Fine = 0,
    /// Problems were found.
    Problems = 1,
    /// Could not run.
    CouldNotRun = 2,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> ExitCode {
        ExitCode::from(code as u8)
    }
}

/// Ends the process at once, as a second Ctrl-C asks, with the code of whoever is ended by this signal; SQLite is made for
/// that.
pub(crate) fn die(signal: i32) -> ! {
    #[allow(clippy::exit, reason = "the one place where the process ends without returning from main")]
    std::process::exit(128 + signal)
}

/// An error for people: what happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// The causes, from the outermost; for `--verbose`.
    pub(crate) causes: Vec<String>,
}

/// An error of this program itself, made with [`fault`].
#[derive(Clone, Debug)]
struct Own {
    message: String,
    hint: String,
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Own {}

/// Makes an error with a hint.
pub(crate) fn fault(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Own { message: message.into(), hint: hint.into() }.into()
}

/// The thread that an error is about: the outermost context that whoever has found the thread puts around the error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About(pub(crate) Uuid);

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread {}", self.0)
    }
}

/// The thread that an error is about, as far as it was found; nothing of one that was deleted, of which nothing is logged.
pub(crate) fn thread_of(error: &anyhow::Error) -> Option<Uuid> {
    let is_deleted = matches!(error.downcast_ref(), Some(GoalError::Forgotten { .. }))
        || matches!(error.downcast_ref(), Some(GraphError::Deleted { .. }))
        || matches!(error.downcast_ref(), Some(StateError::NotFound { .. }));
    error.downcast_ref::<About>().map(|about| about.0).filter(|_| !is_deleted)
}

impl Fault {
    /// An error in words, without the secrets that are in what was typed.
    pub(crate) fn new(message: &str, hint: Option<&str>, causes: &[String]) -> Fault {
        Fault {
            message: redact(message).into_owned(),
            hint: hint.map(|hint| redact(hint).into_owned()),
            causes: causes.iter().map(|cause| redact(cause).into_owned()).collect(),
        }
    }

    /// Condenses a chain of errors: the one in it that a person can do something about.
    pub(crate) fn of(error: &anyhow::Error, screen: &Screen) -> Fault {
        let damage = damage_in(error).map(|(path, said)| {
            let message = format!("{} is damaged: {}", path.display(), plain_sql(&said));
            (message, Some(rebuild(path, &screen.homes)))
        });
        let (message, hint) = damage
            .or_else(|| {
                error.chain().find_map(|cause| {
                    let own =
                        cause.downcast_ref::<Own>().map(|own| (own.message.clone(), Some(own.hint.clone())));
                    own.or_else(|| words::of(cause))
                })
            })
            .unwrap_or_else(|| (said(error).collect::<Vec<_>>().join(": "), None));
        let causes: Vec<String> = if screen.verbose { said(error).collect() } else { Vec::new() };
        Fault::new(&message, hint.as_deref(), &causes)
    }
}

/// What an error and its causes say. The thread that it is about is in the words, where it matters.
fn said(error: &anyhow::Error) -> impl Iterator<Item = String> {
    error.chain().skip(usize::from(error.is::<About>())).map(ToString::to_string)
}

/// What the system says, without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// What SQLite says, without what its library puts before it.
pub(crate) fn plain_sql(text: &str) -> &str {
    let text = text.strip_prefix("error returned from database: ").unwrap_or(text);
    match text.strip_prefix("(code: ").and_then(|rest| rest.split_once(") ")) {
        Some((_, said)) => said,
        None => text,
    }
}

/// The options that choose the two directories, as they were typed, for a command that is printed.
pub(crate) fn typed_homes(global: &Global) -> String {
    let option = |name: &str, place: &Option<PathBuf>| {
        place.as_ref().map(|place| format!(" {name} {}", place_word(place))).unwrap_or_default()
    };
    option("--home", &global.home) + &option("--sqlite-home", &global.sqlite_home)
}

/// A path for a shell, from the root: good in any folder, and never taken for an option.
fn place_word(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    shell_os_word(path.as_os_str())
}
