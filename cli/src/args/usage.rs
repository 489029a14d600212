//! `usage`: how tokens are added up.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of the usage")]
pub(crate) struct UsageArgs {
    /// Add up by this
    #[arg(long, value_enum, value_name = "KEY", default_value_t)]
    pub(crate) by: By,
    /// Only days from this one on: 2026-11-20, today, yesterday, or 3d, 2w (ago)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only days up to this one
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only what this agent used: codex, or a name in `threadkeep agents`; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) agent: Vec<String>,
    /// Write a page with charts into this file; it needs no network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Do not update index and history first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

/// Key of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Days
    #[default]
    Day,
    /// Weeks, from Monday
    Week,
    /// Months
    Month,
    /// Models
    Model,
    /// Agents
    Agent,
    /// Folders in which the threads last worked
    Folder,
    /// Threads
    Thread,
}
