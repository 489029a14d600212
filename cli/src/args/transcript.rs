//! `threads read`, `threads export` and `threads open`: options for one conversation.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::THREAD;

#[derive(Clone, Debug, Args)]
pub(crate) struct ReadArgs {
    #[arg(help = THREAD)]
    pub(crate) id: String,
    /// Only this turn; turns count from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) turn: Option<u64>,
    /// Only the last N turns
    #[arg(long, value_name = "N", conflicts_with = "turn", value_parser = clap::value_parser!(u64).range(1..), allow_negative_numbers = true)]
    pub(crate) last: Option<u64>,
    /// Hide nothing: all lines of outputs and diffs, and what an editor added to messages
    #[arg(long)]
    pub(crate) full: bool,
    /// The form [default: text, with --json json]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<ReadFormat>,
    /// Do not update the index first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadFormat {
    /// For a terminal
    Text,
    /// Markdown
    Markdown,
    /// One JSON document
    Json,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArgs {
    #[arg(help = THREAD)]
    pub(crate) id: String,
    /// The form [default: by the ending of the file's name, otherwise markdown]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// Write to this file, which only you may read [default: print it]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Keep secrets in it; by default they are removed where they are recognised
    #[arg(long)]
    pub(crate) unredacted: bool,
    /// Do not update the index first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Markdown
    Markdown,
    /// A page for a browser, which needs no network
    Html,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct OpenArgs {
    #[arg(help = THREAD)]
    pub(crate) id: String,
    /// Run it, in place of this command; needs a terminal
    #[arg(long)]
    pub(crate) run: bool,
    /// Do not update the index first
    #[arg(long)]
    pub(crate) no_refresh: bool,
}
