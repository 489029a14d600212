//! `feedback`: parts of the bundle, and where it goes.

use std::path::PathBuf;

use clap::Args;

use super::THREAD;

#[derive(Clone, Debug, Args)]
pub(crate) struct FeedbackArgs {
    #[arg(long, value_name = "ID", help = THREAD)]
    pub(crate) thread: Option<String>,
    /// Add log rows: those of the thread, or without --thread those of Threadkeep's recent runs
    #[arg(long)]
    pub(crate) include_logs: bool,
    /// Write the bundle here [default: threadkeep-feedback-TIME.zip in the current folder]
    #[arg(long, value_name = "FILE.zip")]
    pub(crate) output: Option<PathBuf>,
    /// Also send it to the Sentry project of the settings (`feedback.sentry_dsn`)
    #[arg(long)]
    pub(crate) upload: bool,
    /// Do not ask; an existing file is not replaced
    #[arg(long)]
    pub(crate) yes: bool,
}
