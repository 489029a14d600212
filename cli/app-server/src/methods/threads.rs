//! Methods about one thread: reading it, and what its user decides about it.

use std::rc::Rc;

use jiff::Timestamp;
use serde_json::json;
use threadkeep_app::agents::delete_threads;
use threadkeep_app::name::check_name;
use threadkeep_state::{GitUpdate, GraphError, MemoryMode, TreeQuery};
use threadkeep_state_goals::Goal;

use super::{Answer, find, find_by_id, found, goal_of, opened, thread_of, turns, writable};
use crate::caller::Caller;
use crate::params;
use crate::protocol::Empty;
use crate::protocol::error::RpcError;
use crate::protocol::thread::{
    Agent, MemoryMode as Mode, ThreadCloseResponse, ThreadMemoryModeSetParams, ThreadMetadataUpdateParams,
    ThreadNameSetParams, ThreadParams, ThreadReadParams, ThreadReadResponse, ThreadResponse,
    ThreadResumeResponse, ThreadTreeParams, ThreadTreeResponse,
};
use crate::server::Server;

/// Reads a thread, with its turns if they are asked for.
pub(crate) async fn read(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadReadParams,
) -> Answer<ThreadReadResponse> {
    let opened = opened(server).await?;
    let found = find(&opened, &params.thread_id).await?;
    let (turns, incomplete) = match params.include_turns {
        true => turns::newest(server, &opened, &found).await?,
        false => (Vec::new(), None),
    };
    let thread = thread_of(&opened, found).await?;
    let thread = crate::protocol::thread::Thread { turns, ..thread };
    Ok(ThreadReadResponse { thread, read_state: None, incomplete })
}

/// Names a thread.
pub(crate) async fn set_name(server: &Rc<Server>, _: &Caller, params: ThreadNameSetParams) -> Answer<Empty> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    if params.name.trim().is_empty() {
        return Err(RpcError::invalid_request("thread name must not be empty"));
    }
    check_name(&params.name).map_err(RpcError::refused)?;
    found(&opened, id).await?;
    opened.state().threads().rename(id, Some(&params.name), Timestamp::now()).await?;
    server.written.notify_one();
    Ok(Empty {})
}

/// Archives a thread. Its rollout stays where it is.
pub(crate) async fn archive(server: &Rc<Server>, _: &Caller, params: ThreadParams) -> Answer<Empty> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let found = find_by_id(&opened, id).await?.filter(|thread| !thread.archived);
    found.ok_or_else(|| RpcError::no_rollout(id))?;
    opened.state().threads().archive(id, Timestamp::now()).await?;
    server.written.notify_one();
    Ok(Empty {})
}

/// Returns an archived thread to the current ones.
pub(crate) async fn unarchive(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadParams,
) -> Answer<ThreadResponse> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let found = find_by_id(&opened, id).await?.filter(|thread| thread.archived);
    let none = || RpcError::invalid_request(format!("no archived rollout found for thread id {id}"));
    found.ok_or_else(none)?;
    opened.state().threads().unarchive(id, Timestamp::now()).await?;
    server.written.notify_one();
    let thread = thread_of(&opened, find(&opened, &params.thread_id).await?).await?;
    Ok(ThreadResponse { thread })
}

/// Deletes a thread from the index and all that belongs to it. The agent's own files stay.
pub(crate) async fn delete(server: &Rc<Server>, _: &Caller, params: ThreadParams) -> Answer<Empty> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    find_by_id(&opened, id).await?.ok_or_else(|| RpcError::no_rollout(id))?;
    // Work that is left is done by the next opening.
    let deleted = delete_threads(opened.state(), &[id], Timestamp::now()).await?;
    if deleted.threads.is_empty() {
        return Err(RpcError::not_loaded(id));
    }
    server.written.notify_one();
    Ok(Empty {})
}

