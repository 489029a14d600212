//! `doctor` on the command line.

use clap::Args;

/// Options of `doctor`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct DoctorArgs {
    /// Print one line a check
    #[arg(long)]
    pub(crate) summary: bool,
    /// Print long lists whole
    #[arg(long, conflicts_with = "summary")]
    pub(crate) all: bool,
    /// Check the databases whole, however large they are
    #[arg(long)]
    pub(crate) full: bool,
    /// Use no network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Ask the network for the newest version
    #[arg(long, conflicts_with = "offline")]
    pub(crate) network_updates: bool,
    /// Exit with 1 if there are warnings, too
    #[arg(long)]
    pub(crate) strict: bool,
    /// Run only these checks, such as state.databases
    #[arg(long, value_name = "ID", num_args = 1.., value_parser = check_ids())]
    pub(crate) only: Vec<String>,
    /// Print without colours
    #[arg(long)]
    pub(crate) no_color: bool,
    /// Print ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Repair what is Threadkeep's own, after listing it
    #[arg(long)]
    pub(crate) fix: bool,
    /// Do not ask before the repairs
    #[arg(long, short, requires = "fix")]
    pub(crate) yes: bool,
}

fn check_ids() -> clap::builder::PossibleValuesParser {
    let ids = threadkeep_doctor::checks::all().map(|check| check.id);
    clap::builder::PossibleValuesParser::new(ids)
}
