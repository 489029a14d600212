//! Secrets in the agent's settings, so that no text of the report has one.

use toml::Value;

use super::AgentConfig;

/// Keys whose values name environment variables. A key of a vendor is pasted there now and then.
const VARIABLES: &[&str] = &["env_key", "env_vars", "env_http_headers", "bearer_token_env_var"];

impl AgentConfig {
    /// Returns the values that are secrets by the names of their keys.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (name, value) in &self.table {
            collect(value, name, &mut found);
        }
        found
    }
}

fn collect(value: &Value, name: &str, into: &mut Vec<String>) {
    let names_variable = VARIABLES.contains(&name);
    match value {
        Value::String(text) if names_variable || threadkeep_redact::is_secret_name(name) => {
            into.extend(Some(text.clone()).filter(|text| !is_variable(text)));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, name, into)),
        Value::Table(table) => {
            table
                .iter()
                .for_each(|(key, value)| collect(value, if names_variable { name } else { key }, into));
        }
        _ => {}
    }
}

/// Returns true for the usual name of an environment variable. Anything else in its place may be a
/// secret, so it is not shown.
pub(crate) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
