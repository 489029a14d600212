//! `threadkeep`: the durable local state of coding agents, on the command line.
//!
//! This is the composition root: it finds the two directories, opens the state, and gives every command's answer as text
//! for people or as one JSON document. What it knows of threads it knows from `threadkeep-state`.

mod args;
mod commands;
mod config;
mod exit;
mod homes;
mod index;
mod interrupt;
mod output;
mod own_log;
mod pass;
mod telemetry;

use std::process::ExitCode;

use crate::args::Cli;
use crate::output::Screen;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(code) => return code.into(),
    };
    let screen = Screen::new(&cli.global);
    commands::run(&cli, &screen).into()
}
