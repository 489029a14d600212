//! `base_state.json`, as far as it is read. Its settings may hold keys, and are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::session::{Purpose, Tokens};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct State {
    agent: Agent,
    workspace: Workspace,
    /// `running`, `finished`, `error`, …
    pub(super) execution_status: Option<String>,
    stats: Stats,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Agent {
    llm: Llm,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Llm {
    model: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Workspace {
    working_dir: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    usage_to_metrics: BTreeMap<String, Metrics>,
}

/// Tokens of one use: the agent's own, or another.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metrics {
    model_name: Option<String>,
    accumulated_token_usage: Option<Usage>,
    token_usages: Vec<Usage>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    pub(super) model: Option<String>,
    pub(super) response_id: Option<String>,
    prompt_tokens: i64,
    completion_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    reasoning_tokens: Option<i64>,
}

impl From<&Usage> for Tokens {
    fn from(usage: &Usage) -> Self {
        let (cached_input, cache_write) = (usage.cache_read_tokens.max(0), usage.cache_write_tokens.max(0));
        Self {
            input: usage.prompt_tokens.max(cached_input.saturating_add(cache_write)),
            cached_input,
            cache_write,
            output: usage.completion_tokens.max(usage.reasoning_tokens.unwrap_or(0)).max(0),
            reasoning: usage.reasoning_tokens,
        }
    }
}

/// Request, as the state counts it.
pub(super) struct Counted {
    /// Unique in the session.
    pub(super) id: String,
    pub(super) purpose: Purpose,
    pub(super) usage: Usage,
}

impl State {
    pub(super) fn model(&self) -> &str {
        self.agent.llm.model.as_deref().unwrap_or_default()
    }

    pub(super) fn cwd(&self) -> &str {
        self.workspace.working_dir.as_deref().unwrap_or_default()
    }

    /// Returns all requests. Those of sub-agents only if `with_subagents`: they stand again in the
    /// sub-agents' own folders.
    pub(super) fn requests(&self, with_subagents: bool) -> Vec<Counted> {
        let mut requests = Vec::new();
        for (usage_id, metrics) in &self.stats.usage_to_metrics {
            let purpose = match usage_id.as_str() {
                "agent" => Purpose::Conversation,
                task if task.starts_with("task:") => Purpose::Subagent,
                _ => Purpose::Hidden,
            };
            if purpose == Purpose::Subagent && !with_subagents {
                continue;
            }
            let sum = metrics.accumulated_token_usage.iter().filter(|_| metrics.token_usages.is_empty());
            for (number, usage) in metrics.token_usages.iter().chain(sum).enumerate() {
                let tokens = Tokens::from(usage);
                if tokens.input == 0 && tokens.output == 0 {
                    continue;
                }
                let mut usage = usage.clone();
                usage.model = usage.model.or_else(|| metrics.model_name.clone());
                requests.push(Counted { id: format!("{usage_id}/{number}"), purpose, usage });
            }
        }
        requests
    }
}
