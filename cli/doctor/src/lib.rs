//! Checks of an agent's installation and of Threadkeep's own state, and their report.
//!
//! [`examine`] runs all checks side by side and returns a [`Report`]. Nothing is printed, and not
//! one byte of either home changes, file times included: files are read without changing their
//! access times, and databases are read from a private copy.
//!
//! | module | contents |
//! |---|---|
//! | [`checks`] | the table of checks, and one module for each |
//! | [`facts`] | facts about the databases, which `status` shows, too |
//! | [`machine`] | environment, streams and paths as values |
//! | [`agent`] | the agent's settings and credentials |
//!
//! ```
//! use jiff::Timestamp;
//! use threadkeep_app::dirs::{Dirs, Given};
//! use threadkeep_doctor::{Context, Machine, Options, examine};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let given = Given { home: Some(folder.path().to_owned()), sqlite_home: None };
//! let dirs = Dirs::find(&given)?;
//! let options = Options { offline: true, ..Options::default() };
//! let context = Context::new(&dirs, &given, options, Machine::default(), Timestamp::now());
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let report = runtime.block_on(examine(context));
//! println!("{}", report.document());
//! # Ok(())
//! # }
//! ```
//!
//! # Locking
//!
//! None. The process that holds a lock is named, and never waited for.
//!
//! # Compatibility
//!
//! [`SCHEMA`] describes the report. Ids of checks are stable; details may grow.
//!
//! # Performance
//!
//! Rollouts are listed, not read. Each check has a time limit: 2 s on this machine, 15 s in the
//! network ([`Limits`]).
//!
//! # File systems
//!
//! The copy of the databases is in memory where the system has a folder for that, otherwise in the
//! folder for temporary files, as it is if there is no room in memory. A run that is
//! killed leaves its copy, and the next run removes it.

pub mod agent;
pub mod build;
mod check;
pub mod checks;
mod context;
pub mod facts;
mod installed;
pub mod machine;
mod mirror;
mod privacy;
mod probe;
mod process;
mod program;
mod remedy;
mod report;
mod repository;
mod runner;
mod scratch;
mod section;
mod spec;
mod url;

pub use check::{Check, Finding, Fix, Note, Status, Value};
pub use context::{Context, Options};
pub use machine::Machine;
pub use privacy::Privacy;
pub use probe::Limits;
pub use report::{Counts, Report, SCHEMA};
pub use runner::examine;
pub use section::Section;
pub use spec::Spec;