/// Changes a thread's git information. It then holds whatever the rollout says.
pub(crate) async fn update_metadata(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadMetadataUpdateParams,
) -> Answer<ThreadResponse> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let git = params.git_info.unwrap_or_default();
    let update = GitUpdate { sha: git.sha, branch: git.branch, origin_url: git.origin_url };
    if update == GitUpdate::default() {
        return Err(RpcError::invalid_request("gitInfo must include at least one field"));
    }
    let parts = [("sha", &update.sha), ("branch", &update.branch), ("originUrl", &update.origin_url)];
    for (name, part) in parts {
        if let Some(Some(text)) = part
            && text.trim().is_empty()
        {
            return Err(RpcError::invalid_request(format!("gitInfo.{name} must not be empty")));
        }
    }
    let none = || RpcError::invalid_request(format!("thread not found: {id}"));
    find_by_id(&opened, id).await?.ok_or_else(none)?;
    opened.state().threads().set_git(id, update).await?;
    server.written.notify_one();
    Ok(ThreadResponse { thread: thread_of(&opened, found(&opened, id).await?).await? })
}

/// Allows or forbids making memories from a thread.
pub(crate) async fn set_memory_mode(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadMemoryModeSetParams,
) -> Answer<Empty> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    found(&opened, id).await?;
    let mode = match params.mode {
        Mode::Enabled => MemoryMode::Enabled,
        Mode::Disabled => MemoryMode::Disabled,
    };
    opened.state().threads().set_memory_mode(id, mode).await?;
    server.written.notify_one();
    Ok(Empty {})
}

/// Returns the agent graph, or the part of it below a thread.
pub(crate) async fn tree(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadTreeParams,
) -> Answer<ThreadTreeResponse> {
    let opened = opened(server).await?;
    let root = params.thread_id.as_deref().map(params::thread_id).transpose()?;
    let mut query = TreeQuery { root, ..TreeQuery::default() };
    query.max_depth = params.max_depth.unwrap_or(query.max_depth).min(query.max_depth);
    let agents = opened.state().graph().tree(query).await?;
    let data = agents.into_iter().map(|agent| Agent {
        thread_id: agent.thread_id,
        parent_thread_id: agent.parent_thread_id,
        forked_from_id: agent.forked_from_id,
        depth: agent.depth,
        lifecycle: agent.lifecycle.as_str().to_owned(),
        outcome: agent.outcome.as_str().to_owned(),
        name: agent.name,
        agent_nickname: agent.nickname,
        agent_role: agent.role,
        updated_at: agent.last_line_at.map(Timestamp::as_second),
    });
    Ok(ThreadTreeResponse { data: data.collect() })
}

/// Closes a thread and the open agents below it.
pub(crate) async fn close(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadParams,
) -> Answer<ThreadCloseResponse> {
    let (opened, id) = (writable(server).await?, params::thread_id(&params.thread_id)?);
    let thread_ids = opened.state().graph().close_subtree(id, Timestamp::now()).await?;
    server.written.notify_one();
    Ok(ThreadCloseResponse { thread_ids })
}

/// Opens a thread again, with the agents that were closed with it.
pub(crate) async fn resume(
    server: &Rc<Server>,
    _: &Caller,
    params: ThreadParams,
) -> Answer<ThreadResumeResponse> {
    let opened = writable(server).await?;
    let found = find(&opened, &params.thread_id).await?;
    let id = found.id;
    if found.archived {
        let reason = format!("session {id} is archived. Run `codex unarchive {id}` to unarchive it first.");
        // Those are the words that clients know. A mark that was set here is not the agent's.
        let hint = json!({ "hint": "call thread/unarchive first" });
        return Err(RpcError { data: Some(hint), ..RpcError::invalid_request(reason) });
    }
    let resumed = opened.state().graph().resume_subtree(id, Timestamp::now()).await;
    let thread_ids = match resumed {
        // It has never spawned an agent.
        Err(GraphError::NotFound(_)) => Vec::new(),
        resumed => resumed?,
    };
    server.written.notify_one();
    let goal: Option<Goal> = opened.state().thread_goals().get(id).await?;
    let thread = thread_of(&opened, found).await?;
    Ok(ThreadResumeResponse { thread, thread_ids, goal: goal.as_ref().map(goal_of) })
}
