//! The checks on homes in many states, by real files and real processes.

mod fixture;
mod report;
