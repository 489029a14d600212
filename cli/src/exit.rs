//! How a run ends: the exit code, and an error in the words of someone who wants to go on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use threadkeep_rollout::HomeError;
use threadkeep_sqlite::{DbError, OpenError};
use threadkeep_state::audit::AuditError;
use threadkeep_state::{BadCursor, StateError};

use crate::args::Global;
use crate::output::Screen;
use crate::output::text::shell_os_word;
use crate::output::time::Clock;

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

impl Fault {
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
                    own.or_else(|| cause.downcast_ref().map(of_home))
                        .or_else(|| state_error(cause).map(of_state))
                        .or_else(|| cause.downcast_ref().map(of_open))
                        .or_else(|| cause.downcast_ref().map(of_cursor))
                })
            })
            .unwrap_or_else(|| {
                let parts: Vec<String> = error.chain().map(ToString::to_string).collect();
                (parts.join(": "), None)
            });
        let causes =
            if screen.verbose { error.chain().map(ToString::to_string).collect() } else { Vec::new() };
        Fault { message, hint, causes }
    }
}

type Words = (String, Option<String>);

/// The index's error, also where another one speaks for it.
fn state_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a StateError> {
    match cause.downcast_ref() {
        Some(AuditError::State(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// Which database is damaged, and what was said of it: whoever met it, and wherever it stands in the chain.
fn damage_in(error: &anyhow::Error) -> Option<(&Path, String)> {
    error.chain().find_map(|cause| {
        let (open, database) = match state_error(cause) {
            Some(StateError::Open(error)) => (Some(error), None),
            Some(StateError::Database(error)) => (None, Some(error)),
            _ => (cause.downcast_ref(), cause.downcast_ref()),
        };
        match (open, database) {
            (Some(OpenError::Corrupt { path, source, .. }), _)
            | (_, Some(DbError::Corrupt { path, source, .. })) => Some((path.as_path(), source.to_string())),
            _ => None,
        }
    })
}

/// Whether a database is damaged.
pub(crate) fn is_damage(error: &anyhow::Error) -> bool {
    damage_in(error).is_some()
}

fn of_home(error: &HomeError) -> Words {
    const OTHER_HOME: &str = "pass the agent's home with --home DIR, or set CODEX_HOME";
    let (message, hint) = match error {
        HomeError::NotFound { path } => (format!("there is no agent home at {}", path.display()), OTHER_HOME),
        HomeError::NotADirectory { path } => (format!("{} is not a folder", path.display()), OTHER_HOME),
        HomeError::Unreadable { path, source } => {
            let hint = "check its permissions, or pass another home with --home DIR";
            (format!("cannot read {}: {}", path.display(), plain(source)), hint)
        }
        other => return (other.to_string(), None),
    };
    (message, Some(hint.to_owned()))
}

fn of_state(error: &StateError) -> Words {
    const LIST: &str = "`threadkeep threads` lists what there is";
    let (message, hint) = match error {
        StateError::Open(error) => return of_open(error),
        StateError::NotFound { id } => (format!("no thread {id} in the index"), LIST.to_owned()),
        StateError::NoSuchPrefix { prefix } => {
            (format!("no thread's id begins with `{prefix}`"), LIST.to_owned())
        }
        StateError::BadIdPrefix { prefix } => (
            format!("`{prefix}` is not a thread id, nor the beginning of one"),
            "an id is hexadecimal digits, as `threadkeep threads` prints them".to_owned(),
        ),
        StateError::AmbiguousPrefix { prefix, candidates, more } => {
            let number =
                if *more { format!("more than {}", candidates.len()) } else { candidates.len().to_string() };
            let message = format!("`{prefix}` is the beginning of {number} thread ids");
            (message, format!("give more of it: {}", candidates.join(", ")))
        }
        StateError::CursorMismatch { cursor } => (
            format!("the cursor `{cursor}` belongs to a list with another sort key"),
            "leave out --sort: a cursor knows its own".to_owned(),
        ),
        StateError::BadLimit { limit, max } => (
            format!("--limit is from 1 to {max}, not {limit}"),
            "leave it out for a page of the usual size".to_owned(),
        ),
        other => return (other.to_string(), None),
    };
    (message, Some(hint))
}

fn of_cursor(error: &BadCursor) -> Words {
    let hint =
        "give back a `next_cursor` or `backwards_cursor` as it was printed, or start again without one";
    (format!("`{}` is not a cursor", error.text), Some(hint.to_owned()))
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

fn of_open(error: &OpenError) -> Words {
    let (message, hint) = match error {
        OpenError::Foreign { path, label, found, .. } => (
            format!(
                "{} is not Threadkeep's {label} database: {found}; not a byte of it was changed",
                path.display()
            ),
            "move it away, or choose another folder for the databases with --sqlite-home DIR".to_owned(),
        ),
        OpenError::Newer { path, needs, knows, .. } => (
            format!(
                "{} needs a threadkeep that knows schema version {needs}; this one knows {knows}",
                path.display()
            ),
            "update threadkeep; the database was not changed".to_owned(),
        ),
        OpenError::NotWritable { path, .. } => (
            format!("{} cannot be written to", path.display()),
            "give this user permission, or choose another folder with --sqlite-home DIR".to_owned(),
        ),
        other => return (other.to_string(), None),
    };
    (message, Some(hint))
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

/// How a damaged index is made anew. The log belongs to the file: left behind, it would be damage of its own.
pub(crate) fn rebuild(path: &Path, homes: &str) -> String {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        place_word(Path::new(&name))
    };
    let (file, log, log_index) = (place_word(path), beside("-wal"), beside("-shm"));
    let aside = place_word(&aside(path.parent().unwrap_or(Path::new("."))));
    // Log and index of the log are there or not: whoever closes the database last removes them.
    format!(
        "move it aside with its -wal and -shm, then index the rollouts again: \
         mkdir {aside} && mv {file} {aside} && {{ mv {log} {log_index} {aside} 2>/dev/null; \
         threadkeep{homes} backfill; }} \
         (names you gave and marks you set are in the damaged file alone)"
    )
}

/// A folder that is not there yet.
fn aside(folder: &Path) -> PathBuf {
    let date = Clock::system().today();
    let names = (1_u32..).map(|n| folder.join(format!("damaged-{date}-{n}")));
    let mut free = names.filter(|name| std::fs::symlink_metadata(name).is_err());
    free.next().unwrap_or_else(|| folder.join("damaged"))
}
