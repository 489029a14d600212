//! `agents`: other coding agents on this machine.

mod change;
mod list;

use crate::args::{AgentsArgs, AgentsCommand};
use crate::command::Run;

pub(super) fn of(args: &AgentsArgs) -> Box<dyn Run + '_> {
    match &args.command {
        None => Box::new(list::List),
        Some(AgentsCommand::Add { name, dir }) => Box::new(change::Add { name, dir: dir.as_deref() }),
        Some(AgentsCommand::Remove { name, dir, forget }) => {
            Box::new(change::Remove { name, dir: dir.as_deref(), forget: *forget })
        }
    }
}
