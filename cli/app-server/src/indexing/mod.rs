//! Keeps the index up to date: once at the start, and then as files of the home change. Sessions of
//! other agents come into it through the mirror.

pub(crate) mod agents;
mod checks;
pub(crate) mod coverage;
pub(crate) mod history;
#[cfg(target_os = "linux")]
mod inotify;
#[cfg(target_os = "linux")]
mod kernel;
mod newest;
mod noticed;
#[cfg(target_os = "linux")]
mod place_watch;
mod places;
mod watch;

use std::rc::Rc;
use std::time::Duration;

use threadkeep_app::refresh;
use threadkeep_backfill::Ending;
use tokio::time::timeout;

use crate::server::{Opened, Server};

use coverage::Coverage;
use newest::Newest;
use noticed::Changed;
use watch::HomeWatch;

/// Files of the first pass, so that the newest threads can be listed soon. Each further pass has
/// twice as many.
const FIRST: usize = 128;
/// Most files of a pass.
const MOST: usize = 2_048;
/// Time after which a pass that could not be made is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// Indexes the home until the server stops.
pub(crate) async fn run(server: Rc<Server>) {
    server.until_stopped(keep_up(&server)).await;
}

async fn keep_up(server: &Server) {
    loop {
        match server.opened().await {
            Ok(opened) => tokio::select! {
                () = keep_index_up(server, &opened) => {}
                () = server.reopened.notified() => server.set_coverage(Coverage::Unknown),
            },
            Err(fault) => {
                server.set_coverage(Coverage::whole(Some(fault.message.to_string())));
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Keeps an open index up to date. Never returns.
async fn keep_index_up(server: &Server, opened: &Opened) {
    // From before the first listing on, so that no change is missed.
    let mut watch = HomeWatch::new(&opened.home, server.has_watch);
    let mut is_whole = first_passes(server, opened).await;
    loop {
        // The first session of another agent creates it.
        watch.see_mirror();
        let changed = async {
            tokio::select! {
                changed = watch.changed() => changed,
                () = server.mirrored.notified() => Changed::Anything,
            }
        };
        let changed =
            if is_whole { changed.await } else { timeout(RETRY, changed).await.unwrap_or(Changed::Anything) };
        let is_indexed = match changed {
            Changed::Files(paths) if is_whole => some_files(opened, paths.into_iter().collect()).await,
            _ => false,
        };
        is_whole = is_indexed || whole_home(server, opened).await;
        server.written.notify_one();
        server.changed.notify_one();
    }
}

/// Indexes what the index lacks, the newest files first. Returns true if the index is whole then.
async fn first_passes(server: &Server, opened: &Opened) -> bool {
    let changed = opened.state().changed_files(&opened.home).await;
    if let Some(mut newest) = changed.map(Newest::new) {
        let mut size = FIRST;
        server.set_coverage(newest.coverage());
        while newest.left() > FIRST {
            if !some_files(opened, newest.take(size)).await {
                break;
            }
            size = (2 * size).min(MOST);
            server.set_coverage(newest.coverage());
        }
    }
    let is_whole = whole_home(server, opened).await;
    server.written.notify_one();
    is_whole
}

/// Indexes some files. Returns false if that failed, as for a file that has moved meanwhile.
async fn some_files(opened: &Opened, paths: Vec<String>) -> bool {
    let report = refresh::files(opened.state(), &opened.home, paths).await;
    report.is_ok_and(|report| report.ending == Ending::Complete)
}

/// Makes a pass over the home. Returns false if the index may lack something then.
async fn whole_home(server: &Server, opened: &Opened) -> bool {
    let incomplete = match refresh::refresh(&opened.index, &opened.home, &()).await {
        Ok(refreshed) => refreshed.incomplete.map(|reason| reason.to_string()),
        Err(fault) => Some(fault.message.to_string()),
    };
    let is_whole = incomplete.is_none();
    server.set_coverage(Coverage::whole(incomplete.or_else(|| opened.incomplete())));
    is_whole
}
