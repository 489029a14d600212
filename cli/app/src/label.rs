//! Short names of threads: the beginning of an id, a label, a folder.

use std::path::Path;

use serde_json::Value;
use threadkeep_state::{Agent, Thread, ThreadCaption};

use crate::folders::shown;
use crate::text::one_line;

/// Least number of characters of an id that are shown: the time in it, to the millisecond.
pub const SHORT_ID: usize = 13;

/// Returns the thread's name, else its title, else an agent's nickname and path.
pub fn thread_label(thread: &Thread) -> String {
    label_of(&[&thread.name, &thread.title], &thread.agent_nickname, &thread.agent_path)
}

/// Returns the label of a thread by its caption.
pub fn caption_label(caption: &ThreadCaption) -> String {
    label_of(&[&caption.name, &caption.title], &caption.agent_nickname, &caption.agent_path)
}

/// Returns the name or title of a thread of the agent graph, else its nickname and path.
pub fn agent_label(agent: &Agent) -> String {
    label_of(&[&agent.name], &agent.nickname, &agent.path)
}

/// Returns the first text that is not empty, else an agent's nickname and path.
fn label_of(texts: &[&Option<String>], nickname: &Option<String>, path: &Option<String>) -> String {
    let text = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
    let agent = || match (text(nickname), text(path)) {
        (Some(nickname), Some(path)) => Some(format!("{nickname} ({path})")),
        (nickname, path) => nickname.or(path),
    };
    let label = texts.iter().find_map(|it| text(it)).or_else(agent);
    label.unwrap_or_else(|| NO_LABEL.to_owned())
}

/// Returns a sub-agent's nickname or else its path, and its role: `Newton (explorer)`.
pub fn agent_names(agent: &Agent) -> String {
    let text = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
    let name = text(&agent.nickname).or_else(|| text(&agent.path));
    match (name, text(&agent.role)) {
        (Some(name), Some(role)) => format!("{name} ({role})"),
        (name, role) => name.or(role).unwrap_or_default(),
    }
}

/// Renders a path with the user's home as `~`, and without the prefix of long Windows paths.
pub fn tilde(path: &str, user_home: Option<&Path>) -> String {
    let path = &shown(path);
    let inside = user_home
        .filter(|home| home.parent().is_some())
        .and_then(|home| Path::new(path).strip_prefix(home).ok());
    match inside {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{}", rest.display()),
        None => path.to_owned(),
    }
}

/// Returns the word of a source: `subagent` for `{"subagent":…}`.
pub fn kind_of_source(source: &str) -> String {
    let object = serde_json::from_str::<serde_json::Map<String, Value>>(source).ok();
    let kind = object.and_then(|object| object.into_iter().next()).map(|(kind, _)| kind);
    one_line(&kind.unwrap_or_else(|| source.to_owned()))
}

/// Label of a thread in which nothing was said.
pub const NO_LABEL: &str = "(no message yet)";
