//! Holds every check to two things: that it passes here, and that it fails where it should.
#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod commands;
mod databases;
mod dependencies;
mod figures;
mod fixture;
mod folders;
mod live;
mod migrations;
mod owners;
mod paths;
mod plans;
mod refusals;
mod releases;
mod signatures;
mod sql;
mod tidy;
mod wiring;
