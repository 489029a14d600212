//! The checks on homes in many states, by real files and real processes.

mod background;
mod config;
mod credentials;
mod fixture;
mod installation;
mod mcp;
mod programs;
mod report;
mod repository;
mod terminal;
mod updates;
