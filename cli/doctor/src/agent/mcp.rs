//! MCP servers in the agent's settings.

use toml::{Table, Value};

use super::AgentConfig;

/// An entry of `mcp_servers`. Arguments, headers and values of variables are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct McpServer {
    /// Key of its table.
    pub(crate) name: String,
    /// Way to reach it.
    pub(crate) transport: Transport,
    /// `enabled`. Default: true.
    pub(crate) is_enabled: bool,
    /// `required`: the agent does not start without it. Default: false.
    pub(crate) is_required: bool,
    /// Environment variables that it needs.
    pub(crate) variables: Vec<String>,
}

/// Way to reach a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// A program that the agent starts, and the folder in which it does so.
    Program { command: String, cwd: Option<String> },
    /// A URL.
    Http(String),
    /// Neither is set.
    None,
}

impl AgentConfig {
    /// Returns the MCP servers in the order of their names.
    pub(crate) fn mcp_servers(&self) -> Vec<McpServer> {
        let servers = self.value(&["mcp_servers"]).and_then(Value::as_table);
        let server = |(name, value): (&String, &Value)| Some(server(name, value.as_table()?));
        servers.into_iter().flatten().filter_map(server).collect()
    }
}

fn server(name: &str, table: &Table) -> McpServer {
    let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str, default| table.get(key).and_then(Value::as_bool).unwrap_or(default);
    let transport = match (text("command"), text("url")) {
        (Some(command), _) => Transport::Program { command, cwd: text("cwd") },
        (None, Some(url)) => Transport::Http(url),
        (None, None) => Transport::None,
    };
    let mut variables: Vec<String> = text("bearer_token_env_var").into_iter().collect();
    let named = table.get("env_vars").and_then(Value::as_array).into_iter().flatten();
    variables.extend(named.filter_map(variable).map(str::to_owned));
    let headers = table.get("env_http_headers").and_then(Value::as_table).into_iter().flatten();
    variables.extend(headers.filter_map(|(_, variable)| variable.as_str().map(str::to_owned)));
    McpServer {
        name: name.to_owned(),
        transport,
        is_enabled: flag("enabled", true),
        is_required: flag("required", false),
        variables,
    }
}

/// Returns the variable of an entry: its name, or a table with it. One of another machine is none.
fn variable(entry: &Value) -> Option<&str> {
    let is_remote = entry.get("source").and_then(Value::as_str) == Some("remote");
    entry.as_str().or_else(|| entry.get("name")?.as_str().filter(|_| !is_remote))
}
