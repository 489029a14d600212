//! The history against real files, real databases and real processes.

mod common;

mod changes;
mod conformance;
mod deleted;
#[path = "../../../tests/it/homes.rs"]
mod homes;
mod killed;
mod search;
mod turns;
mod usage;
