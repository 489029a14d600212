//! `agents`: other coding agents on this machine.

mod change;
mod list;

use serde_json::{Value, json};
use threadkeep_sessions::Unread;

use crate::args::{AgentsArgs, AgentsCommand};
use crate::command::Run;

/// Renders a file or folder that could not be read, for programs.
fn unread(unread: &Unread) -> Value {
    json!({ "path": unread.path, "reason": unread.reason })
}

pub(super) fn of(args: &AgentsArgs) -> Box<dyn Run + '_> {
    match &args.command {
        None => Box::new(list::List),
        Some(AgentsCommand::Add { words }) => Box::new(change::Add(words)),
        Some(AgentsCommand::Remove { name, dir, forget, yes }) => {
            Box::new(change::Remove { name, dir: dir.as_deref(), forget: *forget, yes: *yes })
        }
    }
}
