//! Tokens of other agents as `usage` adds them up: those of the facts, which the model servers
//! counted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::agents::{shared, user};
use crate::fixture::{Fixture, Result, copy, files};

const EXAMPLES: &str = "../examples/agents";

/// Facts of an agent's session: input and output.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Used(i64, i64);

impl Used {
    fn of(tokens: &Value) -> Used {
        Used(tokens["input"].as_i64().unwrap_or(0), tokens["output"].as_i64().unwrap_or(0))
    }

    fn add(&mut self, other: Used) {
        *self = Used(self.0 + other.0, self.1 + other.1);
    }
}

/// Example of an agent: its folder, and the folder in it that stands for the user's home.
fn example(agent: &str) -> (PathBuf, PathBuf) {
    let folder = match agent {
        "grok" => "grok-build",
        "kimi-code" => "kimicode",
        other => other,
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLES).join(folder);
    let home = folder.join("home");
    let home = if home.is_dir() { home } else { folder.clone() };
    (folder, home)
}

fn facts(agent: &str) -> Result<Vec<Value>> {
    let facts: Value = serde_json::from_slice(&fs::read(example(agent).0.join("facts.json"))?)?;
    Ok(facts["sessions"].as_array().ok_or("sessions")?.clone())
}

/// A user with the sessions of some agents, which are added.
fn with(agents: &[&str]) -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    for agent in agents {
        copy(&example(agent).1, &user(&fixture), &|text| text)?;
    }
    for agent in agents {
        fixture.json(&["agents", "add", agent])?;
    }
    Ok(fixture)
}

fn rows(fixture: &Fixture, by: &str) -> Result<Vec<Value>> {
    let usage = fixture.json(&["usage", "--by", by])?;
    Ok(usage["rows"].as_array().ok_or("rows")?.clone())
}

const AGENTS: [&str; 14] = [
    "claude",
    "cline",
    "continue",
    "copilot",
    "gemini",
    "goose",
    "grok",
    "kimi",
    "kimi-code",
    "opencode",
    "openhands",
    "pi",
    "qwen",
    "vibe",
];

/// Returns hidden input of a session as the facts have it; `None` where they have no sum of what is
/// in the agent's files.
fn hidden(agent: &str, fact: &Value) -> Option<i64> {
    let input = |tokens: &Value| tokens["input"].as_i64().unwrap_or(0);
    match agent {
        "copilot" | "kimi-code" | "vibe" => Some(input(&fact["beside"])),
        "goose" => fact["tokens_compaction"].as_i64(),
        "openhands" => fact["other_usage_ids"]["condenser"].as_i64().or(Some(0)),
        // Titles are nowhere. A row has the sum of all messages, compaction included.
        "opencode" => {
            let in_messages = input(&fact["tokens"]) + input(&fact["inherited_tokens"]);
            Some(input(&fact["session_row_tokens"]) - in_messages)
        }
        "qwen" => None,
        _ => Some(0),
    }
}

/// Returns an id without the dashes that not all stores of an agent have.
fn normal(id: &str) -> String {
    id.replace('-', "")
}

/// Threads of an agent's sessions, by the agent's ids of these.
fn threads(fixture: &Fixture, agent: &str) -> Result<HashMap<String, Value>> {
    let mut threads = HashMap::new();
    for file in files(&shared(fixture).join("agents").join(agent))? {
        let text = fs::read_to_string(file)?;
        let header: Value = serde_json::from_str(text.lines().next().ok_or("a header")?)?;
        let native_id = header["payload"]["native_id"].as_str().ok_or("an id")?;
        threads.insert(normal(native_id), header["payload"]["id"].clone());
    }
    Ok(threads)
}

