//! What the libraries' errors mean to someone at a command line: in the words of the options, and with what to type next.

use std::error::Error;

use threadkeep_rollout::HomeError;
use threadkeep_sqlite::{DbError, OpenError};
use threadkeep_state::audit::AuditError;
use threadkeep_state::{BadCursor, GraphError, StateError};
use threadkeep_state_goals::GoalError;
use threadkeep_state_logs::LogError;

use super::damage::parts;
use super::plain;
use crate::output::text::count;

/// What happened, and what to do about it.
type Words = (String, Option<String>);

/// The words for an error that this program knows.
pub(super) fn of(cause: &(dyn Error + 'static)) -> Option<Words> {
    match parts(cause) {
        (Some(open), _) => return Some(of_open(open)),
        (_, Some(database)) => return Some((database.to_string(), of_database(database))),
        _ => {}
    }
    let audit = cause.downcast_ref().map(|error| match error {
        AuditError::State(error) => of_state(error),
        AuditError::Home(error) => of_home(error),
        other => (other.to_string(), None),
    });
    audit
        .or_else(|| cause.downcast_ref().map(of_home))
        .or_else(|| cause.downcast_ref().map(of_state))
        .or_else(|| cause.downcast_ref().map(of_cursor))
        .or_else(|| cause.downcast_ref().map(of_graph))
        .or_else(|| cause.downcast_ref().map(of_goal))
        .or_else(|| cause.downcast_ref().map(of_log))
}

fn of_home(error: &HomeError) -> Words {
    const OTHER_HOME: &str = "pass the agent's home with --home DIR, or set CODEX_HOME";
    let path = error.path().display();
    let (message, hint) = match error {
        HomeError::NotFound { .. } => (format!("there is no agent home at {path}"), OTHER_HOME),
        HomeError::NotADirectory { .. } => (format!("{path} is not a folder"), OTHER_HOME),
        HomeError::Unreadable { source, .. } => {
            let hint = "check its permissions, or pass another home with --home DIR";
            (format!("cannot read {path}: {}", plain(source)), hint)
        }
        HomeError::NotAFile { .. } => {
            let hint = "move it away, or pass another home with --home DIR";
            (format!("{path} is not a regular file"), hint)
        }
        HomeError::BrokenConfig { line, column, .. } => {
            let hint = "correct it there and try again";
            (format!("{path} is not valid TOML at line {line}, column {column}"), hint)
        }
        other => return (format!("{path}: {other}"), None),
    };
    (message, Some(hint.to_owned()))
}

fn of_state(error: &StateError) -> Words {
    const LIST: &str = "`threadkeep threads` lists what there is";
    let (message, hint) = match error {
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

fn of_graph(error: &GraphError) -> Words {
    match error {
        GraphError::NotFound { id } => (
            format!("no thread {id} in the index or the agent graph"),
            Some("`threadkeep threads` and `threadkeep threads tree` show what there is".to_owned()),
        ),
        other => (other.to_string(), None),
    }
}

fn of_goal(error: &GoalError) -> Words {
    let (message, hint) = match error {
        GoalError::NoGoal { thread } => {
            (format!("{thread} has no goal"), format!("give it one: threadkeep goals set {thread} OBJECTIVE"))
        }
        GoalError::Exists { current } => (
            format!("{} has a goal already: somebody has just set it", current.thread_id),
            format!("look at it: threadkeep goals get {}", current.thread_id),
        ),
        GoalError::Forgotten { thread } => (
            format!("{thread} was deleted, and gets no goal"),
            "`threadkeep backfill --include-deleted` brings deleted threads back".to_owned(),
        ),
        GoalError::Stale { expected, current } => (
            format!(
                "the goal of {} is no longer {expected} but {}; nothing was changed",
                current.thread_id, current.goal_id
            ),
            "leave out --goal-id if the new one is meant".to_owned(),
        ),
        GoalError::EmptyObjective => {
            ("the objective is empty".to_owned(), "say in a few words what is to be reached".to_owned())
        }
        GoalError::ObjectiveTooLong { chars, max } => (
            format!(
                "the objective has {} characters, and {} is the most",
                count(*chars as u64),
                count(*max as u64)
            ),
            "shorten it, and put the rest into a file that it names".to_owned(),
        ),
        GoalError::NegativeUsage { .. } => (
            "what was used cannot be counted down; nothing was changed".to_owned(),
            "begin anew with `threadkeep goals set ID OBJECTIVE --new`".to_owned(),
        ),
        GoalError::BudgetUsedUp { budget, current } => {
            let [used, budget] =
                [current.tokens_used, *budget].map(|tokens| count(u64::try_from(tokens).unwrap_or(0)));
            (
                format!(
                    "the budget of this goal is used up: {used} of {budget} tokens; it is still {}",
                    current.status.as_str().replace('_', " ")
                ),
                format!(
                    "give it more: threadkeep goals set {} --budget N --status active",
                    current.thread_id
                ),
            )
        }
        other => return (other.to_string(), None),
    };
    (message, Some(hint))
}

fn of_log(error: &LogError) -> Words {
    match error {
        LogError::BadLimit { limit, max } => (
            format!("--limit is from 1 to {}, not {}", count(u64::from(*max)), count(u64::from(*limit))),
            Some("a time or another filter narrows it down".to_owned()),
        ),
        other => (other.to_string(), None),
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
        other => return (other.to_string(), hint_of_open(other).map(str::to_owned)),
    };
    (message, Some(hint))
}

/// What to do about a database that was not opened.
fn hint_of_open(error: &OpenError) -> Option<&'static str> {
    Some(match error {
        OpenError::ForeignLog { .. } => {
            "move the log away, but keep it: it may hold what is missing elsewhere"
        }
        OpenError::Development { .. } => "move the database away, then run `threadkeep backfill`",
        OpenError::Checksum { .. } => "use the build that made it, or a released one",
        OpenError::Corrupt { .. } => "keep a copy, then restore a snapshot (*.before-v*) or rebuild it",
        OpenError::Busy { .. } => "end that process, or try again",
        OpenError::Changed { .. } => "try again",
        OpenError::Full { .. } => "make room and try again; the database is as it was",
        OpenError::NotAFile { .. } | OpenError::NotUtf8 { .. } | OpenError::NoFolder { .. } => {
            "choose another folder for the databases with --sqlite-home DIR"
        }
        OpenError::Missing { .. } | OpenError::Outdated { .. } | OpenError::NeedsRecovery { .. } => {
            "open it once where it can be written to"
        }
        OpenError::Migration { .. } | OpenError::Unexpected { .. } => "report this as a bug",
        _ => return None,
    })
}

/// What to do about a database that failed while it was open.
fn of_database(error: &DbError) -> Option<String> {
    let hint = match error {
        DbError::Busy { .. } => "end that process, or try again",
        DbError::Changed { .. } => "try again",
        DbError::Newer { .. } => "update threadkeep; the database was not changed",
        DbError::Corrupt { .. } => "keep a copy, then restore a snapshot (*.before-v*) or rebuild it",
        DbError::Full { .. } => "make room and try again",
        _ => return None,
    };
    Some(hint.to_owned())
}
