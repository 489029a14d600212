//! `threadkeep` on the command line: arguments, commands and output over `threadkeep-app`.
//!
//! Each command makes an answer, which is printed as text for people or as one JSON document.

// A thread as JSON has many fields.
#![recursion_limit = "256"]

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod arenas;
mod args;
mod command;
mod commands;
mod exit;
mod interrupt;
mod output;

use std::io::Write as _;
use std::process::ExitCode;

use anstream::AutoStream;
use clap::error::ErrorKind;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use crate::args::Command;
use crate::args::{Cli, Global};
use crate::exit::Code;
use crate::output::Screen;

fn main() -> ExitCode {
    #[cfg(all(feature = "tpm", target_os = "linux"))]
    if std::env::args().nth(1).as_deref() == Some(threadkeep_app::device_keys::TPM_HELPER) {
        let served = threadkeep_app::device_keys::help();
        return if served.is_ok() { Code::Fine } else { Code::CouldNotRun }.into();
    }
    match Cli::read() {
        Ok(cli) => {
            #[cfg(all(target_os = "linux", target_env = "gnu"))]
            if matches!(&cli.command, Command::AppServer(args) if args.serves()) {
                arenas::limit();
            }
            commands::run(&cli.command, &Screen::new(&cli.global)).into()
        }
        Err(error) => refuse(&error).into(),
    }
}

/// Says what is wrong with the command line, or prints the help that was asked for. A command line
/// without a command asks for it, too.
fn refuse(error: &clap::Error) -> Code {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // clap prints it to stderr.
        let mut out = AutoStream::new(std::io::stdout(), AutoStream::choice(&std::io::stdout()));
        let _ = write!(out, "{}", error.render().ansi());
        return Code::Fine;
    }
    if !error.use_stderr() {
        // If this cannot be printed, nothing can.
        let _ = error.print();
    } else {
        let json = std::env::args_os().any(|argument| argument == "--json");
        Screen::new(&Global { json, ..Global::default() }).fault(&args::fault(error));
    }
    if error.use_stderr() { Code::CouldNotRun } else { Code::Fine }
}
