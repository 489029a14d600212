//! `keep` and `kept`: copies of sessions' files.

use clap::{Args, Subcommand};

use super::{Ids, THREADS};

pub(super) const USAGE: &str = "threadkeep keep [OPTIONS] <ID>... | --all | --ending";
pub(super) const KEEP_CODES: &str = "\
The files of the sessions are copied, as their agents wrote them, to `kept` in the folder for the databases. Without \
--yes, the command shows the size and asks first. A kept session is copied again only if it has changed.

Sessions of goose and opencode are rows of a database, and no agent's database is written. Their copies can be read, but \
`threadkeep kept restore` cannot put them back.

Exit codes: 0 success, also if you answered no; 2 failure: at least one session could not be read or kept.";
pub(super) const KEPT_CODES: &str = "\
Exit codes: 0 success, also if you answered no; 2 failure.";

#[derive(Clone, Debug, Args)]
pub(crate) struct KeepArgs {
    #[arg(value_name = "ID", required_unless_present_any = ["all", "ending"], help = THREADS)]
    pub(crate) ids: Vec<String>,
    /// All sessions that the added agents have
    #[arg(long, conflicts_with_all = ["ids", "ending"])]
    pub(crate) all: bool,
    /// All sessions that their agents will delete within a week, and their sub-agents
    #[arg(long, conflicts_with = "ids")]
    pub(crate) ending: bool,
    /// With --all or --ending: only sessions of this agent; several with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "ids")]
    pub(crate) agent: Vec<String>,
    /// Copy without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeptArgs {
    #[command(subcommand)]
    pub(crate) command: Option<KeptCommand>,
}

#[derive(Debug, Subcommand)]
#[command(mut_subcommands(|each| each.after_help(KEPT_CODES)))]
pub(crate) enum KeptCommand {
    /// Put files back where their agent looks for them, and print the command that continues the
    /// session; no file is replaced, and no database written
    Restore(Ids),
    /// Delete copies; the agents' own files stay
    Remove {
        #[command(flatten)]
        ids: Ids,
        /// Delete without asking
        #[arg(short, long)]
        yes: bool,
    },
}
