//! Searching the history page by page, until enough threads of the index are found.

use std::collections::{HashMap, HashSet};

use threadkeep_app::Fault;
use threadkeep_history::{HistoryStore, Hit, SearchQuery};
use threadkeep_state::{ListThreads, MAX_PAGE, Thread, ThreadStore};
use uuid::Uuid;

/// Threads with hits.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The threads that are shown, the best first, with all their hits.
    pub(super) threads: Vec<(Thread, Vec<Hit>)>,
    /// Threads that the list has, shown or not.
    pub(super) total: u64,
    /// True if older messages match, too.
    pub(super) has_more: bool,
    /// Threads with hits that the list does not have.
    pub(super) others: Vec<Uuid>,
}

impl Found {
    /// Searches for threads of a list. Each page of the history has the newest messages that are
    /// left, the best first.
    pub(super) async fn search(
        history: &HistoryStore,
        threads: &ThreadStore,
        query: &SearchQuery,
        list: &ListThreads,
        limit: usize,
    ) -> Result<Found, Fault> {
        let mut found = Found::default();
        let mut places: HashMap<Uuid, usize> = HashMap::new();
        let mut seen: HashSet<Uuid> = HashSet::new();
        let mut query = query.clone();
        loop {
            let page = history.search(&query).await?;
            let new: Vec<Uuid> =
                page.threads.iter().map(|found| found.thread_id).filter(|id| seen.insert(*id)).collect();
            let mut listed = listed(threads, list, &new).await?;
            found.others.extend(new.iter().filter(|id| !listed.contains_key(id)));
            for of_thread in page.threads {
                if let Some(place) = places.get(&of_thread.thread_id) {
                    found.threads[*place].1.extend(of_thread.hits);
                } else if let Some(thread) = listed.remove(&of_thread.thread_id) {
                    found.total += 1;
                    if found.threads.len() < limit {
                        places.insert(thread.id, found.threads.len());
                        found.threads.push((thread, of_thread.hits));
                    }
                }
            }
            found.has_more = page.more.is_some();
            query.after = page.more;
            if !found.has_more || found.threads.len() >= limit {
                return Ok(found);
            }
        }
    }
}

/// Returns those threads that a list has.
async fn listed(
    threads: &ThreadStore,
    list: &ListThreads,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Thread>, Fault> {
    let mut listed = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(MAX_PAGE as usize) {
        let query = ListThreads { ids: Some(ids.to_vec()), limit: Some(MAX_PAGE), ..list.clone() };
        listed.extend(threads.list(&query).await?.threads.into_iter().map(|thread| (thread.id, thread)));
    }
    Ok(listed)
}
