//! Runs the real binary on copies of the bundled home.

mod audit;
mod backfill;
mod bad_database;
mod bad_input;
mod config;
mod crash;
mod edit;
mod family;
mod fixture;
mod full;
mod goals;
mod goals_and_threads;
mod json;
mod kinds;
mod list;
mod logs;
mod manners;
mod meanwhile;
mod own_log;
mod places;
mod read_only;
mod secrets;
mod signals;
mod tree;
mod written;
