//! `memories`: what is remembered of threads.

mod clear;
mod consolidate;
mod diff;
mod dry_run;
mod forget;
mod inject;
mod list;
mod lock;
mod rebuild;
mod run;
mod search;
mod sections;
mod show;
mod status;
mod text;

use std::error::Error;
use std::path::Path;

use jiff::Timestamp;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::memories::{Root, root};
use threadkeep_app::settings::{ConfigFile, Feature};
use threadkeep_app::{Fault, Message, Observer as _, command, messages};
use threadkeep_memories::ConsolidationLock as _;
use threadkeep_state::memories::{MemoryFiles, MemoryStore};

use crate::args::{Ids, MemoriesArgs, MemoriesCommand};
use crate::command::Run;
use crate::output::Screen;
pub(super) use run::RunPhases;

pub(super) fn of(args: &MemoriesArgs) -> Box<dyn Run + '_> {
    let root = args.memories_root.as_deref();
    match &args.command {
        MemoriesCommand::Run(options) if options.dry_run => Box::new(dry_run::DryRun { options }),
        MemoriesCommand::Run(options) => Box::new(RunPhases { options, root }),
        MemoriesCommand::Status => Box::new(status::Status { root }),
        MemoriesCommand::List => Box::new(list::List),
        MemoriesCommand::Show(Ids { ids }) => Box::new(show::Show { ids }),
        MemoriesCommand::Forget(Ids { ids }) => Box::new(forget::Forget { ids }),
        MemoriesCommand::Clear { yes } => Box::new(clear::Clear { root, yes: *yes }),
        MemoriesCommand::Search { words } => Box::new(search::Search { words }),
        MemoriesCommand::Diff => Box::new(diff::Diff { root }),
        MemoriesCommand::Rebuild => Box::new(rebuild::Rebuild { root }),
        MemoriesCommand::Inject { cwd } => Box::new(inject::Inject { cwd: cwd.as_deref(), root }),
    }
}

/// Returns the folder of memories: the given one, or that of the last consolidation.
async fn folder(dirs: &Dirs, given: Option<&Path>, store: &MemoryStore) -> Result<Root, Fault> {
    Ok(root(dirs, given, store.state().await.map_err(boxed)?.root))
}

/// Returns the next step where there is nothing yet: a run, or switching memories on.
fn next(config: &ConfigFile, of_run: &'static str) -> Message {
    match config.need(Feature::Memories) {
        Ok(()) => (command("memories run"), of_run).into(),
        Err(off) => off.sentence(),
    }
}

/// Removes memories that were forgotten from the generated files, too.
pub(super) async fn bring_files_in_line(store: &MemoryStore, screen: &Screen) -> Result<(), Fault> {
    if let MemoryFiles::Busy { owner } = store.bring_files_in_line(Timestamp::now()).await.map_err(boxed)? {
        let run = command("memories run");
        let note = (format!("a consolidation runs ({owner}) and may write the words again; a later "), run);
        screen.note(&Message::from(note).append(" removes them"));
    }
    Ok(())
}

/// Converts an error behind a port, which has lost its type.
pub(super) fn boxed(error: Box<dyn Error + Send + Sync>) -> Fault {
    messages::of_boxed(&*error)
}
