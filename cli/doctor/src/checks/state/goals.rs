//! `state.goals`: goals by status.

use threadkeep_app::message::command;
use threadkeep_app::text::counted;
use threadkeep_state_goals::{GOALS_DB, GoalStatus};

use super::{on_copy, unread, unreadable};
use crate::check::Finding;
use crate::context::Context;

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| match &copied.facts.goals {
        Err(fault) => unreadable(context, copied, fault),
        Ok(None) => unread(copied, &GOALS_DB).unwrap_or_else(|| Finding::idle("none yet")),
        Ok(Some(goals)) => {
            let total: u64 = goals.iter().map(|(_, number)| number).sum();
            let mut finding = match total {
                0 => Finding::idle("none"),
                total => Finding::ok(counted(total, "goal")),
            };
            for (status, number) in goals {
                finding = finding.detail(status.as_str().replace('_', " "), number.to_string());
            }
            let spent = goals.iter().find(|(status, _)| *status == GoalStatus::BudgetLimited);
            match spent {
                Some((_, number)) => finding.note(format!(
                    "{} used up; `{}` lists them",
                    counted(*number, "budget"),
                    context.ours(&command("goals list"))
                )),
                None => finding,
            }
        }
    })
}
