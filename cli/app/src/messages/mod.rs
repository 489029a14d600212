//! Library errors in words: what happened, and what to type next.
//!
//! The libraries state facts. Every command and option that helps is named here alone, chosen by
//! the error's variant.

mod database;
mod device_key;
mod goals;
mod history;

use std::error::Error;
use std::io;
use std::path::Path;

use threadkeep_backfill::BackfillError;
use threadkeep_history::HistoryError;
use threadkeep_rollout::{ExtractError, HomeError, ProblemReason};
use threadkeep_sqlite::OpenError;
use threadkeep_state::audit::AuditError;
use threadkeep_state::{BadCursor, GraphError, HomeProblem, StateError};
use threadkeep_state_goals::GoalError;
use threadkeep_state_logs::LogError;
use uuid::Uuid;

use crate::fault::{Fault, FaultKind, chain};
use crate::message::{Message, Part, command, typed};
use crate::text::{bytes, count, shell_os_word};
use database::{of_database, of_open, of_store};
pub use database::{of_refusal, recovery};
use goals::of_goal;
use history::of_history;

const OTHER_HOME: &str = "pass the agent's home with --home DIR, or set CODEX_HOME";
const OTHER_SQLITE_HOME: &str = "choose another folder for the databases with --sqlite-home DIR";

/// Makes the error about an index that does not exist.
pub fn no_index(sqlite_home: &Path) -> Fault {
    Fault::new(
        format!("there is no index in {}", sqlite_home.display()),
        (command("backfill"), " creates it from the rollouts"),
    )
}

/// Returns a problem of a file or folder in words, and what to do about it if that is not plain.
pub fn of_problem(problem: &HomeProblem) -> String {
    if let HomeProblem::Shrunk { was, is } = problem {
        let size = if bytes(*is) == bytes(*was) { |size| format!("{} bytes", count(size)) } else { bytes };
        let is = if *is == 0 { "is empty".to_owned() } else { format!("has {}", size(*is)) };
        return format!("{is}, and had {} when last indexed: restore it from a backup", size(*was));
    }
    match remedy(problem) {
        Some(remedy) => format!("{problem}; {remedy}"),
        None => problem.to_string(),
    }
}

fn remedy(problem: &HomeProblem) -> Option<&'static str> {
    match problem {
        HomeProblem::Base { .. } => Some("restore it: until then only the rest of this history is shown"),
        HomeProblem::Place(reason) => match reason {
            ProblemReason::BrokenLink => Some("remove the link, or mount what it leads to"),
            ProblemReason::NotAFile => Some("move it away"),
            _ => None,
        },
        HomeProblem::Unread(error) => match **error {
            ExtractError::NotAFile => Some("move it away"),
            ExtractError::Empty => Some("it will be read once its agent writes to it"),
            _ => None,
        },
        _ => None,
    }
}

/// Makes the error of a run that the user stopped.
pub fn interrupted() -> Fault {
    Fault::new("interrupted; run it again to go on", "what was done until now is kept")
}

/// Makes the error about a thread that the user deleted.
fn deleted(thread: Uuid) -> Fault {
    Fault::new(("thread ", thread, " was deleted"), restore(thread)).of_kind(FaultKind::DeletedThread)
}

/// Returns the command that brings a deleted thread back.
fn restore(thread: Uuid) -> Message {
    (command("threads restore").arg(thread), " restores it").into()
}

/// Makes the error about an id that several threads begin with; `candidates` are lines to choose
/// from.
pub fn ambiguous(prefix: &str, number: usize, more: bool, candidates: impl Iterator<Item = String>) -> Fault {
    let number = if more { format!("more than {number}") } else { number.to_string() };
    let hint = Message::from("type more digits:");
    let hint = candidates.fold(hint, |hint, line| hint.append((Part::Line, Part::Private(line))));
    Fault::new((typed(prefix), format!(" is the beginning of {number} thread ids")), hint)
}

