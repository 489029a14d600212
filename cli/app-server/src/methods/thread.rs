//! A thread of the index in the form of the protocol.

use std::collections::HashMap;

use serde_json::{Value, json};
use threadkeep_app::outcome::outcome_at_a_glance;
use threadkeep_state::{RunOutcome, Thread};
use uuid::Uuid;

use super::Answer;
use crate::protocol::thread::{self, GitInfo, ThreadStatus};
use crate::server::Opened;

/// Returns a thread as the protocol has it.
pub(crate) async fn thread_of(opened: &Opened, thread: Thread) -> Answer<thread::Thread> {
    let roots = roots_of(opened, std::slice::from_ref(&thread)).await?;
    Ok(of_protocol(opened, thread, &roots))
}

/// Returns threads as the protocol has them, with one question to the agent graph.
pub(crate) async fn threads_of(opened: &Opened, threads: Vec<Thread>) -> Answer<Vec<thread::Thread>> {
    let roots = roots_of(opened, &threads).await?;
    Ok(threads.into_iter().map(|thread| of_protocol(opened, thread, &roots)).collect())
}

/// Returns the roots above the threads that another thread spawned.
async fn roots_of(opened: &Opened, threads: &[Thread]) -> Answer<HashMap<Uuid, Uuid>> {
    let spawned = threads.iter().filter(|thread| thread.parent_thread_id.is_some());
    let spawned: Vec<Uuid> = spawned.map(|thread| thread.id).collect();
    if spawned.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(opened.state().graph().roots_of(&spawned).await?)
}

fn of_protocol(opened: &Opened, thread: Thread, roots: &HashMap<Uuid, Uuid>) -> thread::Thread {
    // The graph may not have its parent yet.
    let root = roots.get(&thread.id).copied().filter(|root| *root != thread.id);
    let root = root.or(thread.parent_thread_id).unwrap_or(thread.id);
    let status = match outcome_at_a_glance(&opened.home, &thread) {
        RunOutcome::Running => ThreadStatus::Active { active_flags: Vec::new() },
        _ => ThreadStatus::NotLoaded,
    };
    let git = GitInfo { sha: thread.git_sha, branch: thread.git_branch, origin_url: thread.git_origin_url };
    let has_git = git.sha.is_some() || git.branch.is_some() || git.origin_url.is_some();
    thread::Thread {
        id: thread.id,
        environments: None,
        extra: None,
        session_id: root,
        forked_from_id: thread.forked_from_id,
        attached_to_thread_id: thread.attached_to_thread_id,
        parent_thread_id: thread.parent_thread_id,
        preview: thread.first_user_message.or(thread.title).unwrap_or_default(),
        ephemeral: false,
        section: None,
        section_entered_at: None,
        project_id: None,
        history_mode: thread.history_mode,
        model_provider: thread.model_provider,
        model: thread.model,
        reasoning_effort: thread.reasoning_effort,
        created_at: thread.created_at.as_second(),
        updated_at: thread.updated_at.as_second(),
        recency_at: Some(thread.updated_at.as_second()),
        status,
        path: Some(opened.home.absolute(&thread.rollout_path).to_string_lossy().into_owned()),
        cwd: thread.cwd,
        cli_version: thread.cli_version,
        originator: thread.originator,
        source: source_of(thread.source.as_deref()),
        can_accept_direct_input: None,
        thread_source: thread.thread_source,
        agent_nickname: thread.agent_nickname,
        agent_role: thread.agent_role,
        git_info: has_git.then_some(git),
        name: thread.name,
        daybreak_enabled: None,
        turns: Vec::new(),
    }
}

/// Returns the source as clients know it: a word, or an object with the key `subAgent`.
fn source_of(source: Option<&str>) -> Value {
    match source {
        None => "unknown".into(),
        // The agent's server names its clients' threads so.
        Some("mcp") => "appServer".into(),
        Some(word) if !word.starts_with('{') => word.into(),
        Some(object) => match serde_json::from_str(object) {
            Ok(Value::Object(mut object)) => match object.remove("subagent") {
                Some(agent) => json!({ "subAgent": agent }),
                None => object.into(),
            },
            _ => "unknown".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_word_or_an_object() {
        let cases = [
            (None, json!("unknown")),
            (Some("exec"), json!("exec")),
            (Some("mcp"), json!("appServer")),
            (Some(r#"{"subagent":"review"}"#), json!({ "subAgent": "review" })),
            (Some(r#"{"custom":"atlas"}"#), json!({ "custom": "atlas" })),
            (Some("{broken"), json!("unknown")),
        ];
        for (source, expected) in cases {
            assert_eq!(source_of(source), expected);
        }
    }
}
