//! Notifies clients of changes, whichever process made them.
//!
//! One task compares threads and goals with what it last saw. A request that changes something only
//! wakes it, so that every change is reported once, and in order.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use threadkeep_sqlite::CommitWatch;
use threadkeep_state::{ThreadChange, ThreadWatch};
use threadkeep_state_goals::{Goal, GoalCursor, GoalStore, ListGoals};
use uuid::Uuid;

use crate::methods::{goal_of, thread_of};
use crate::protocol::error::RpcError;
use crate::protocol::notification::{
    GoalUpdated, Notification, ThreadListChanged, ThreadNameUpdated, ThreadRef, ThreadUpdated,
};
use crate::server::{Opened, Server};

/// Time between two questions for changes of other processes.
const PERIOD: Duration = Duration::from_millis(250);
/// Changes at once that are reported one by one.
const MOST_CHANGES: usize = 100;

/// Notifies clients until the server stops.
pub(crate) async fn run(server: Rc<Server>) {
    server.until_stopped(notify(&server)).await;
}

async fn notify(server: &Server) {
    let (mut watched, mut was_open): (Option<Watched>, _) = (None, false);
    loop {
        // An index that cannot be opened now can be in a moment.
        let opened = server.opened().await.ok();
        let both = watched.as_ref().zip(opened.as_ref());
        let is_watched = both.is_some_and(|(watched, opened)| Rc::ptr_eq(&watched.opened, opened));
        if !is_watched {
            watched = opened.map(Watched::new);
            // Another index may have other threads.
            if watched.is_some() && std::mem::replace(&mut was_open, true) {
                server.notify(Notification::ThreadListChanged(ThreadListChanged { count: 1 }));
            }
        }
        if let Some(watched) = &mut watched
            && let Err(error) = watched.report(server).await
        {
            tracing::debug!(target: "threadkeep", "changes cannot be read: {}", error.message);
        }
        tokio::select! {
            () = server.written.notified() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Threads and goals of an open index, as they were last seen.
struct Watched {
    opened: Rc<Opened>,
    threads: ThreadWatch,
    goals: Goals,
}

impl Watched {
    fn new(opened: Rc<Opened>) -> Watched {
        let threads = opened.state().watch_threads();
        let goals = Goals::new(opened.state().thread_goals());
        Watched { opened, threads, goals }
    }

    async fn report(&mut self, server: &Server) -> Result<(), RpcError> {
        let reported = report_threads(server, &self.opened, &mut self.threads).await;
        reported.and(self.goals.report(server).await)
    }
}

async fn report_threads(server: &Server, opened: &Opened, watch: &mut ThreadWatch) -> Result<(), RpcError> {
    let changes = watch.changes().await?;
    if changes.is_empty() || !server.has_clients() {
        return Ok(());
    }
    // While the home is being indexed for the first time, most threads are new.
    if changes.len() > MOST_CHANGES || !server.coverage().borrow().is_whole() {
        server.notify(Notification::ThreadListChanged(ThreadListChanged { count: changes.len() as u64 }));
        return Ok(());
    }
    for change in changes {
        let notification = match change {
            ThreadChange::Updated(id) => {
                // It may have been deleted meanwhile, which is the next change.
                let Some(thread) = opened.state().threads().get(id).await? else { continue };
                let thread = thread_of(opened, thread).await?;
                Notification::ThreadUpdated(Box::new(ThreadUpdated { thread }))
            }
            ThreadChange::Renamed(thread_id, thread_name) => {
                Notification::ThreadNameUpdated(ThreadNameUpdated { thread_id, thread_name })
            }
            ThreadChange::Archived(thread_id) => Notification::ThreadArchived(ThreadRef { thread_id }),
            ThreadChange::Unarchived(thread_id) => Notification::ThreadUnarchived(ThreadRef { thread_id }),
            ThreadChange::Deleted(thread_id) => Notification::ThreadDeleted(ThreadRef { thread_id }),
            _ => continue,
        };
        server.notify(notification);
    }
    Ok(())
}

/// Goals as they were last seen.
struct Goals {
    store: GoalStore,
    commits: Option<CommitWatch>,
    seen: HashMap<Uuid, Goal>,
    /// True after the first look: before that, nothing is a change.
    is_known: bool,
}

impl Goals {
    fn new(store: &GoalStore) -> Goals {
        Goals { store: store.clone(), commits: None, seen: HashMap::new(), is_known: false }
    }

    async fn report(&mut self, server: &Server) -> Result<(), RpcError> {
        if self.commits.is_none() {
            // The first goal creates the database.
            let existing = self.store.database().existing().await.map_err(threadkeep_app::Fault::from)?;
            self.commits = existing.map(|database| database.watch());
        }
        let has_changed = match &mut self.commits {
            Some(commits) => commits.has_changed().await.map_err(threadkeep_state_goals::GoalError::from)?,
            None => false,
        };
        let was_known = std::mem::replace(&mut self.is_known, true);
        if !has_changed {
            return Ok(());
        }
        let now = self.read().await?;
        let mut before = std::mem::replace(&mut self.seen, now);
        for (&thread_id, goal) in &self.seen {
            if before.remove(&thread_id).as_ref() != Some(goal) && was_known {
                let goal = goal_of(goal);
                server.notify(Notification::GoalUpdated(Box::new(GoalUpdated {
                    thread_id,
                    turn_id: None,
                    goal,
                })));
            }
        }
        for thread_id in before.into_keys() {
            server.notify(Notification::GoalCleared(ThreadRef { thread_id }));
        }
        Ok(())
    }

    async fn read(&self) -> Result<HashMap<Uuid, Goal>, RpcError> {
        let (mut goals, mut query) = (HashMap::new(), ListGoals::default());
        loop {
            let page = self.store.list(&query).await?;
            query.after = page.last().map(GoalCursor::from);
            let is_last = page.len() < query.limit as usize;
            goals.extend(page.into_iter().map(|goal| (goal.thread_id, goal)));
            if is_last {
                return Ok(goals);
            }
        }
    }
}
