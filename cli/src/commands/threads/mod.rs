//! `threads`: the list, and commands for threads.

mod close;
mod conversation;
mod delete;
mod delete_missing;
mod deleted;
mod drawing;
mod edit;
mod export;
mod filters;
mod footer;
mod list;
mod open;
mod portrait;
mod read;
mod restore;
mod resume;
mod show;
mod table;
mod tree;

use crate::args::{Ids, ThreadsArgs, ThreadsCommand};
use crate::command::Run;
use close::{Change, Subtrees};
pub(super) use delete::{left_to_do, words_kept};
use edit::{Edit, EditThreads};
pub(super) use filters::{SOURCES, narrow, time_of, which, which_filters};
pub(super) use footer::of_kind;
pub(super) use resume::Resume;

pub(super) fn of(args: &ThreadsArgs) -> Box<dyn Run + '_> {
    let edit = |ids, edit| Box::new(EditThreads { ids, edit });
    let subtrees = |ids, change| Box::new(Subtrees { ids, change });
    match &args.command {
        None if args.list.deleted => Box::new(deleted::ListDeleted(&args.list)),
        None => Box::new(list::ListThreads(&args.list)),
        Some(ThreadsCommand::Show { ids: Ids { ids }, no_refresh }) => {
            Box::new(show::Show { ids, no_refresh: *no_refresh })
        }
        Some(ThreadsCommand::Read(args)) => Box::new(read::Read(args)),
        Some(ThreadsCommand::Export(args)) => Box::new(export::Export(args)),
        Some(ThreadsCommand::Open(args)) => Box::new(open::Open(args)),
        Some(ThreadsCommand::Tree(args)) => Box::new(tree::ShowTree(args)),
        Some(ThreadsCommand::Close(Ids { ids })) => subtrees(ids, Change::Close),
        Some(ThreadsCommand::Reopen(Ids { ids })) => subtrees(ids, Change::Reopen),
        Some(ThreadsCommand::Rename { id, name, .. }) => {
            edit(std::slice::from_ref(id), Edit::Rename(name.as_deref()))
        }
        Some(ThreadsCommand::Archive(Ids { ids })) => edit(ids, Edit::Archive),
        Some(ThreadsCommand::Unarchive(Ids { ids })) => edit(ids, Edit::Unarchive),
        Some(ThreadsCommand::Memory { ids: Ids { ids }, mode }) => edit(ids, Edit::Memory(*mode)),
        Some(ThreadsCommand::Restore(Ids { ids })) => Box::new(restore::Restore { ids }),
        Some(ThreadsCommand::Delete { missing: true, yes, .. }) => {
            Box::new(delete_missing::DeleteMissing { yes: *yes })
        }
        Some(ThreadsCommand::Delete { ids, yes, .. }) => Box::new(delete::Delete { ids, yes: *yes }),
    }
}
