//! `logs --follow`: rows as they come.

use std::time::Duration;

use threadkeep_app::Fault;
use threadkeep_backfill::StopHandle;
use threadkeep_state_logs::{LogQuery, LogStore, MAX_LIMIT, Order};

use super::line::line;
use crate::interrupt::Interrupt;
use crate::output::{Screen, pipe};

/// Time between two looks for new rows.
const INTERVAL: Duration = Duration::from_millis(200);

/// Prints the newest rows and then new ones, until Ctrl-C or until the reader of stdout has gone.
pub(super) async fn follow(
    store: &LogStore,
    newest: LogQuery,
    compact: bool,
    screen: &Screen,
) -> Result<(), Fault> {
    let stop = StopHandle::new();
    let _interrupt = Interrupt::listen(&stop);
    let mut seen = store.last_id().await?;
    let mut rows = match newest.limit {
        // Only new rows.
        0 => Vec::new(),
        _ => store.query(&newest).await?,
    };
    rows.reverse();
    let mut query = LogQuery { order: Order::OldestFirst, limit: MAX_LIMIT, ..newest };
    loop {
        let text: String = rows.iter().map(|row| line(row, compact, screen)).collect();
        if !screen.part(&text)? {
            return Ok(());
        }
        // Rows up to here were printed, or did not match.
        seen = rows.last().map_or(seen, |row| seen.max(row.id));
        query.after_id = Some(seen);
        let last = loop {
            if stop.is_stopped() || !pipe::is_read() {
                return Ok(());
            }
            let last = store.last_id().await?;
            if last > seen {
                break last;
            }
            tokio::time::sleep(INTERVAL).await;
        };
        rows = store.query(&query).await?;
        if (rows.len() as u64) < u64::from(MAX_LIMIT) {
            seen = last;
        }
    }
}
