//! Right values of the sessions in `examples/agents/<agent>`, which the agents themselves wrote:
//! `facts.json` was checked against what the model servers had served.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use threadkeep_sessions::{
    Environment, Outcome, Purpose, Relation, Session, SessionTurn, TitleSource, Tokens, store, testing,
};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// An agent's example: its store, what was read from it, and the right values.
pub(crate) struct Example {
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) facts: Value,
}

impl Example {
    /// Reads the first place of an agent's example, of which `home` is the folder that stands for
    /// the user's home. Checks the conformance suite, too.
    pub(crate) fn read(agent: &str, home: &str) -> Result<Self> {
        let folder = folder(agent);
        let store = store(agent).ok_or("an agent that this build knows")?;
        let place = store.places(&Environment::new(folder.join(home))).remove(0);
        let sessions = testing::conforms(store, &place)?;
        let sessions = sessions.into_iter().map(|session| (session.native_id.clone(), session)).collect();
        let facts = serde_json::from_slice(&fs::read(folder.join("facts.json"))?)?;
        Ok(Self { sessions, facts })
    }

    /// Calls `check` with each session of the facts, and what was read of it. Says which one fails.
    pub(crate) fn each(&self, check: impl Fn(&Value, &Session) -> Result) -> Result {
        let facts = self.facts["sessions"].as_array().ok_or("facts have sessions")?;
        let mut failed = Vec::new();
        for fact in facts {
            let id = fact["id"].as_str().ok_or("a session has an id")?;
            match self.sessions.get(id) {
                None => failed.push(format!("{id}: not found")),
                Some(session) => {
                    if let Err(error) = check(fact, session) {
                        failed.push(format!("{id}: {error}"));
                    }
                }
            }
        }
        if self.sessions.len() != facts.len() {
            let extra = self.sessions.keys().filter(|id| !facts.iter().any(|fact| fact["id"] == **id));
            failed.push(format!("more than in the facts: {:?}", extra.collect::<Vec<_>>()));
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
    }
}

/// Returns the folder of an agent's example.
pub(crate) fn folder(agent: &str) -> PathBuf {
    let name = match agent {
        "grok" => "grok-build",
        "kimi-code" => "kimicode",
        // Its examples are agent homes, which other crates read, too.
        "codex" => return Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/home-0.171"),
        other => other,
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents").join(name)
}

/// Returns the folders of an agent's example that stand for a user's home.
pub(crate) fn homes(agent: &str) -> Result<Vec<PathBuf>> {
    let folder = folder(agent);
    let mut homes = Vec::new();
    for entry in fs::read_dir(&folder)? {
        homes.push(entry?.path());
    }
    let is_home =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("home"));
    homes.retain(is_home);
    homes.sort();
    Ok(if homes.is_empty() { vec![folder] } else { homes })
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Compares a value with that of the facts.
pub(crate) fn same(what: &str, read: &Value, fact: &Value) -> Result {
    if read == fact { Ok(()) } else { Err(format!("{what}: read {read}, right is {fact}").into()) }
}

/// Compares times, to the millisecond.
pub(crate) fn same_time(what: &str, read: Option<jiff::Timestamp>, fact: &Value) -> Result {
    let right: Option<jiff::Timestamp> = fact.as_str().map(str::parse).transpose()?;
    let ms = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
    same(what, &json!(ms(read)), &json!(ms(right)))
}

/// Returns tokens with the names of the facts.
pub(crate) fn tokens(tokens: Tokens, fact: &Value) -> Value {
    let all = [
        ("input", json!(tokens.input)),
        ("cached", json!(tokens.cached_input)),
        ("cache_write", json!(tokens.cache_write)),
        ("output", json!(tokens.output)),
        ("reasoning", json!(tokens.reasoning)),
    ];
    let named = |(name, value): &(&str, Value)| fact.get(name).map(|_| ((*name).to_owned(), value.clone()));
    Value::Object(all.iter().filter_map(named).collect())
}

/// Compares all that the facts of Claude Code, Gemini CLI, Qwen Code and pi have.
pub(crate) fn first_form(fact: &Value, session: &Session) -> Result {
    let title = session.title.as_ref();
    same("title", &json!(title.map(|title| &title.text)), &fact["title"])?;
    let source = title.map(|title| if title.source == TitleSource::User { "user" } else { "agent" });
    same("title_source", &json!(source), &fact["title_source"])?;
    same("first_prompt", &json!(session.first_prompt()), &fact["first_prompt"])?;
    same("cwd", &json!(session.cwd), &fact["cwd"])?;
    same("cwds", &json!(session.cwds), &fact["cwds"])?;
    same("git_branch", &json!(session.git_branch), &fact["git_branch"])?;
    same("agent_version", &json!(session.agent_version), &fact["agent_version"])?;
    same("model", &json!(session.model), &fact["model"])?;
    same("models", &json!(session.models), &fact["models"])?;
    same_time("created", session.created_at, &fact["created"])?;
    same_time("updated", session.updated_at, &fact["updated"])?;
    same("turns", &json!(session.own_turns().count()), &fact["turns"])?;
    same("user_messages", &json!(session.turns.len()), &fact["user_messages"])?;
    let own = session.tokens(Purpose::Conversation, false);
    same("tokens", &tokens(own, &fact["tokens"]), &fact["tokens"])?;
    let inherited = session.tokens(Purpose::Conversation, true);
    same("tokens_inherited", &tokens(inherited, &fact["tokens_inherited"]), &fact["tokens_inherited"])?;
    let parent = session.parent.as_ref().map(|parent| (&parent.native_id, parent.relation));
    same("parent", &json!(parent.map(|(id, _)| id)), &fact["parent"]["id"])?;
    let relation = parent.map(|(_, relation)| if relation == Relation::Fork { "fork" } else { "subagent" });
    same("relation", &json!(relation), &fact["parent"]["kind"])?;
    let status = match session.outcome() {
        Some(Outcome::Interrupted) => "aborted",
        Some(Outcome::Failed) => "error",
        Some(outcome) => outcome.as_str(),
        None => "none",
    };
    same("status_in_file", &json!(status), &fact["status_in_file"])
}

/// Compares those values that the facts of `grok`, `continue` or `openhands` name.
pub(crate) fn stored_form(fact: &Value, session: &Session) -> Result {
    let prompts: Vec<_> = session.turns.iter().filter_map(SessionTurn::prompt).collect();
    let parent = session.parent.as_ref();
    let relation = parent.map(|parent| match parent.relation {
        Relation::Fork => "fork",
        Relation::Subagent => "subagent",
        _ => "another",
    });
    for (name, read) in [
        ("title", json!(session.title.as_ref().map(|title| &title.text))),
        ("cwd", json!(session.cwd)),
        ("git_branch", json!(session.git_branch)),
        ("agent_version", json!(session.agent_version)),
        ("model", json!(session.model)),
        ("prompts", json!(prompts)),
        ("parent", json!(parent.map(|parent| &parent.native_id))),
        ("parent_kind", json!(relation)),
    ] {
        if let Some(fact) = fact.get(name) {
            same(name, &read, fact)?;
        }
    }
    for (name, read) in [("created", session.created_at), ("updated", session.updated_at)] {
        if let Some(fact) = fact.get(name) {
            same_time(name, read, fact)?;
        }
    }
    let mut own = session.tokens(Purpose::Conversation, false);
    if session.requests.iter().all(|request| request.inherited) {
        // The facts have zeros where nothing was answered.
        own.reasoning = Some(0);
    }
    same("tokens", &tokens(own, &fact["tokens"]), &fact["tokens"])
}

/// Compares all that the facts of Copilot CLI, Kimi CLI, Kimi Code and Vibe have, but the title
/// and the status. `reasons` is true if the store counts reasoning tokens.
pub(crate) fn second_form(fact: &Value, session: &Session, reasons: bool) -> Result {
    same("cwd", &json!(session.cwd), &fact["cwd"])?;
    same("model", &json!(session.model), &fact["model"])?;
    same("git_branch", &json!(session.git_branch), &fact["git_branch"])?;
    same("agent_version", &json!(session.agent_version), &fact["agent_version"])?;
    same_time("created", session.created_at, &fact["created"])?;
    same_time("updated", session.updated_at, &fact["updated"])?;
    same("turns", &json!(session.turns.len()), &fact["turns"])?;
    let first = session.own_turns().find_map(SessionTurn::prompt);
    same("first_prompt", &json!(first), &fact["first_prompt"])?;
    let parent = session.parent.as_ref();
    same("parent", &json!(parent.map(|parent| &parent.native_id)), &fact["parent"])?;
    let kind = parent.map(|parent| if parent.relation == Relation::Fork { "fork" } else { "subagent" });
    same("parent_kind", &json!(kind), &fact["parent_kind"])?;
    let right = |fact: &Value, has_requests: bool| {
        let mut right = fact.clone();
        if let Some(reasoning) = right.get_mut("reasoning").filter(|_| !reasons || !has_requests) {
            *reasoning = Value::Null;
        }
        right
    };
    for (name, purpose, inherited) in
        [("tokens", Purpose::Conversation, false), ("inherited_tokens", Purpose::Conversation, true)]
    {
        let mut requests = session.requests.iter();
        let has = requests.any(|request| request.purpose == purpose && request.inherited == inherited);
        if let Some(fact) = fact.get(name) {
            let read = tokens(session.tokens(purpose, inherited), fact);
            same(name, &read, &right(fact, has))?;
        } else {
            same(name, &json!(has), &json!(false))?;
        }
    }
    Ok(())
}

/// Compares the status of the last turn with what happened. A killed turn has no end.
pub(crate) fn same_status(fact: &Value, session: &Session) -> Result {
    let status = match session.outcome() {
        Some(Outcome::Unfinished) => "killed",
        Some(Outcome::Failed) => "error",
        Some(outcome) => outcome.as_str(),
        None => "none",
    };
    same("status", &json!(status), &fact["status"])
}

/// Compares the title.
pub(crate) fn same_title(session: &Session, fact: &Value) -> Result {
    same("title", &json!(session.title.as_ref().map(|title| &title.text)), fact)
}

#[test]
fn the_documentation_names_the_versions_that_were_read() -> Result {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/agents.md");
    let page = fs::read_to_string(path)?;
    for store in threadkeep_sessions::stores() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` | ", store.name())));
        let versions = row.and_then(|row| row.trim_end_matches([' ', '|']).rsplit(" | ").next());
        let newest = versions.unwrap_or_default().split([',', ' ']).next().unwrap_or_default();
        let tested = store.tested_version();
        let is_tested = tested == newest || tested.strip_suffix(".0") == Some(newest);
        assert!(is_tested, "{}: {tested}, and the page has {versions:?}", store.name());
        let format = store.tested_format().map(|format| format!("{newest} (format {format})"));
        let is_named = format.is_none_or(|format| versions.is_some_and(|all| all.starts_with(&format)));
        assert!(is_named, "{}: {:?}, and the page has {versions:?}", store.name(), store.tested_format());
    }
    Ok(())
}
