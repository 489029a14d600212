//! `goals`: a thread's objective and its token budget.

mod answer;
mod beside;
mod change;
mod list;
mod sheet;
mod text;

use std::slice::from_ref;

use crate::args::{GoalsCommand, Ids};
use crate::command::Run;
use change::{Change, ChangeGoal};

pub(super) use beside::of_threads;
pub(super) use sheet::{add as add_goal, add_agent as add_agent_goal};
pub(super) use text::{status, style, summary};

pub(super) fn of(command: &GoalsCommand) -> Box<dyn Run + '_> {
    let change = |ids, change| Box::new(ChangeGoal { ids, change });
    match command {
        GoalsCommand::List { status, limit } => Box::new(list::List { status, limit: *limit }),
        GoalsCommand::Get(Ids { ids }) => Box::new(list::Get { ids }),
        GoalsCommand::Set(args) => change(from_ref(&args.id), Change::Set(args)),
        GoalsCommand::Pause(Ids { ids }) => change(ids, Change::Pause),
        GoalsCommand::Resume(Ids { ids }) => change(ids, Change::Resume),
        GoalsCommand::Complete(Ids { ids }) => change(ids, Change::Complete),
        GoalsCommand::Clear(Ids { ids }) => change(ids, Change::Clear),
        GoalsCommand::Account(args) => change(from_ref(&args.id), Change::Account(args)),
    }
}
