//! One goal a thread, in one SQLite file: objective, status, budget, and the accounting of what was used.
//!
//! A *goal* is what a thread of a coding agent works towards on its own, turn after turn: an objective in the user's words, a
//! status, and if the user wants one, a token budget that ends it. A thread has one at most. Setting another one replaces it:
//! the new one has an id of its own, and what still means the earlier one by its id (a turn that ends late, say) is
//! refused as stale.
//!
//! It is **not** a list of tasks, and knows nothing of threads but their ids: it reads no rollout, needs no index, and touches
//! neither.
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
//! let new = NewGoal { token_budget: Some(10_000), ..NewGoal::new("Make the tests pass on Windows") };
//! let goal = goals.insert(thread, new, Timestamp::now()).await?;
//!
//! // At the end of each turn. The turn names the goal that it worked for.
//! let usage = Usage { tokens: 12_000, seconds: 95, expected_goal_id: Some(goal.goal_id), ..Usage::default() };
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
//! | active | budget-limited | accounting reaches the budget, or an update sets a budget that is used up already |
//! | any | any but active | an update says so |
//! | any | active | an update says so, and the used tokens are below the budget, or there is none ([`GoalError::BudgetUsedUp`]) |
//! | active | paused | [`GoalStore::pause_if_active`] |
//!
//! So a budget that is raised or removed makes nothing active by itself, and an active goal never has its budget used up; a
//! CHECK of the table sees to that, whoever writes.
//!
//! # Deleted threads
//!
//! [`GoalStore::forget`] takes a deleted thread's goal out of every file, and refuses it another one: a turn that ends late
//! cannot bring one back ([`GoalError::Forgotten`]). What is kept for that is a digest of the thread's id, which names
//! nobody. [`GoalStore::readmit`] takes the thread in again.
//!
//! # Locking
//!
//! Every write is one `BEGIN IMMEDIATE` transaction, on the one writing connection that a process has;
//! others wait for it, also those of other processes, with a bound. Counters are added to in the statement itself, so that no
//! usage is lost or counted twice, however many count at once. Readers never wait and are never waited for (WAL). A call whose
//! future is dropped is done whole, or not at all; a commit that was under way may end after that, and before the next write.
//!
//! # Compatibility
//!
//! The schema changes by appended migrations only. An older program works on a newer database as long as the migrations say
//! that it may, and refuses untouched what it does not understand, as it does a file that is not ours. No start ever deletes
//! a database.
//!
//! # Performance
//!
//! Goals are in no rollout and could not be made again, so each commit waits for the disk (`synchronous=FULL`). On a cloud
//! machine (2 vCPUs), `cargo xtask bench goals` counted usage 2,570 times a second with one task, 2,800 with eight and 2,770
//! with eight processes; a plain rusqlite loop of the same transaction ran at 4,150. A list of any statuses takes their
//! newest goals from one index; a page of threads is one statement. As long as no goal was ever set and no thread deleted there
//! is no file, and asking for one costs a look at the folder.
//!
//! # File systems
//!
//! WAL where shared memory works, a rollback journal on network file systems; the plumbing asks the file system before it
//! opens. Everything is in `goals_1.sqlite` and what SQLite keeps beside it. With [`OpenOptions::read_only`] nothing is
//! written or made.

mod database;
mod error;
mod goal;
mod status;
mod store;

pub use database::GOALS_DB;
pub use error::GoalError;
pub use goal::Goal;
pub use status::{GoalStatus, UnknownStatus};
#[doc(hidden)]
pub use store::statements;
pub use store::{
    AccountMode, Accounted, DEFAULT_PAGE, GoalCursor, GoalStore, GoalUpdate, ListGoals, MAX_OBJECTIVE_CHARS,
    NewGoal, Usage,
};
#[doc(no_inline)]
pub use threadkeep_sqlite::{DbError, ErrorClass, JournalChoice, LazyDatabase, OpenError, OpenOptions};
