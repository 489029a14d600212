//! The history against real files, real databases and real processes.

mod common;

mod conformance;
