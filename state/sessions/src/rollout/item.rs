//! Items as rollouts have them whole (`item_completed`): `threadkeep-rollout` reads each of them
//! back as the same kind.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use threadkeep_redact::redact;
use threadkeep_rollout::{TurnItem, TurnItemKind};

use super::part::{
    AgentPart, Change, Duration, McpResult, Nickname, ReviewOutput, State, Step, UserPart, as_map, by_path,
};
use super::text::safe;

/// Item without secrets.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<'a> {
    Known {
        #[serde(flatten)]
        kind: Kind<'a>,
        id: Option<&'a str>,
    },
    /// As it was written.
    Other(Cow<'a, RawValue>),
}

#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum Kind<'a> {
    UserMessage {
        kind: &'a str,
        content: Vec<UserPart<'a>>,
    },
    AgentMessage {
        content: [AgentPart<'a>; 1],
        phase: Option<&'a str>,
    },
    Reasoning {
        summary_text: Vec<Cow<'a, str>>,
    },
    CommandExecution {
        command: Vec<Cow<'a, str>>,
        cwd: Option<&'a str>,
        status: Option<&'a str>,
        exit_code: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        duration: Option<Duration>,
        aggregated_output: Option<Cow<'a, str>>,
    },
    FileChange {
        #[serde(serialize_with = "as_map")]
        changes: Vec<(&'a str, Change<'a>)>,
        status: Option<&'a str>,
        stderr: Option<Cow<'a, str>>,
    },
    Plan {
        text: Option<Cow<'a, str>>,
        steps: Vec<Step<'a>>,
    },
    CollabAgentToolCall {
        tool: &'a str,
        status: Option<&'a str>,
        prompt: Option<Cow<'a, str>>,
        receiver_thread_ids: Vec<&'a str>,
        receiver_agents: Vec<Nickname<'a>>,
        #[serde(serialize_with = "as_map")]
        agents_states: Vec<(&'a str, State<'a>)>,
    },
    SubAgentActivity {
        kind: &'a str,
        agent_thread_id: Option<&'a str>,
        agent_path: Option<&'a str>,
    },
    McpToolCall {
        server: &'a str,
        tool: &'a str,
        arguments: Cow<'a, str>,
        status: Option<&'a str>,
        result: Option<McpResult<'a>>,
        duration: Option<Duration>,
    },
    ToolCall {
        name: &'a str,
        arguments: Cow<'a, str>,
        output: Option<Cow<'a, str>>,
    },
    WebSearch {
        query: Cow<'a, str>,
    },
    ImageView {
        path: &'a str,
    },
    ImageGeneration {
        status: Option<&'a str>,
        revised_prompt: Option<Cow<'a, str>>,
        saved_path: Option<&'a str>,
    },
    ContextCompaction,
    EnteredReviewMode {
        user_facing_hint: Option<Cow<'a, str>>,
    },
    ExitedReviewMode {
        review_output: ReviewOutput<'a>,
    },
    Unknown,
}

impl<'a> Item<'a> {
    pub(super) fn of(item: &'a TurnItem) -> Self {
        match &item.kind {
            TurnItemKind::Other { item_type, item: written } => {
                Self::Other(other(item_type, written, item.id.as_deref()))
            }
            kind => Self::Known { kind: Kind::of(kind), id: item.id.as_deref() },
        }
    }
}

