//! The parts of the memory pipeline, as the settings choose them.

use std::sync::Arc;
use std::time::Duration;

use threadkeep_memories::extraction::ExtractionOptions;
use threadkeep_memories::{ConsolidationAgent, Eligibility, Redactor, StageOneModel};
use threadkeep_memory_runners::{CommandAgent, DigestAgent, DigestModel};
use threadkeep_redact::redact;
use threadkeep_state::lease_owner;
use uuid::Uuid;

use crate::fault::Fault;
use crate::settings::Memories;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// Removes secrets by the rules of `threadkeep-redact`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Redact;

impl Redactor for Redact {
    fn redact(&self, text: &str) -> String {
        redact(text).into_owned()
    }
}

/// Returns the rules for threads.
fn eligibility(settings: &Memories) -> Eligibility {
    let mut rules = Eligibility::default();
    rules.min_idle = Duration::from_secs(settings.min_idle_hours * HOUR);
    rules.max_age = Duration::from_secs(settings.max_age_days * DAY);
    rules.include_exec = settings.include_exec;
    rules.include_archived = settings.include_archived;
    rules.max_running = u32::try_from(settings.max_running).unwrap_or(u32::MAX);
    rules
}

/// Environment variable in which the agent's commands find their thread.
const CURRENT_THREAD: &str = "CODEX_THREAD_ID";

/// Returns the thread whose agent runs this program.
#[must_use]
pub fn current_thread() -> Option<Uuid> {
    let id = std::env::var(CURRENT_THREAD).ok()?;
    Uuid::try_parse(id.trim()).ok()
}

/// Returns the options of phase 1. `current` is the thread that is open now.
#[must_use]
pub fn extraction(settings: &Memories, current: Option<Uuid>) -> ExtractionOptions {
    let mut options = ExtractionOptions::new(lease_owner());
    options.rules = eligibility(settings);
    options.rules.current_thread = current;
    options.limit = size(settings.max_threads);
    options.concurrency = size(settings.concurrency);
    options.input_tokens = size(settings.input_tokens);
    options
}

/// Returns the model of phase 1: a Responses API if one is set, otherwise the digest.
///
/// # Errors
///
/// Fails if the API's settings cannot be used, or its key is not in the environment.
pub fn model(settings: &Memories) -> Result<Arc<dyn StageOneModel>, Fault> {
    if settings.api_url.is_empty() { Ok(Arc::new(DigestModel)) } else { responses(settings) }
}

/// Returns the agent of phase 2: a program if one is set, otherwise the digest.
///
/// # Errors
///
/// Fails if the program is named by a relative path.
pub fn agent(settings: &Memories) -> Result<Arc<dyn ConsolidationAgent>, Fault> {
    if settings.agent_command.is_empty() {
        return Ok(Arc::new(DigestAgent::default().with_max_bytes(size(settings.summary_bytes))));
    }
    let agent = CommandAgent::new(settings.agent_command.clone(), Arc::new(Redact))
        .map_err(|error| Fault::new(error.to_string(), "correct `memories.agent_command` in the settings"))?;
    let timeout = Duration::from_secs(settings.agent_timeout_minutes * MINUTE);
    Ok(Arc::new(agent.with_timeout(timeout).with_variables(settings.agent_variables.iter().cloned())))
}

#[cfg(feature = "responses")]
fn responses(settings: &Memories) -> Result<Arc<dyn StageOneModel>, Fault> {
    use threadkeep_memory_runners::{ResponsesModel, ResponsesSettings};

    let mut api = ResponsesSettings::new(&settings.api_url, &settings.api_model);
    if settings.api_model.is_empty() {
        return Err(Fault::new("`memories.api_url` is set, and no model", "set `memories.api_model`"));
    }
    for header in &settings.api_headers {
        let Some((name, value)) = header.split_once(':') else {
            let message = "a header of `memories.api_headers` has no colon";
            return Err(Fault::new(message, "write each as \"Name: value\""));
        };
        api.headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    api.key_variable = Some(settings.api_key_variable.clone()).filter(|name| !name.is_empty());
    // Every thread of the run would fail for it.
    if let Some(name) = &api.key_variable
        && std::env::var_os(name).is_none_or(|key| key.is_empty())
    {
        let message = format!("the environment variable {name} with the model's key is not set");
        return Err(Fault::new(message, "set it, or correct `memories.api_key_variable` in the settings"));
    }
    api.effort = Some(settings.api_effort.clone()).filter(|effort| !effort.is_empty());
    api.timeout = Duration::from_secs(settings.api_timeout_seconds);
    let model = ResponsesModel::new(api)
        .map_err(|error| Fault::new(error.to_string(), "correct the section `[memories]` of the settings"))?;
    Ok(Arc::new(model))
}

#[cfg(not(feature = "responses"))]
fn responses(_settings: &Memories) -> Result<Arc<dyn StageOneModel>, Fault> {
    Err(Fault::new(
        "`memories.api_url` is set, and this build has no HTTP client",
        "build with `--features responses`, or remove the setting to use the digest",
    ))
}

pub(super) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
