//! Keeps the history up to date, after the index and never before it.

use std::rc::Rc;
use std::time::Duration;

use threadkeep_app::messages;
use threadkeep_backfill::Ending;

use super::coverage::Coverage;
use crate::server::{Opened, Server};

/// Least time between two passes: an agent that works changes its rollout all the time.
const PERIOD: Duration = Duration::from_secs(5);

/// Indexes the history until the server stops.
pub(crate) async fn run(server: Rc<Server>) {
    server.until_stopped(keep_up(&server)).await;
}

async fn keep_up(server: &Server) {
    let mut coverage = server.coverage();
    // The sender lives as long as the server.
    let _ = coverage.wait_for(Coverage::is_whole).await;
    loop {
        if let Ok(opened) = server.opened().await {
            let incomplete = pass(&opened).await.err();
            server.set_history(incomplete);
        }
        tokio::time::sleep(PERIOD).await;
        server.changed.notified().await;
    }
}

/// Makes a pass.
async fn pass(opened: &Opened) -> Result<(), String> {
    let state = opened.state();
    let ports =
        state.history_ports(state.history(), &opened.home).await.map_err(|error| error.to_string())?;
    match ports.engine().run(|_| {}).await {
        Ok(report) if report.ending == Ending::Complete => Ok(()),
        Ok(_) => Err("another process is indexing what was said".to_owned()),
        Err(error) => Err(messages::of_boxed(&error).message.to_string()),
    }
}
