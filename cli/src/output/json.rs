//! JSON for programs: documents, times, and the shapes of a thread and a goal.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_history::{Purpose, TokenUsage};
use threadkeep_state::{NameSource, Thread};
use threadkeep_state_goals::Goal;

use threadkeep_app::text::is_hazard;

/// Renders a document and ends its line: indented for a person at a terminal, one line for a
/// program.
///
/// Text may hold characters that a terminal obeys and JSON does not escape (C1 controls,
/// bidirectional overrides). They occur only inside of strings, so that escaping them changes
/// nothing for a parser.
pub(crate) fn document(value: &Value, indented: bool) -> String {
    let rendered = if indented { format!("{value:#}") } else { value.to_string() };
    let mut text = String::with_capacity(rendered.len() + 1);
    for c in rendered.chars() {
        if c != '\n' && is_hazard(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(c);
        }
    }
    text.push('\n');
    text
}

/// Renders a time as RFC 3339. Every document also has it as [`ms`], under its name and `_ms`.
pub(crate) fn at(at: impl Into<Option<Timestamp>>) -> Option<String> {
    at.into().map(|at| format!("{at:.3}"))
}

/// Renders a time in Unix milliseconds.
pub(crate) fn ms(at: impl Into<Option<Timestamp>>) -> Option<i64> {
    at.into().map(Timestamp::as_millisecond)
}

/// Renders a thread, with the names of the table `threads`, and its goal.
pub(crate) fn thread(thread: &Thread, goal: Option<&Goal>) -> Value {
    json!({
        "id": thread.id,
        "agent": thread.agent(),
        "rollout_path": thread.rollout_path,
        "kind": thread.kind.as_str(),
        "parent_thread_id": thread.parent_thread_id,
        "forked_from_id": thread.forked_from_id,
        "attached_to_thread_id": thread.attached_to_thread_id,
        "name": thread.name,
        "name_from": thread.name_from.map(NameSource::as_str),
        "title": thread.title,
        "preview": thread.title,
        "first_user_message": thread.first_user_message,
        "created_at": at(thread.created_at),
        "created_at_ms": ms(thread.created_at),
        "updated_at": at(thread.updated_at),
        "updated_at_ms": ms(thread.updated_at),
        "archived": thread.archived,
        "archived_at": at(thread.archived_at),
        "archived_at_ms": ms(thread.archived_at),
        "missing_since": at(thread.missing_since),
        "missing_since_ms": ms(thread.missing_since),
        "cwd": thread.cwd,
        "source": thread.source,
        "thread_source": thread.thread_source,
        "model_provider": thread.model_provider,
        "model": thread.model,
        "reasoning_effort": thread.reasoning_effort,
        "cli_version": thread.cli_version,
        "originator": thread.originator,
        "history_mode": thread.history_mode,
        "sandbox_policy": thread.sandbox_policy,
        "approval_mode": thread.approval_mode,
        "own_tokens": thread.own_tokens,
        "inherited_tokens": thread.inherited_tokens,
        "git_sha": thread.git_sha,
        "git_branch": thread.git_branch,
        "git_origin_url": thread.git_origin_url,
        "agent_nickname": thread.agent_nickname,
        "agent_role": thread.agent_role,
        "agent_path": thread.agent_path,
        "memory_mode": thread.memory_mode,
        "run_outcome": thread.run_outcome.as_str(),
        "goal": goal.map(self::goal),
        "agent_goal": thread.agent_goal,
    })
}

/// Renders a goal, with the names of the table `thread_goals`.
pub(crate) fn goal(goal: &Goal) -> Value {
    json!({
        "thread_id": goal.thread_id,
        "goal_id": goal.goal_id,
        "objective": goal.objective,
        "status": goal.status.as_str(),
        "token_budget": goal.token_budget,
        "tokens_used": goal.tokens_used,
        "seconds_used": goal.seconds_used,
        "created_at": at(goal.created_at),
        "created_at_ms": ms(goal.created_at),
        "updated_at": at(goal.updated_at),
        "updated_at_ms": ms(goal.updated_at),
    })
}

/// Renders tokens. Cached ones are a part of the input, and reasoning a part of the output.
pub(crate) fn tokens(tokens: &TokenUsage) -> Value {
    json!({
        "input": tokens.input,
        "cached_input": tokens.cached_input,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "total": tokens.total,
    })
}

/// Adds the tokens of requests outside the conversation, if there are any: most agents' files have
/// none.
pub(crate) fn add_others(document: &mut Value, purpose: Purpose, used: &TokenUsage, requests: u64) {
    if requests > 0 {
        let name = if purpose == Purpose::Subagent { "sub_agents" } else { "hidden" };
        document[name] = tokens(used);
        document[name]["requests"] = requests.into();
    }
}

#[cfg(test)]
#[path = "../../tests/unit/output_json.rs"]
mod tests;
