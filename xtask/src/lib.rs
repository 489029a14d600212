//! Threadkeep's own checks, as a library: whatever `cargo xtask` refuses, a test can refuse too.
//!
//! Every check has one shape: it takes a [`Repo`](repo::Repo) and gives back [`Finding`](finding::Finding)s, each of
//! which names a place, the rule, what is wrong and what to type next. An empty list is a pass; an `Err` means that
//! the check could not be made at all.
//!
//! * [`house`] is the design as data: which crates there are, where they live, and whom they may know.
//! * [`layers`] proves that table from Cargo's own dependency graph and from the source.
//! * [`migrations`] audits the folders of SQL that databases in the field were made from.
//! * [`tidy`] is about text: headers, sizes, manifests, documentation.
//! * [`lint`] runs all of them beside fmt, clippy and rustdoc; [`mod@bench`] runs the benches.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command-line tool: what it prints is what it is for"
)]

pub mod bench;
pub mod commands;
pub mod finding;
pub mod graph;
pub mod house;
pub mod layers;
pub mod lint;
pub mod migrations;
pub mod repo;
pub mod source;
pub mod tidy;
