//! Memories of past threads.

use std::rc::Rc;

use jiff::Timestamp;
use serde_json::Value;
use threadkeep_app::{Fault, messages};
use threadkeep_memories::StageOneOutputs as _;

use super::{Answer, opened, writable};
use crate::caller::Caller;
use crate::params;
use crate::protocol::Empty;
use crate::protocol::error::RpcError;
use crate::protocol::memory::{MemoryForgetResponse, MemoryStatusParams, MemoryStatusResponse};
use crate::protocol::thread::ThreadParams;
use crate::server::Server;

/// Numbers of consolidated threads that a client may ask for.
const LEAST: std::ops::RangeInclusive<u32> = 1..=4_096;

/// Counts the threads in the consolidated memories.
pub(crate) async fn status(
    server: &Rc<Server>,
    _: &Caller,
    params: MemoryStatusParams,
) -> Answer<MemoryStatusResponse> {
    let least = params.min_consolidated_threads.unwrap_or(1);
    if !LEAST.contains(&least) {
        let reason = "minConsolidatedThreads must be between 1 and 4096";
        return Err(RpcError::invalid_params("minConsolidatedThreads", reason));
    }
    let opened = opened(server).await?;
    let memories = opened.state().memories().list().await.map_err(failed)?;
    let consolidated = memories.iter().filter(|memory| memory.selected).count() as u64;
    Ok(MemoryStatusResponse {
        v2_consolidated_threads: consolidated,
        v2_ready: consolidated >= u64::from(least),
    })
}

/// Makes memories of threads, and consolidates them. Answers with the report of the command.
pub(crate) async fn run(server: &Rc<Server>, _: &Caller, _: Empty) -> Answer<Value> {
    Ok(server.commands.run_memories().await?)
}

/// Removes the memory of a thread.
pub(crate) async fn forget(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadParams,
) -> Answer<MemoryForgetResponse> {
    let (opened, thread_id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let memories = opened.state().memories();
    let forgotten = memories.forget(thread_id).await.map_err(failed)?;
    memories.bring_files_in_line(Timestamp::now()).await.map_err(failed)?;
    Ok(MemoryForgetResponse { thread_id, forgotten })
}

fn failed(error: threadkeep_backfill::BoxError) -> Fault {
    messages::of_boxed(&*error)
}
