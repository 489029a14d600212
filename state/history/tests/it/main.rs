//! The history against real files, real databases and real processes.

mod common;

mod changes;
mod conformance;
mod deleted;
mod killed;
mod search;
mod turns;
mod usage;
