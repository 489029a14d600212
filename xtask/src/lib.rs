//! Threadkeep's own checks, as a library: a test can refuse what `cargo xtask` refuses.
//!
//! Every check has one shape. It takes a [`Repo`](repo::Repo) and returns
//! [`Finding`](finding::Finding)s: the place, the rule, the reason, and what to type next. An empty
//! list is a pass. An `Err` means that the check could not run.
//!
//! * [`crates`] is the design as data: the crates, their folders, and which crates each may know.
//! * [`layers`] proves that table from Cargo's dependency graph and from the source.
//! * [`migrations`] audits the SQL that databases on users' machines were made from.
//! * [`tidy`] checks text: headers, sizes, manifests, documentation, English.
//! * [`lint`] runs all of them after fmt and before clippy and rustdoc; [`mod@bench`] runs benches.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command-line tool: what it prints is what it is for"
)]
#![allow(missing_docs, reason = "only this crate's tests use the library, and most names need no more words")]

pub mod bench;
pub mod cargo;
pub mod commands;
pub mod crates;
pub mod finding;
pub mod layers;
pub mod lint;
pub mod migrations;
pub mod repo;
pub mod source;
pub mod tidy;