/// Makes the error about a word that several threads have; `candidates` are lines to choose from.
pub fn several(word: &str, how: &str, candidates: impl Iterator<Item = String>) -> Fault {
    let hint = Message::from("type the first digits of the id:");
    let hint = candidates.fold(hint, |hint, line| hint.append((Part::Line, Part::Private(line))));
    Fault::new((typed(word), format!(" is {how} of several threads")), hint)
}

/// Makes the error about a word that no thread has; `is_id` if it could be the part of an id.
pub fn unknown(word: &str, is_id: bool) -> Fault {
    let list = Message::from((command("threads"), " lists the threads that exist"));
    let (missed, hint) = if is_id {
        ("no thread has an id that begins or ends with ", list)
    } else {
        let said = (", and ", command("search"), " finds what was said in them");
        ("no thread has the id or the name ", list.append(said))
    };
    Fault::new((missed, typed(word)), hint).of_kind(FaultKind::UnknownThread)
}

/// Makes the error about a folder that is no agent home, in which nothing is created.
pub fn no_agent_home(home: &Path) -> Fault {
    let lacks = "it has no sessions folder, no config.toml and no session_index.jsonl";
    Fault::new(format!("{} is no agent home: {lacks}", home.display()), OTHER_HOME)
}

/// Makes the error about a SQLite home that belongs to another agent home.
pub fn other_home(sqlite_home: &Path, other: &Path) -> Fault {
    Fault::new(
        format!("the databases in {} belong to the agent home {}", sqlite_home.display(), other.display()),
        "pass that home with --home DIR, or name both with --home DIR and --sqlite-home DIR if you mean this",
    )
    .of_kind(FaultKind::Foreign)
}

/// Makes the error about a SQLite home that cannot be created.
pub fn no_sqlite_home(sqlite_home: &Path, error: &io::Error) -> Fault {
    let place = sqlite_home.display();
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Fault::new(format!("{place} is not a folder"), OTHER_SQLITE_HOME)
        }
        _ => Fault::new(format!("cannot create {place}: {}", of_io(error)), OTHER_SQLITE_HOME),
    }
    .because(error)
}

/// Returns what the system says, without its number where the kind says it all.
pub fn of_io(error: &io::Error) -> String {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        NotFound => "no such file or folder".to_owned(),
        PermissionDenied => "permission denied".to_owned(),
        NotADirectory => "a part of the path is not a folder".to_owned(),
        ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        StorageFull => "no space is left".to_owned(),
        _ => error.to_string(),
    }
}

/// Converts each error of a library into a fault.
macro_rules! faults {
    ($($error:ty => $words:expr),+ $(,)?) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Fault {
                $words(&error).because(&error)
            }
        }
    )+};
}

faults! {
    HomeError => of_home,
    StateError => of_state,
    GraphError => of_graph,
    GoalError => of_goal,
    LogError => of_log,
    HistoryError => of_history,
    OpenError => of_open,
    AuditError => of_audit,
    BadCursor => of_cursor,
    BackfillError => of_backfill,
    io::Error => |error| Fault::without_hint(of_io(error)),
}

fn of_home(error: &HomeError) -> Fault {
    const PERMISSIONS: &str = "check its permissions, or pass another home with --home DIR";
    match error {
        HomeError::NotFound(path) => {
            let hint = format!("{OTHER_HOME}; `threadkeep agents` lists other agents");
            Fault::new(format!("there is no agent home at {}", path.display()), hint)
        }
        HomeError::NotADirectory(path) => {
            Fault::new(format!("{} is not a folder", path.display()), OTHER_HOME)
        }
        HomeError::Unreadable { path, source } => {
            Fault::new(format!("cannot read {}: {}", path.display(), of_io(source)), PERMISSIONS)
        }
        HomeError::InsideHome { path, home } => Fault::new(
            format!("{} is a folder of the agent home {}", path.display(), home.display()),
            format!("pass the home itself: --home {}", shell_os_word(home.as_os_str())),
        ),
        HomeError::NotAFile(path) => Fault::new(
            format!("{} is not a regular file", path.display()),
            "move it away, or pass another home with --home DIR",
        ),
        HomeError::BrokenConfig { path, line, column } => Fault::new(
            format!("{} is not valid TOML at line {line}, column {column}", path.display()),
            "correct it there and try again",
        ),
        other => Fault::without_hint(format!("{}: {other}", other.path().display())),
    }
}

