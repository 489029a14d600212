//! The `cargo xtask` binary: reads the command line and leaves the rest to the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    xtask::commands::run(xtask::commands::Xtask::parse())
}
