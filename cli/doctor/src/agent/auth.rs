//! The agent's credentials: which there are, never their values.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use threadkeep_rollout::untouched;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 1 << 20;

/// Credentials that are stored in the agent's home.
#[derive(Clone, Debug)]
pub struct Auth {
    /// The file.
    pub path: PathBuf,
    /// Result of reading it.
    pub file: AuthFile,
    /// `auth_mode`, if the file says it.
    pub mode: Option<String>,
    /// An API key is stored.
    pub has_key: bool,
    /// Tokens of an account are stored.
    pub has_tokens: bool,
    /// An agent identity is stored.
    pub has_identity: bool,
    /// Values of all secrets in the file, so that no text of the report has one.
    pub(crate) secrets: Vec<String>,
}

/// Result of reading `auth.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFile {
    /// There is none.
    Missing,
    /// It could not be read.
    Unreadable(String),
    /// It is not JSON.
    Broken,
    /// It was read.
    Fine,
}

impl Auth {
    pub(crate) fn read(home: &Path) -> Auth {
        let path = home.join("auth.json");
        let (file, content) = match untouched::read(&path, LIMIT) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(content) => (AuthFile::Fine, content),
                Err(_) => (AuthFile::Broken, Value::Null),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (AuthFile::Missing, Value::Null),
            Err(error) => (AuthFile::Unreadable(threadkeep_app::messages::of_io(&error)), Value::Null),
        };
        let is_there = |key: &str| match &content[key] {
            Value::String(text) => !text.is_empty(),
            Value::Object(object) => !object.is_empty(),
            _ => false,
        };
        let mut secrets = Vec::new();
        collect(&content, "", &mut secrets);
        Auth {
            path,
            file,
            mode: content["auth_mode"].as_str().map(str::to_owned),
            has_key: is_there("OPENAI_API_KEY"),
            has_tokens: is_there("tokens"),
            has_identity: is_there("agent_identity"),
            secrets,
        }
    }
}

/// Collects every text that is not known to be harmless.
fn collect(value: &Value, name: &str, into: &mut Vec<String>) {
    match value {
        Value::String(text) if !matches!(name, "auth_mode" | "last_refresh") => into.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, name, into)),
        Value::Object(object) => object.iter().for_each(|(name, value)| collect(value, name, into)),
        _ => {}
    }
}