#[test]
fn each_agents_tokens_are_those_that_were_served() -> Result {
    let fixture = with(&AGENTS)?;
    let of_agents = rows(&fixture, "agent")?;
    let of_threads: HashMap<Value, Value> =
        rows(&fixture, "thread")?.into_iter().map(|row| (row["thread_id"].clone(), row)).collect();
    for agent in AGENTS {
        let threads = threads(&fixture, agent)?;
        let (mut own, mut sub_agents, mut in_secret) = (Used::default(), Used::default(), 0);
        for fact in facts(agent)? {
            let id = fact["id"].as_str().ok_or("an id")?;
            let thread = threads.get(&normal(id)).ok_or_else(|| format!("{agent} has {id}"))?;
            let used = of_threads.get(thread).unwrap_or(&Value::Null);
            // What a fork inherited is in its parent alone.
            assert_eq!(Used::of(used), Used::of(&fact["tokens"]), "{agent}: {id}");
            let of_sub_agents = Used::of(&fact["subagents"][0]["tokens"]);
            assert_eq!(Used::of(&used["sub_agents"]), of_sub_agents, "{agent}: {id}");
            if let Some(hidden) = hidden(agent, &fact) {
                assert_eq!(Used::of(&used["hidden"]).0, hidden, "{agent}: {id}");
                assert_eq!(used["hidden"].is_null(), hidden == 0, "{agent}: {id}");
            }
            own.add(Used::of(&fact["tokens"]));
            sub_agents.add(of_sub_agents);
            in_secret += Used::of(&used["hidden"]).0;
        }
        let row = of_agents.iter().find(|row| row["agent"] == agent).ok_or(agent)?;
        assert_eq!(Used::of(row), own, "{agent}");
        assert_eq!(Used::of(&row["sub_agents"]), sub_agents, "{agent}");
        assert_eq!(Used::of(&row["hidden"]).0, in_secret, "{agent}");
    }
    let of_qwen = of_agents.iter().find(|row| row["agent"] == "qwen").ok_or("a row")?;
    assert!(of_qwen["hidden"]["requests"].as_u64() > Some(20), "memories: {of_qwen}");
    Ok(())
}

#[test]
fn hidden_tokens_have_columns_where_an_agent_has_any() -> Result {
    let fixture = with(&["copilot", "pi"])?;
    let of = |columns: Option<&str>| -> Result<String> {
        let mut command = fixture.command(&["usage", "--by", "agent"]);
        match columns {
            Some(columns) => command.env("COLUMNS", columns),
            None => command.env_remove("COLUMNS"),
        };
        Ok(fixture.say(command.output()?)?.all())
    };
    insta::assert_snapshot!(of(Some("120"))?, @r"
    exit 0
    --- stdout
    AGENT      INPUT  (CACHED)  OUTPUT  (REASONING)    TOTAL  SUB-AGENTS  HIDDEN
    pi        77,680     8,426   3,026            0   80,706           -       -  ████████████████████████████████████████
    copilot   71,850     1,442     402           39   72,252       1,229   2,370  ███████████████████████████████████▊
    total    149,530     9,868   3,428           39  152,958       1,229   2,370
    49 requests; cached is part of input, and reasoning part of output; days are in UTC
    1,229 tokens used by sub-agents without a thread of their own; in no other number
    2,370 tokens hidden (titles, compaction and the like), as far as the agents' files have them; in no other number
    ");
    insta::assert_snapshot!(of(Some("56"))?, @r"
    exit 0
    --- stdout
    AGENT    INPUT  OUTPUT  TOTAL  SUB-AGENTS  HIDDEN
    pi         78k      3k    81k           -       -
    copilot    72k     402    72k        1.2k    2.4k
    total     150k    3.4k   153k        1.2k    2.4k
    49 requests; cached is part of input, and reasoning part of output; days are in UTC
    1,229 tokens used by sub-agents without a thread of their own; in no other number
    2,370 tokens hidden (titles, compaction and the like), as far as the agents' files have them; in no other number
    ");
    let narrow = of(Some("40"))?;
    assert!(narrow.contains("  TOTAL\n") && narrow.contains("2,370 tokens hidden"), "{narrow}");
    insta::assert_snapshot!(of(None)?.replace('\t', "|"), @r"
    exit 0
    --- stdout
    AGENT|INPUT|CACHED|OUTPUT|REASONING|TOTAL|REQUESTS|SUB-AGENTS|HIDDEN
    pi|77680|8426|3026|0|80706|36||
    copilot|71850|1442|402|39|72252|13|1229|2370
    --- stderr
    49 requests; cached is part of input, and reasoning part of output; days are in UTC
    1,229 tokens used by sub-agents without a thread of their own; in no other number
    2,370 tokens hidden (titles, compaction and the like), as far as the agents' files have them; in no other number
    ");
    let shown = fixture.run(&["threads", "show", "fde8a0fc-20ca-424f-a2df-9c1c56d75f4b"])?.stdout;
    let hidden = shown.lines().find(|line| line.starts_with("hidden")).ok_or("a row")?;
    insta::assert_snapshot!(hidden, @"hidden         input 2,300 (230 cached), output 70 (0 reasoning), in 2 requests");
    let html = fixture.path().join("usage.html");
    fixture.run(&["usage", "--html", &html.to_string_lossy()])?;
    assert!(fs::read_to_string(html)?.contains("<dt>hidden</dt><dd>2,370</dd>"));
    Ok(())
}
