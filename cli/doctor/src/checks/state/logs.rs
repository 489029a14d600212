//! `state.logs`: size of the logs, and how fast they grow.

use jiff::SignedDuration;
use threadkeep_app::message::command;
use threadkeep_app::text::{bytes, count, counted};
use threadkeep_state_logs::LOGS_DB;

use super::{on_copy, unread, unreadable};
use crate::check::Finding;
use crate::context::Context;

/// Text that may be logged in a day, in bytes. An agent that logs INFO and above stays far below.
const BUDGET: u64 = 256 << 20;

const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn check(context: &Context) -> Finding {
    on_copy(context, |copied| {
        let logs = match &copied.facts.logs {
            Err(fault) => return unreadable(context, copied, fault),
            Ok(None) => return unread(copied, &LOGS_DB).unwrap_or_else(|| Finding::idle("none yet")),
            Ok(Some(logs)) => logs,
        };
        // The newest rows are kept, so that their time is the time in which they were written.
        let span = logs.oldest.zip(logs.newest).map(|(oldest, newest)| newest.duration_since(oldest));
        let span = span.unwrap_or_default().max(SignedDuration::from_hours(1));
        let daily = (logs.bytes as f64 * DAY.as_secs_f64() / span.as_secs_f64()) as u64;
        let finding = Finding::ok(format!("{}, {}", counted(logs.rows, "row"), bytes(logs.bytes)))
            .detail("rows", count(logs.rows))
            .detail("text", bytes(logs.bytes))
            .detail("ever logged", bytes(logs.logged_bytes))
            .detail("dropped rows", count(logs.dropped_rows))
            .detail("write rate", format!("{} a day", bytes(daily)))
            .detail("write budget", format!("{} a day", bytes(BUDGET)));
        let show = || context.ours(&command("config show"));
        if daily > BUDGET {
            let summary = format!("{} a day are logged, above the budget of {}", bytes(daily), bytes(BUDGET));
            return finding.or_worse(Some(Finding::warning(summary, show())));
        }
        if logs.dropped_rows > 0 {
            return finding.note(format!("{} dropped", counted(logs.dropped_rows, "log row")));
        }
        finding
    })
}
