//! `threads`: the list, and commands for one thread.

mod close;
mod delete;
mod deleted;
mod drawing;
mod edit;
mod filters;
mod footer;
mod list;
mod show;
mod table;
mod tree;

use crate::args::{Id, ThreadsArgs, ThreadsCommand};
use crate::command::Run;
use close::{Change, Subtree};
use edit::{Edit, EditThread};

pub(super) fn of(args: &ThreadsArgs) -> Box<dyn Run + '_> {
    let edit = |id, edit| Box::new(EditThread { id, edit });
    match &args.command {
        None if args.list.deleted => Box::new(deleted::ListDeleted(&args.list)),
        None => Box::new(list::ListThreads(&args.list)),
        Some(ThreadsCommand::Show { id, no_refresh }) => Box::new(show::Show { id, no_refresh: *no_refresh }),
        Some(ThreadsCommand::Tree(args)) => Box::new(tree::ShowTree(args)),
        Some(ThreadsCommand::Close(Id { id })) => Box::new(Subtree { id, change: Change::Close }),
        Some(ThreadsCommand::Resume(Id { id })) => Box::new(Subtree { id, change: Change::Resume }),
        Some(ThreadsCommand::Rename { id, name, .. }) => edit(id, Edit::Rename(name.as_deref())),
        Some(ThreadsCommand::Archive(Id { id })) => edit(id, Edit::Archive),
        Some(ThreadsCommand::Unarchive(Id { id })) => edit(id, Edit::Unarchive),
        Some(ThreadsCommand::Memory { id, mode }) => edit(id, Edit::Memory(*mode)),
        Some(ThreadsCommand::Delete { id, yes }) => Box::new(delete::Delete { id, yes: *yes }),
    }
}
