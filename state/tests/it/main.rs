//! The index against real files, real databases and real rollouts.

mod audit;
mod backfill;
mod common;
mod corpus;
mod count;
mod damaged;
mod decisions;
mod deletion;
mod development;
mod edit;
mod expected;
mod find;
mod graph;
mod health;
mod home_changes;
mod list;
mod live;
mod lost;
mod memory;
mod parts;
mod processes;
mod recovered;
mod runtime;
mod search;
mod secrets;
mod touch;
