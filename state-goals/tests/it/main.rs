//! The store of goals against real files, real concurrency and real processes.

mod common;

mod accounting;
mod changes;
mod deleted;
mod files;
mod limits;
mod list;
mod model;
mod processes;
mod residue;
mod stale;
