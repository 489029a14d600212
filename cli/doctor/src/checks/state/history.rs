//! `state.history`: the part of the home that can be searched.

use threadkeep_app::message::command;
use threadkeep_app::text::{bytes, count, counted};
use threadkeep_history::HISTORY_DB;

use super::{on_copy, unread, unreadable};
use crate::check::Finding;
use crate::context::Context;

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| {
        let history = match &copied.facts.history {
            Err(fault) => return unreadable(context, copied, fault),
            Ok(None) => return unread(copied, &HISTORY_DB).unwrap_or_else(|| Finding::idle("none yet")),
            Ok(Some(history)) => history,
        };
        let finding = Finding::ok(format!("{}, {}", counted(history.files, "rollout"), bytes(history.bytes)))
            .detail("rollouts", count(history.files))
            .detail("not readable", count(history.failed));
        if history.last_success_at.is_some() {
            return finding;
        }
        let backfill = context.ours(&command("backfill"));
        finding.note(format!("not all rollouts are indexed yet; `{backfill}` indexes the rest"))
    })
}
