//! `config`: what can be asked of the settings.

use clap::{Args, Subcommand};

use super::{CONFIG_CODES, OTHER_CODES};

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting with where its value comes from, and what is wrong in the file
    #[command(after_help = CONFIG_CODES)]
    Show,
    /// Print where the file is, there or not
    #[command(after_help = OTHER_CODES)]
    Path,
    /// Print the JSON Schema of the file, for editors that complete and check it
    #[command(after_help = OTHER_CODES)]
    Schema,
}
