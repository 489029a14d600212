//! Keeps the mirror of other agents' sessions up to date, as their places change. The task that
//! indexes the home sees the rollouts in the mirror.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use threadkeep_app::agents;
use tokio::time::{Instant, sleep, timeout};

use super::coverage::Coverage;
use super::places::{Changed, Places};
use crate::server::Server;

/// Least time between two looks into a place: an agent that works changes its session all the time.
const PERIOD: Duration = Duration::from_millis(300);
/// Rest after a look, as a multiple of the time that it took: a large session is read whole.
const REST: u32 = 3;
/// Time after which a place is tried again that another process was looking into.
const RETRY: Duration = Duration::from_millis(500);

/// Keeps the mirror up to date until the server stops.
pub(crate) async fn run(server: Rc<Server>) {
    server.until_stopped(keep_up(&server)).await;
}

async fn keep_up(server: &Server) {
    let opened = loop {
        match server.opened().await {
            Ok(opened) => break opened,
            Err(_) => sleep(super::RETRY).await,
        }
    };
    if opened.home.mirror().is_none() {
        // The first agent that is added changes the SQLite home, too.
        return;
    }
    // The first pass looks into all places itself. The sender lives as long as the server.
    let _ = server.coverage().wait_for(Coverage::is_whole).await;
    drop(opened);
    let sqlite_home = &server.dirs.sqlite_home;
    loop {
        let list = agents::included(sqlite_home).unwrap_or_default();
        // From before the first look on, so that no change is missed.
        let mut places = Places::new(sqlite_home, &list, server.has_watch);
        let mut due: BTreeSet<usize> = (0..list.len()).collect();
        loop {
            let begun = Instant::now();
            let mut busy = BTreeSet::new();
            for number in due {
                let is_done = match server.opened().await {
                    Ok(opened) => agents::sync_place(opened.state(), &list[number], &()).await,
                    Err(_) => false,
                };
                if !is_done {
                    busy.insert(number);
                }
            }
            due = busy;
            sleep(PERIOD.max(begun.elapsed() * REST)).await;
            let changed = if due.is_empty() {
                places.changed().await
            } else {
                timeout(RETRY, places.changed()).await.unwrap_or_default()
            };
            match changed {
                Changed::List => break,
                Changed::Places(changed) => due.extend(changed),
            }
        }
        // Also an agent that was removed leaves the list of threads.
        server.mirrored.notify_one();
    }
}
