//! A memory in words and for programs.

use serde_json::{Value, json};
use threadkeep_app::label::NO_LABEL;
use threadkeep_app::text::{clean, one_line};
use threadkeep_memories::Memory;

use crate::output::json::{at, ms};

/// Returns the thread's name, or else the subject that the model gave.
pub(super) fn name(memory: &Memory) -> String {
    let slug = memory.output.slug.as_ref().map(|slug| slug.replace('_', " "));
    let name = memory.thread.title.as_deref().map(one_line).filter(|name| !name.is_empty()).or(slug);
    name.unwrap_or_else(|| NO_LABEL.to_owned())
}

/// Renders a memory for programs.
pub(super) fn of_memory(memory: &Memory) -> Value {
    let Memory { thread, output, .. } = memory;
    json!({
        "thread_id": thread.id,
        "title": thread.title,
        "cwd": thread.cwd,
        "git_branch": thread.git_branch,
        "updated_at": at(thread.updated_at),
        "updated_at_ms": ms(thread.updated_at),
        "generated_at": at(memory.generated_at),
        "generated_at_ms": ms(memory.generated_at),
        "usage_count": memory.usage_count,
        "last_used_at": at(memory.last_used_at),
        "last_used_at_ms": ms(memory.last_used_at),
        "consolidated": memory.selected,
        "slug": output.slug,
        "rollout_summary": output.rollout_summary,
        "raw_memory": output.raw_memory,
    })
}

/// Makes a text of several lines safe to print.
pub(super) fn lines(text: &str) -> String {
    text.lines().map(|line| clean(line).into_owned() + "\n").collect()
}