impl<'a> Kind<'a> {
    fn of(kind: &'a TurnItemKind) -> Self {
        match kind {
            TurnItemKind::UserMessage { text, images } => {
                let words = (!text.is_empty()).then(|| UserPart::Text { text: safe(text) });
                let images = (0..*images).map(|_| UserPart::Image);
                // A person typed it, whatever it begins with.
                Self::UserMessage { kind: "plain", content: words.into_iter().chain(images).collect() }
            }
            TurnItemKind::AgentMessage { text, phase } => Self::AgentMessage {
                content: [AgentPart::Text { text: safe(text) }],
                phase: phase.as_deref(),
            },
            TurnItemKind::Reasoning { summary } => Self::Reasoning { summary_text: all_safe(summary) },
            TurnItemKind::CommandExecution { command, cwd, status, exit_code, duration_ms, output } => {
                Self::CommandExecution {
                    command: without_secrets(command),
                    cwd: cwd.as_deref(),
                    status: status.as_deref(),
                    exit_code: *exit_code,
                    duration: duration_ms.map(Duration::of),
                    aggregated_output: output.as_deref().map(safe),
                }
            }
            TurnItemKind::FileChange { changes, status, output } => Self::FileChange {
                changes: by_path(changes),
                status: status.as_deref(),
                stderr: output.as_deref().map(safe),
            },
            TurnItemKind::Plan { explanation, steps } => Self::Plan {
                text: explanation.as_deref().map(safe),
                steps: steps.iter().map(Step::of).collect(),
            },
            TurnItemKind::CollabAgentToolCall { tool, status, prompt, agents } => Self::CollabAgentToolCall {
                tool,
                status: status.as_deref(),
                prompt: prompt.as_deref().map(safe),
                receiver_thread_ids: agents.iter().map(|agent| &*agent.thread_id).collect(),
                receiver_agents: agents.iter().filter_map(Nickname::of).collect(),
                agents_states: agents.iter().filter_map(State::of).collect(),
            },
            TurnItemKind::SubAgentActivity { activity, thread_id, agent_path } => Self::SubAgentActivity {
                kind: activity,
                agent_thread_id: thread_id.as_deref(),
                agent_path: agent_path.as_deref(),
            },
            TurnItemKind::McpToolCall { server, tool, arguments, status, output, duration_ms } => {
                let text = |output| McpResult { content: [UserPart::Text { text: safe(output) }] };
                Self::McpToolCall {
                    server,
                    tool,
                    arguments: safe(arguments),
                    status: status.as_deref(),
                    result: output.as_deref().map(text),
                    duration: duration_ms.map(Duration::of),
                }
            }
            TurnItemKind::ToolCall { name, arguments, output } => {
                Self::ToolCall { name, arguments: safe(arguments), output: output.as_deref().map(safe) }
            }
            TurnItemKind::WebSearch { query } => Self::WebSearch { query: safe(query) },
            TurnItemKind::ImageView { path } => Self::ImageView { path },
            TurnItemKind::ImageGeneration { status, prompt, path } => Self::ImageGeneration {
                status: status.as_deref(),
                revised_prompt: prompt.as_deref().map(safe),
                saved_path: path.as_deref(),
            },
            TurnItemKind::ContextCompaction => Self::ContextCompaction,
            TurnItemKind::EnteredReview { target } => {
                Self::EnteredReviewMode { user_facing_hint: target.as_deref().map(safe) }
            }
            TurnItemKind::ExitedReview { review } => {
                let overall_explanation = review.as_deref().map(safe);
                Self::ExitedReviewMode { review_output: ReviewOutput { overall_explanation } }
            }
            // A test fails for a kind that is not above.
            _ => Self::Unknown,
        }
    }
}

fn all_safe(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| safe(text)).collect()
}

/// Redacts a command: a secret may only be known by the option before it, which is another word.
/// Such a command becomes one line.
fn without_secrets(command: &[String]) -> Vec<Cow<'_, str>> {
    let words = all_safe(command);
    if words.len() > 1
        && let Cow::Owned(line) = redact(&words.join(" "))
    {
        return vec![Cow::Owned(line)];
    }
    words
}

/// Returns an item of another kind without secrets; its type and id alone if that is no item.
fn other<'a>(item_type: &str, written: &'a RawValue, id: Option<&str>) -> Cow<'a, RawValue> {
    let redacted = match redact(written.get()) {
        Cow::Borrowed(json) => json.starts_with('{').then_some(Cow::Borrowed(written)),
        Cow::Owned(json) => RawValue::from_string(json).ok().map(Cow::Owned),
    };
    redacted.unwrap_or_else(|| {
        let bare = serde_json::json!({ "type": item_type, "id": id });
        Cow::Owned(to_raw_value(&bare).expect("two strings are JSON"))
    })
}
