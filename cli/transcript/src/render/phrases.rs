//! Words that every renderer for people uses.

use std::time::Duration;

use threadkeep_app::text::{count, counted};
use threadkeep_app::time::elapsed;
use threadkeep_rollout::{BaseProblem, TurnStatus};

use crate::model::{Edit, Entry, State, SubAgent, Turn};

/// Returns the word for a status; `None` for a turn that was completed, which needs none.
pub(super) fn status(turn: &Turn) -> Option<&'static str> {
    match turn.status {
        TurnStatus::Completed => None,
        TurnStatus::Interrupted => Some("interrupted"),
        TurnStatus::Failed => Some("failed"),
        TurnStatus::InProgress => Some("in progress"),
        _ => Some("in an unknown state"),
    }
}

/// Renders a duration in milliseconds.
pub(super) fn duration(ms: u64) -> String {
    elapsed(Duration::from_millis(ms))
}

/// Renders exit code and duration: `exit 1 · 2.3 s`.
pub(super) fn result(state: State, exit_code: Option<i64>, duration_ms: Option<u64>) -> String {
    let code = exit_code.map(|code| format!("exit {code}"));
    let failed = || (state == State::Failed).then(|| "failed".to_owned());
    let parts = code.or_else(failed).into_iter().chain(duration_ms.map(duration));
    parts.collect::<Vec<_>>().join(" · ")
}

/// Renders the line about a file: `edited src/a.rs`.
pub(super) fn edited(edit: &Edit) -> String {
    let verb = match edit.kind {
        "add" => "added",
        "delete" => "deleted",
        _ if edit.moved_to.is_some() => "moved",
        _ => "edited",
    };
    let moved = edit.moved_to.as_ref().map(|path| format!(" → {path}")).unwrap_or_default();
    format!("{verb} {}{moved}", edit.path)
}

/// Renders the numbers of lines that an edit added and removed: `+3 −1`.
pub(super) fn change(edit: &Edit) -> String {
    let number = |sign, lines| (lines > 0).then(|| format!("{sign}{}", count(lines as u64)));
    let parts = number("+", edit.added).into_iter().chain(number("−", edit.removed));
    parts.collect::<Vec<_>>().join(" ")
}

/// Returns the mark of a step of a plan.
pub(super) fn mark(status: &str) -> &'static str {
    match status {
        "completed" => "✓",
        "in_progress" => "▸",
        _ => "○",
    }
}

/// Renders what an agent did with sub-agents: `started a sub-agent`.
pub(super) fn action(action: &str, agents: usize) -> String {
    let agents = if agents > 1 { counted(agents as u64, "sub-agent") } else { "a sub-agent".to_owned() };
    match action {
        "spawn_agent" => format!("started {agents}"),
        "wait" | "wait_agent" => format!("waited for {agents}"),
        "close_agent" => format!("closed {agents}"),
        "resume_agent" => format!("resumed {agents}"),
        "send_input" => format!("wrote to {agents}"),
        "started" => "a sub-agent started".to_owned(),
        "completed" => "a sub-agent ended".to_owned(),
        other => format!("{}: {agents}", other.replace('_', " ")),
    }
}

/// Renders a sub-agent: its name, its thread's id and its state.
pub(super) fn agent(agent: &SubAgent) -> String {
    let state = agent.state.as_ref().map(|state| format!("({})", state.replace('_', " ")));
    let parts = [agent.name.clone(), agent.thread_id.clone(), state];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Renders an event that needs one line alone; `None` for any other.
pub(super) fn line(entry: &Entry) -> Option<String> {
    Some(match entry {
        Entry::Search { query } => format!("searched the web: {query}"),
        Entry::Image { made, path, prompt } => {
            let what = path.as_ref().or(prompt.as_ref()).cloned().unwrap_or_default();
            format!("{} an image: {what}", if *made { "made" } else { "looked at" })
        }
        Entry::Compaction => "summed up the conversation so far to make room".to_owned(),
        Entry::Review { ended: false, text } => match text {
            Some(subject) => format!("review of {subject}"),
            None => "review".to_owned(),
        },
        Entry::Other { item_type } => format!("{item_type} (of a type that is not shown here)"),
        _ => return None,
    })
}

/// Renders the number of images in a message.
pub(super) fn images(images: usize) -> Option<String> {
    (images > 0).then(|| format!("[{}]", counted(images as u64, "image")))
}

/// Says what a turn lacks.
pub(super) fn omitted(turn: &Turn) -> Option<String> {
    (turn.omitted > 0).then(|| format!("{} more are not shown", counted(turn.omitted, "item")))
}

/// Says why older turns are missing.
pub(super) fn problem(problem: &BaseProblem) -> String {
    format!("older turns are missing: {problem}")
}
