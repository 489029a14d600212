//! From calls of tools to the items that newer versions write: one vocabulary for every version.

use std::borrow::Cow;

use super::command::result_of;
use super::edit;
use super::item::{CalledAgent, PlanStep, TurnItemKind};
use crate::json::{self, Raw};
use crate::text::{MAX_ITEM_TEXT, bounded};

/// Tool whose calls no version writes as items.
pub(crate) const PLAN: &str = "update_plan";

/// Returns the item that a call makes.
pub(crate) fn item(name: String, arguments: &str) -> TurnItemKind {
    let typed = match &*name {
        "apply_patch" => patched(arguments),
        PLAN => plan(arguments),
        "shell" | "exec_command" | "shell_command" | "local_shell" | "container.exec" => ran(arguments),
        "spawn_agent" => spawned(&name, arguments),
        "view_image" => {
            let [path] = json::object(Some(arguments), ["path"]);
            json::path(path).map(|path| TurnItemKind::ImageView { path })
        }
        "web_search" => Some(TurnItemKind::WebSearch { query: query(Some(arguments)) }),
        "image_generation" => {
            let prompt = Some(bounded(arguments, MAX_ITEM_TEXT)).filter(|prompt| !prompt.is_empty());
            Some(TurnItemKind::ImageGeneration { status: None, prompt, path: None })
        }
        _ => mcp(&name, arguments),
    };
    let arguments = bounded(arguments, MAX_ITEM_TEXT);
    typed.unwrap_or(TurnItemKind::ToolCall { name, arguments, output: None })
}

/// Adds the result to the item of a call. Returns false if the item takes none.
pub(crate) fn answer(kind: &mut TurnItemKind, text: &str) -> bool {
    match kind {
        TurnItemKind::ToolCall { output, .. } => *output = Some(bounded(text, MAX_ITEM_TEXT)),
        TurnItemKind::CommandExecution { status, exit_code, duration_ms, output, .. } => {
            let result = result_of(text);
            *status = result.exit_code.map(|code| outcome(code == 0));
            (*exit_code, *duration_ms) = (result.exit_code, result.duration_ms);
            *output = Some(bounded(&result.output, MAX_ITEM_TEXT));
        }
        TurnItemKind::FileChange { status, output, .. } => {
            let result = result_of(text);
            let succeeded =
                result.exit_code.map_or_else(|| result.output.starts_with("Success"), |code| code == 0);
            *status = Some(outcome(succeeded));
            *output = Some(bounded(&result.output, MAX_ITEM_TEXT));
        }
        TurnItemKind::McpToolCall { output, .. } => {
            let texts = content_texts(Some(text));
            let text = if texts.is_empty() { text } else { &texts };
            *output = Some(bounded(text, MAX_ITEM_TEXT));
        }
        TurnItemKind::CollabAgentToolCall { agents, .. } => {
            let [id, nickname] = json::object(Some(text), ["agent_id", "nickname"]);
            agents.extend(json::name(id).map(|thread_id| CalledAgent {
                thread_id,
                nickname: json::name(nickname),
                state: None,
                message: None,
            }));
        }
        _ => return false,
    }
    true
}

fn outcome(succeeded: bool) -> String {
    if succeeded { "completed" } else { "failed" }.to_owned()
}

/// Reads the arguments of a tool that runs a command.
fn ran(arguments: &str) -> Option<TurnItemKind> {
    let [command, cmd, cwd, workdir] = json::object(Some(arguments), ["command", "cmd", "cwd", "workdir"]);
    let command = command.or(cmd);
    let words: Vec<String> = match json::text(command) {
        Some(line) => vec![line.into_owned()],
        None => json::texts(command).map(Cow::into_owned).collect(),
    };
    if let Some(patched) = words.last().and_then(|script| patched(script)) {
        return Some(patched);
    }
    (!words.is_empty()).then(|| TurnItemKind::CommandExecution {
        command: words,
        cwd: json::path(workdir.or(cwd)),
        status: None,
        exit_code: None,
        duration_ms: None,
        output: None,
    })
}

/// Reads a patch: as it is, in JSON, or in a script.
fn patched(text: &str) -> Option<TurnItemKind> {
    let [input, patch] = json::object(Some(text), ["input", "patch"]);
    let text = json::text(input.or(patch)).unwrap_or(Cow::Borrowed(text));
    let changes = edit::patch(&text);
    (!changes.is_empty()).then_some(TurnItemKind::FileChange { changes, status: None, output: None })
}

fn plan(arguments: &str) -> Option<TurnItemKind> {
    let [explanation, plan] = json::fields(arguments, ["explanation", "plan"]).ok()?;
    Some(TurnItemKind::Plan { explanation: long_text(explanation), steps: plan_steps(plan) })
}

/// Reads the steps of a plan.
pub(super) fn plan_steps(plan: Raw<'_>) -> Vec<PlanStep> {
    let step = |item| {
        let [step, status] = json::object(Some(item), ["step", "status"]);
        Some(PlanStep { step: long_text(step)?, status: json::name(status) })
    };
    json::items(plan).into_iter().filter_map(step).collect()
}

fn spawned(tool: &str, arguments: &str) -> Option<TurnItemKind> {
    let [message, prompt] = json::object(Some(arguments), ["message", "prompt"]);
    let prompt = Some(long_text(message.or(prompt))?);
    Some(TurnItemKind::CollabAgentToolCall {
        tool: tool.to_owned(),
        status: None,
        prompt,
        agents: Vec::new(),
    })
}

fn mcp(name: &str, arguments: &str) -> Option<TurnItemKind> {
    let (server, tool) = name.strip_prefix("mcp__")?.split_once("__")?;
    Some(TurnItemKind::McpToolCall {
        server: server.to_owned(),
        tool: tool.to_owned(),
        arguments: bounded(arguments, MAX_ITEM_TEXT),
        status: None,
        output: None,
        duration_ms: None,
    })
}

/// Returns the words of a search, or the address of a page.
pub(super) fn query(action: Raw<'_>) -> String {
    let [query, url, pattern] = json::object(action, ["query", "url", "pattern"]);
    let found = [query, url, pattern].into_iter().filter_map(json::text);
    bounded(&found.collect::<Vec<_>>().join(" "), MAX_ITEM_TEXT)
}

/// Returns the texts in the content of a result, one after the other.
pub(super) fn content_texts(content: Raw<'_>) -> String {
    let text = |part| {
        let [text] = json::object(Some(part), ["text"]);
        json::text(text)
    };
    json::items(content).into_iter().filter_map(text).collect::<Vec<_>>().join("\n")
}

fn long_text(raw: Raw<'_>) -> Option<String> {
    json::long(raw).filter(|text| !text.is_empty())
}
