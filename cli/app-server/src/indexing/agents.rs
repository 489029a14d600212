//! Keeps the mirror of other agents' sessions up to date, as their places change. The task that
//! indexes the home sees the rollouts in the mirror.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use threadkeep_app::agents::{self, Included};
use tokio::time::{Instant, sleep, timeout};

use super::coverage::Coverage;
use super::places::{Changed, Places};
use crate::server::Server;

/// Least time between two looks into a place: an agent that works changes its session all the time.
const PERIOD: Duration = Duration::from_millis(300);
/// Rest after a look, as a multiple of the time that it took: a large session may be read whole.
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
    loop {
        let list = agents::included(&server.dirs.sqlite_home).unwrap_or_default();
        keep_up_places(server, &list).await;
        // Also an agent that was removed leaves the list of threads.
        server.mirrored.notify_one();
    }
}

/// Keeps the mirror of these places up to date until others are added or removed.
async fn keep_up_places(server: &Server, list: &[Included]) {
    // From before the first look on, so that no change is missed.
    let mut places = Places::new(&server.dirs.sqlite_home, list, server.has_watch);
    let mut due: BTreeSet<usize> = (0..list.len()).collect();
    loop {
        let begun = Instant::now();
        due = look_into(server, list, due).await;
        sleep(rest_after(begun.elapsed())).await;
        let changed = if due.is_empty() {
            places.changed().await
        } else {
            timeout(RETRY, places.changed()).await.unwrap_or_default()
        };
        match changed {
            Changed::List => return,
            Changed::Places(changed) => due.extend(changed),
        }
    }
}

/// Brings the mirror of these places up to date. Returns the places that another process was
/// looking into.
async fn look_into(server: &Server, list: &[Included], due: BTreeSet<usize>) -> BTreeSet<usize> {
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
    busy
}

/// Returns the time until the next look, after a look of this duration.
fn rest_after(took: Duration) -> Duration {
    PERIOD.max(took * REST)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::rest_after;

    #[test]
    fn a_session_that_grows_all_the_time_takes_a_quarter_of_a_core() {
        for took in [1, 100, 800, 60_000].map(Duration::from_millis) {
            let rest = rest_after(took);
            assert!(took * 4 <= took + rest, "{took:?} of work, and {rest:?} of rest");
            assert!(rest >= Duration::from_millis(300), "{rest:?} after {took:?}");
        }
    }
}
