//! The methods. Each takes the server, its caller and its parameters, and returns its answer.

mod cursors;
pub(crate) mod device_keys;
mod foreign;
pub(crate) mod goals;
mod items;
pub(crate) mod list;
pub(crate) mod memory;
mod newest;
mod pages;
pub(crate) mod report;
pub(crate) mod search;
mod thread;
pub(crate) mod threads;
pub(crate) mod turns;

use std::rc::Rc;

use threadkeep_app::refresh;
use uuid::Uuid;

use crate::params;
use crate::protocol::error::RpcError;
use crate::server::{Opened, Server};

pub(crate) use goals::goal_of;
pub(crate) use thread::{thread_of, threads_of};

/// Result of a method.
type Answer<T> = Result<T, RpcError>;

/// Returns the open home and index.
async fn opened(server: &Rc<Server>) -> Answer<Rc<Opened>> {
    Ok(server.opened().await?)
}

/// Returns the open home and index for a change.
async fn writable(server: &Rc<Server>) -> Answer<Rc<Opened>> {
    Ok(server.writable().await?)
}

/// Returns a thread that a client names, up to date as far as the index is.
async fn find(opened: &Opened, id: &str) -> Answer<threadkeep_state::Thread> {
    found(opened, params::thread_id(id)?).await
}

async fn found(opened: &Opened, id: Uuid) -> Answer<threadkeep_state::Thread> {
    find_by_id(opened, id).await?.ok_or_else(|| RpcError::not_loaded(id))
}

/// Returns a thread; `None` if the index does not have it or its rollout is gone. A thread that is
/// not indexed yet is indexed now.
async fn find_by_id(opened: &Opened, id: Uuid) -> Answer<Option<threadkeep_state::Thread>> {
    let get = async || {
        let found = opened.state().threads().get(id).await?;
        Answer::Ok(found.filter(|thread| thread.missing_since.is_none()))
    };
    let found = get().await?;
    if found.is_some() || opened.state().threads().deleted_at(id).await?.is_some() {
        return Ok(found);
    }
    let home = opened.home.clone();
    let files = tokio::task::spawn_blocking(move || {
        // A thread that was continued or reverted has several.
        let files = home.discover().files.into_iter();
        let of_thread = files.filter(|file| file.name.is_some_and(|name| name.thread_id == id));
        of_thread.map(|file| file.path).collect::<Vec<_>>()
    });
    let files = files.await.unwrap_or_default();
    if files.is_empty() {
        return Ok(None);
    }
    // A pass that cannot be made now leaves the thread unknown.
    let _ = refresh::files(opened.state(), &opened.home, files).await;
    get().await
}
