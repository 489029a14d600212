//! `config.load`: the agent's settings and Threadkeep's own.

use threadkeep_app::dirs::path_word;
use threadkeep_app::settings::{ConfigFile, Origin};
use threadkeep_app::text::counted;

use super::worst;
use crate::agent::{AgentConfig, Parse, Provider};
use crate::check::Finding;
use crate::context::Context;
use crate::remedy;
use crate::repository::Repository;

/// Providers that the agent knows without a table in its settings.
const BUILT_IN: &[&str] = &["openai", "ollama", "ollama-chat", "lmstudio", "oss", "amazon-bedrock"];

pub(super) fn check(context: &Context) -> Finding {
    let (config, ours) = (context.agent(), ConfigFile::read(&context.dirs.sqlite_home));
    let provider = config.provider();
    let model = config.setting("model").unwrap_or("default");
    let mut problems = of_agent(context, config);
    problems.extend(of_ours(context, &ours));
    let summary = match config.parse {
        Parse::Missing => "no config.toml, so the agent's defaults hold".to_owned(),
        _ => format!("model {model} · provider {}", provider.id),
    };
    let profiles = config.value(&["profiles"]).and_then(toml::Value::as_table);
    let profiles = profiles.map(|profiles| profiles.keys().cloned().collect()).unwrap_or_default();
    let set = ours.settings.iter().filter(|setting| setting.origin != Origin::Default).count();
    let own = if ours.exists { counted(set as u64, "setting") } else { "none: defaults".to_owned() };
    worst(problems, "problems")
        .unwrap_or_else(|| Finding::ok(summary))
        .detail("config.toml", config.path.display().to_string())
        .detail("parse", parsed(&config.parse))
        .detail("model", model)
        .detail("provider", provider_name(&provider))
        .detail("profile", config.profile().unwrap_or("none"))
        .list("profiles", profiles)
        .detail("project settings", project(context))
        .detail("cwd", context.machine.cwd.display().to_string())
        .detail("threadkeep config", ours.path.display().to_string())
        .detail("threadkeep settings", own)
}

/// Returns the problems of the agent's file.
fn of_agent(context: &Context, config: &AgentConfig) -> Vec<Finding> {
    let edit = |line| remedy::edit(context, &config.path, line);
    match &config.parse {
        Parse::Missing => return Vec::new(),
        Parse::Unreadable(why) => {
            let remedy = format!("ls -ld {}", path_word(&config.path));
            return vec![Finding::fail(format!("config.toml cannot be read: {why}"), remedy)];
        }
        Parse::Broken { line, column, .. } => {
            let what = format!("config.toml is broken at line {line}, column {column}");
            return vec![Finding::fail(what, edit(Some(*line)))];
        }
        Parse::Fine => {}
    }
    let mut problems = Vec::new();
    for key in ["model", "model_provider", "profile"] {
        if config.table.get(key).is_some_and(|value| !value.is_str()) {
            problems.push(Finding::fail(format!("{key} must be a text"), edit(None)));
        }
    }
    for table in ["model_providers", "profiles", "features", "mcp_servers"] {
        if config.table.get(table).is_some_and(|value| !value.is_table()) {
            problems.push(Finding::fail(format!("{table} must be a table"), edit(None)));
        }
    }
    if let Some(profile) = config.profile()
        && config.value(&["profiles", profile]).is_none()
    {
        problems.push(Finding::warning(format!("there is no profile {profile}"), edit(None)));
    }
    let provider = config.provider().id;
    if !BUILT_IN.contains(&provider.as_str()) && config.value(&["model_providers", &provider]).is_none() {
        problems.push(Finding::warning(format!("there is no model provider {provider}"), edit(None)));
    }
    problems
}

/// Returns the problems of Threadkeep's own file.
fn of_ours(context: &Context, ours: &ConfigFile) -> Vec<Finding> {
    let of = |problem: &threadkeep_app::settings::Problem| {
        let remedy = remedy::edit(context, &ours.path, problem.place.map(|place| place.line));
        let line = problem.place.map(|place| format!(" line {}:", place.line)).unwrap_or_default();
        let what = format!("threadkeep config:{line} {}", problem.message);
        match problem.severity {
            threadkeep_app::settings::Severity::Error => Finding::fail(what, remedy),
            threadkeep_app::settings::Severity::Warning => Finding::warning(what, remedy),
        }
    };
    ours.problems.iter().map(of).collect()
}

/// Returns the key of a provider, with its name if that says more.
fn provider_name(provider: &Provider) -> String {
    if provider.name == provider.id {
        provider.id.clone()
    } else {
        format!("{} ({})", provider.id, provider.name)
    }
}

fn parsed(parse: &Parse) -> String {
    match parse {
        Parse::Missing => "no file".to_owned(),
        Parse::Unreadable(why) => why.clone(),
        Parse::Broken { line, column, message } => {
            format!("line {line}, column {column}: {}", threadkeep_app::text::one_line(message))
        }
        Parse::Fine => "ok".to_owned(),
    }
}

/// Returns if the project has settings of its own for the agent.
fn project(context: &Context) -> &'static str {
    let root = Repository::find(&context.machine.cwd).map(|repository| repository.root);
    let file = root.as_deref().unwrap_or(&context.machine.cwd).join(".codex/config.toml");
    // The user's own file is not one of a project.
    if file.is_file() && file != context.agent().path { "there are some" } else { "none" }
}
