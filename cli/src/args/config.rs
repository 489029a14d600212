//! `config`: the settings.

use clap::{Args, Subcommand};

use super::{CONFIG_CODES, OTHER_CODES};

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every setting with the source of its value, and the problems of the file
    #[command(after_help = CONFIG_CODES)]
    Show,
    /// Print the path of config.toml, whether or not it exists
    #[command(after_help = OTHER_CODES)]
    Path,
    /// Print the JSON Schema of the file, for editors that complete and check it
    #[command(after_help = OTHER_CODES)]
    Schema,
}
