//! The index against real files, real databases and real rollouts.

mod audit;
mod backfill;
mod common;
mod corpus;
mod edit;
mod expected;
mod find;
mod home_changes;
mod list;
mod plans;
mod runtime;
mod search;
mod touch;