fn of_state(error: &StateError) -> Fault {
    let unknown = |message: Message| {
        Fault::new(message, (command("threads"), " lists the threads that exist"))
            .of_kind(FaultKind::UnknownThread)
    };
    match error {
        StateError::NotFound(id) => unknown(("no thread ", *id, " in the index").into()),
        StateError::Deleted { id, at } => {
            let on = format!(" was deleted on {}", at.strftime("%Y-%m-%d"));
            Fault::new(("thread ", *id, on), restore(*id)).of_kind(FaultKind::DeletedThread)
        }
        StateError::NoSuchPrefix(prefix) => unknown(("no thread id begins with ", typed(prefix)).into()),
        StateError::BadIdPrefix(prefix) => Fault::new(
            (typed(prefix), " is not a thread id, nor the beginning of one"),
            ("an id is hexadecimal digits, as ", command("threads"), " prints them"),
        ),
        StateError::AmbiguousPrefix { prefix, candidates, more } => {
            ambiguous(prefix, candidates.len(), *more, candidates.iter().cloned())
        }
        StateError::CursorMismatch(cursor) => Fault::new(
            ("the cursor ", typed(cursor), " belongs to a list with other filters or another sort key"),
            "repeat the options of that list, or leave out --cursor for the first page",
        ),
        StateError::BadLimit { limit, max } => {
            bad_limit(*limit, *max, "leave it out for a page of the usual size")
        }
        other => of_store(other).unwrap_or_else(|| Fault::plain(other)),
    }
}

fn bad_limit(limit: u32, max: u32, hint: &'static str) -> Fault {
    // Without separators: it is typed like this.
    Fault::new(format!("--limit is a number from 1 to {max}, not {limit}"), hint)
}

fn of_graph(error: &GraphError) -> Fault {
    match error {
        GraphError::NotFound(id) => Fault::new(
            ("no thread ", *id, " in the index or the agent graph"),
            (command("threads"), " and ", command("threads tree"), " show the threads that exist"),
        )
        .of_kind(FaultKind::UnknownThread),
        GraphError::Deleted(id) => deleted(*id),
        other => of_store(other).unwrap_or_else(|| Fault::without_hint(Part::Private(other.to_string()))),
    }
}

fn of_log(error: &LogError) -> Fault {
    match error {
        LogError::BadLimit { limit, max } => {
            bad_limit(*limit, *max, "give --from, --to or another filter to narrow it down")
        }
        other => of_store(other).unwrap_or_else(|| Fault::plain(other)),
    }
}

fn of_audit(error: &AuditError) -> Fault {
    match error {
        AuditError::Home(home) => of_home(home),
        AuditError::State(state) => of_state(state),
        other => Fault::plain(other),
    }
}

fn of_cursor(error: &BadCursor) -> Fault {
    let hint =
        "give back a `next_cursor` or `backwards_cursor` as it was printed, or start again without one";
    Fault::new((typed(&error.text), " is not a cursor"), hint)
}

fn of_backfill(error: &BackfillError) -> Fault {
    of_chain(error).unwrap_or_else(|| Fault::without_hint(chain(error).join(": ")))
}

/// Converts an error behind a port of the backfill, which has lost its type.
pub fn of_boxed(error: &(dyn Error + 'static)) -> Fault {
    of_chain(error).unwrap_or_else(|| Fault::plain(error)).because(error)
}

/// Finds words for the outermost error of ours: an error behind a port has lost its type.
fn of_chain(error: &(dyn Error + 'static)) -> Option<Fault> {
    let state = error.downcast_ref().map(of_state);
    let home = || error.downcast_ref().map(of_home);
    let open = || error.downcast_ref().map(of_open);
    let database = || error.downcast_ref().map(of_database);
    state.or_else(home).or_else(open).or_else(database).or_else(|| of_chain(error.source()?))
}
