//! `thread/search` and `thread/search/stream`, over the history.

use std::collections::HashMap;
use std::rc::Rc;

use threadkeep_app::Fault;
use threadkeep_history::{HistoryError, Hit, SearchQuery};
use threadkeep_state::ListThreads;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::list::{Listed, asked, listed};
use super::{Answer, opened, thread_of};
use crate::caller::Caller;
use crate::protocol::Empty;
use crate::protocol::error::{INVALID_PARAMS, RpcError};
use crate::protocol::notification::{Notification, SearchPartial};
use crate::protocol::search::{SearchCancelParams, SearchResult, ThreadSearchParams, ThreadSearchResponse};
use crate::server::{Opened, Server};

/// Longest text to search for, in bytes.
const MOST_BYTES: usize = 65_536;
/// Windows of passages that a search goes through. Each has the next older 1,000 that match.
const MOST_WINDOWS: usize = 20;

/// Searches what was said, and answers with a page of the threads in which it was.
pub(crate) async fn search(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadSearchParams,
) -> Answer<ThreadSearchResponse> {
    find(server, params, "thread/search", async |_| Ok(())).await
}

/// Searches, and notifies the caller of threads as they are found.
pub(crate) async fn stream(
    server: &Rc<Server>,
    caller: &Caller,
    params: ThreadSearchParams,
) -> Answer<ThreadSearchResponse> {
    let (cancel, cancelled) = oneshot::channel();
    caller.cancellable.borrow_mut().insert(caller.id.clone(), cancel);
    let notify = async |data: Vec<SearchResult>| {
        let partial = SearchPartial { request_id: caller.id.clone(), data };
        let gone = |_| RpcError::invalid_request("the client is gone");
        caller.notify(&Notification::SearchPartial(partial)).await.map_err(gone)
    };
    let found = tokio::select! {
        found = find(server, params, "thread/search/stream", notify) => found,
        Ok(()) = cancelled => Err(RpcError::invalid_request("thread search cancelled")),
    };
    caller.cancellable.borrow_mut().remove(&caller.id);
    found
}

/// Cancels a search of the same client. It is no error if the search has ended.
pub(crate) async fn cancel(_: &Rc<Server>, caller: &Caller, params: SearchCancelParams) -> Answer<Empty> {
    if let Some(cancel) = caller.cancellable.borrow_mut().remove(&params.request_id) {
        // It may have ended in this moment.
        let _ = cancel.send(());
    }
    Ok(Empty {})
}

async fn find(
    server: &Rc<Server>,
    params: ThreadSearchParams,
    method: &str,
    partial: impl AsyncFn(Vec<SearchResult>) -> Answer<()>,
) -> Answer<ThreadSearchResponse> {
    let term = params.search_term.trim().to_owned();
    if term.is_empty() {
        return Err(RpcError::invalid_request("thread/search requires a non-empty searchTerm"));
    }
    if term.len() > MOST_BYTES {
        let reason = format!("{method} searchTerm exceeds {MOST_BYTES} UTF-8 bytes");
        return Err(RpcError::new(INVALID_PARAMS, reason));
    }
    let asked = asked(params.into())?;
    let opened = opened(server).await?;
    let filters = asked.query(&opened).await?;
    let mut query = SearchQuery::new(term);
    let mut best: HashMap<Uuid, Hit> = HashMap::new();
    for _ in 0..MOST_WINDOWS {
        let page = opened.state().history().search(&query).await.map_err(failed)?;
        let mut new = Vec::new();
        for found in page.threads {
            if let Some(hit) = found.hits.into_iter().next()
                && !best.contains_key(&found.thread_id)
            {
                new.push(found.thread_id);
                best.insert(found.thread_id, hit);
            }
        }
        if !new.is_empty() {
            let only_new = ListThreads { ids: Some(new), cursor: None, ..filters.clone() };
            let Listed { threads, .. } = listed(server, &opened, &only_new).await?;
            if !threads.is_empty() {
                partial(results(&opened, &query, threads, &best).await?).await?;
            }
        }
        query.after = page.more;
        if query.after.is_none() {
            break;
        }
    }
    query.after = None;
    let filters = ListThreads { ids: Some(best.keys().copied().collect()), ..filters };
    let Listed { threads, next_cursor, backwards_cursor, incomplete } =
        listed(server, &opened, &filters).await?;
    let indexing = server.history_incomplete();
    Ok(ThreadSearchResponse {
        data: results(&opened, &query, threads, &best).await?,
        next_cursor,
        backwards_cursor,
        incomplete: incomplete.or(indexing),
    })
}

/// Adds to each thread the text around its best hit.
async fn results(
    opened: &Opened,
    query: &SearchQuery,
    threads: Vec<threadkeep_state::Thread>,
    best: &HashMap<Uuid, Hit>,
) -> Answer<Vec<SearchResult>> {
    let hits: Vec<Hit> = threads.iter().filter_map(|thread| best.get(&thread.id)).cloned().collect();
    let mut shown =
        opened.state().history().show(&opened.home, query, &hits).await.map_err(failed)?.into_iter();
    let mut results = Vec::with_capacity(threads.len());
    for thread in threads {
        let snippet = shown.next().and_then(|hit| hit.snippet).map(|snippet| {
            let (before, after) = (
                if snippet.is_cut_before { "... " } else { "" },
                if snippet.is_cut_after { " ..." } else { "" },
            );
            format!("{before}{}{after}", snippet.text)
        });
        results.push(SearchResult { thread: thread_of(opened, thread).await?, snippet });
    }
    Ok(results)
}

fn failed(error: HistoryError) -> RpcError {
    match error {
        HistoryError::NoWords(_) | HistoryError::TooManyWords { .. } => {
            RpcError::invalid_request(error.to_string())
        }
        error => Fault::plain(&error).into(),
    }
}
