//! Phase 2 over the in-memory store, real folders and real git baselines.

mod fixture;
mod interruptions;
mod property;
mod rebuild;
mod runs;
