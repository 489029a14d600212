//! `goals`: a thread's objective and its token budget.

mod answer;
mod beside;
mod change;
mod list;
mod sheet;
mod text;

use crate::args::{GoalsCommand, Id};
use crate::command::Run;
use change::{Change, ChangeGoal};

pub(super) use beside::of_threads;
pub(super) use sheet::{add as add_goal, add_agent as add_agent_goal};
pub(super) use text::{status, style, summary};

pub(super) fn of(command: &GoalsCommand) -> Box<dyn Run + '_> {
    let change = |id, change| Box::new(ChangeGoal { id, change });
    match command {
        GoalsCommand::List { status, limit } => Box::new(list::List { status, limit: *limit }),
        GoalsCommand::Get(Id { id }) => Box::new(list::Get { id }),
        GoalsCommand::Set(args) => change(&args.id, Change::Set(args)),
        GoalsCommand::Pause(Id { id }) => change(id, Change::Pause),
        GoalsCommand::Resume(Id { id }) => change(id, Change::Resume),
        GoalsCommand::Complete(Id { id }) => change(id, Change::Complete),
        GoalsCommand::Clear(Id { id }) => change(id, Change::Clear),
        GoalsCommand::Account(args) => change(&args.id, Change::Account(args)),
    }
}
