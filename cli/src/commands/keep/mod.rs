//! `keep` and `kept`: copies of sessions' files.

mod copy;
mod find;
mod list;
mod remove;
mod restore;

use crate::args::{Ids, KeptArgs, KeptCommand};
use crate::command::Run;
pub(super) use copy::Keep;

pub(super) fn of(args: &KeptArgs) -> Box<dyn Run + '_> {
    match &args.command {
        None => Box::new(list::List),
        Some(KeptCommand::Restore(Ids { ids })) => Box::new(restore::Restore { ids }),
        Some(KeptCommand::Remove { ids: Ids { ids }, yes }) => Box::new(remove::Remove { ids, yes: *yes }),
    }
}
