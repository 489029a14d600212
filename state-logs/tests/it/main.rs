//! The logs on real files, with real subscribers, processes and kills.

mod budget;
mod capture;
mod deletion;
mod failures;
mod filter;
mod plans;
mod processes;
mod queries;
mod read_only;
mod retention;
mod secrets;
mod support;
mod writer;
