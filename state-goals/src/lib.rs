//! One goal a thread, in one SQLite file: objective, status, budget, and the accounting of what was
//! used.
//!
//! A coding agent works towards a *goal* on its own, turn after turn: an objective in the user's
//! words, a status, and optionally a token budget that stops it. A thread has at most one goal. A
//! replacement has an id of its own, and a call that expects the earlier id is refused as stale,
//! such as that of a turn that ends late.
//!
//! | task | where |
//! |---|---|
//! | set, replace, change, pause, delete | [`GoalStore::insert`], [`replace`](GoalStore::replace), [`update`](GoalStore::update), [`pause_if_active`](GoalStore::pause_if_active), [`delete`](GoalStore::delete) |
//! | record usage | [`GoalStore::account`] |
//! | read, list | [`GoalStore::get`], [`get_many`](GoalStore::get_many), [`list`](GoalStore::list) |
//!
//! It is not a list of tasks. It knows threads by their ids only: it reads no rollout and needs no
//! index.
//!
//! ```
//! use jiff::Timestamp;
//! use threadkeep_state_goals::{GoalStatus, GoalStore, GoalUpdate, NewGoal, OpenOptions, Usage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let goals = GoalStore::new(folder.path(), &OpenOptions::new());
//!
//! let thread = "01a2036c-de71-77f1-a9e3-3c28701bba61".parse()?;
//! let new = NewGoal { token_budget: Some(10_000), ..NewGoal::new("Make the tests pass") };
//! let goal = goals.insert(thread, new, Timestamp::now()).await?;
//!
//! // At the end of each turn, which names the goal that it worked for.
//! let expected_goal_id = Some(goal.goal_id);
//! let usage = Usage { tokens: 12_000, seconds: 95, expected_goal_id, ..Usage::default() };
//! let accounted = goals.account(thread, usage, Timestamp::now()).await?;
//! assert_eq!(accounted.goal.status, GoalStatus::BudgetLimited);
//!
//! let go_on = GoalUpdate {
//!     status: Some(GoalStatus::Active),
//!     token_budget: Some(Some(50_000)),
//!     ..GoalUpdate::default()
//! };
//! let goal = goals.update(thread, go_on, Timestamp::now()).await?;
//! assert_eq!((goal.status, goal.tokens_used), (GoalStatus::Active, 12_000));
//! goals.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Statuses and budgets
//!
//! | from | to | when |
//! |---|---|---|
//! | active | budget-limited | recorded usage reaches the budget, or an update sets a budget that is already used up |
//! | any | any but active | an update sets it |
//! | any | active | an update sets it, and the usage is below the budget ([`GoalError::BudgetUsedUp`]) |
//! | active | paused | [`GoalStore::pause_if_active`] |
//!
//! Raising or removing a budget does not make a goal active. An active goal's usage is always below
//! its budget, which a CHECK of the table enforces.
//!
//! # Deleted threads
//!
//! [`GoalStore::deleted_threads`] erases a deleted thread's goal from every file. Its tombstone
//! keeps the thread's id and refuses it another goal, so that a turn that ends late brings none
//! back ([`GoalError::ThreadDeleted`]). Restoring the thread removes the tombstone.
//!
//! # Locking
//!
//! Every write is one `BEGIN IMMEDIATE` transaction on the process's one writer connection. Other
//! writes, also of other processes, wait for it, with a limit. The statement itself adds to
//! counters, so that concurrent calls neither lose nor double usage. Readers and writers do not
//! wait for each other (WAL). A call whose future is dropped takes effect as a whole or not at all.
//!
//! # Compatibility
//!
//! The schema changes only by appended migrations. An older program works on a newer database as
//! long as its migrations allow it. Otherwise it refuses the file untouched, like a file of another
//! program. No start deletes a database.
//!
//! # Performance
//!
//! Goals are in no rollout and could not be rebuilt, so each commit waits for the disk
//! (`synchronous=FULL`). On a cloud machine (2 vCPUs), `cargo xtask bench goals` recorded usage
//! 2,570 times a second with one task, 2,800 with eight and 2,770 with eight processes. A plain
//! rusqlite loop of the same transaction ran at 4,150. A list of any statuses reads one index, and
//! the goals of a page of threads are one statement. Without a file, reading costs one `stat`.
//!
//! # File systems
//!
//! WAL on local file systems, a rollback journal on network file systems. Everything is in
//! `goals_1.sqlite` and the files that SQLite keeps next to it. [`OpenOptions::read_only`] writes
//! and creates nothing.

mod error;
mod goal;
mod status;
mod store;

pub use error::GoalError;
pub use goal::{Goal, MAX_OBJECTIVE_CHARS};
pub use status::{GoalStatus, UnknownStatus};
#[doc(hidden)]
pub use store::statements;
pub use store::{
    AccountMode, Accounted, DEFAULT_PAGE, GOALS_DB, GoalCursor, GoalStore, GoalUpdate, ListGoals, NewGoal,
    Usage,
};
#[doc(no_inline)]
pub use threadkeep_sqlite::{
    DbError, DeletedThreads, ErrorClass, JournalMode, LazyDatabase, OpenError, OpenOptions,
};
