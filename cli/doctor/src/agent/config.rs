//! The agent's `config.toml`.

use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use threadkeep_rollout::untouched;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 16 << 20;

/// The agent's settings, and how their file could be read.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The file.
    pub path: PathBuf,
    /// Result of reading it.
    pub parse: Parse,
    /// The settings; empty if they could not be read.
    pub table: Table,
}

/// Result of reading the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parse {
    /// There is no file, so the agent's defaults hold.
    Missing,
    /// The file could not be read.
    Unreadable(String),
    /// It is not TOML.
    Broken {
        /// Line of the error, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Description, which quotes nothing of the file.
        message: String,
    },
    /// It was read.
    Fine,
}

/// A model provider: a table of `model_providers`, or a built-in one of the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Key of its table.
    pub id: String,
    /// `name`, or the id.
    pub name: String,
    /// `base_url`.
    pub base_url: Option<String>,
    /// `env_key`: variable with the key.
    pub env_key: Option<String>,
    /// `wire_api`. Default: `responses`.
    pub wire_api: String,
    /// `requires_openai_auth`. Default: true for `openai` alone.
    pub requires_openai_auth: bool,
    /// `supports_websockets`. Default: true for `openai` alone.
    pub supports_websockets: bool,
}

impl AgentConfig {
    pub(crate) fn read(home: &Path) -> AgentConfig {
        let path = home.join("config.toml");
        let (parse, table) = match untouched::read(&path, LIMIT) {
            Ok(bytes) => parse(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Parse::Missing, Table::new()),
            Err(error) => (Parse::Unreadable(threadkeep_app::messages::of_io(&error)), Table::new()),
        };
        AgentConfig { path, parse, table }
    }

    /// Returns true if the file cannot be read, so that the settings are not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self.parse, Parse::Unreadable(_) | Parse::Broken { .. })
    }

    /// Returns the value at a path of keys.
    #[must_use]
    pub fn value(&self, keys: &[&str]) -> Option<&Value> {
        let (last, tables) = keys.split_last()?;
        let table = tables.iter().try_fold(&self.table, |table, key| table.get(*key)?.as_table())?;
        table.get(*last)
    }

    /// Returns the text at a path of keys.
    #[must_use]
    pub fn text(&self, keys: &[&str]) -> Option<&str> {
        self.value(keys)?.as_str()
    }

    /// Returns the name of the profile that is chosen, if any.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.text(&["profile"])
    }

    /// Returns the text of a setting, from the chosen profile if it has it.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&str> {
        let profile = self.profile().and_then(|profile| self.text(&["profiles", profile, key]));
        profile.or_else(|| self.text(&[key]))
    }

    /// Returns the model provider that is in use.
    #[must_use]
    pub fn provider(&self) -> Provider {
        let id = self.setting("model_provider").unwrap_or(threadkeep_rollout::DEFAULT_MODEL_PROVIDER);
        let text = |key| self.text(&["model_providers", id, key]).map(str::to_owned);
        let flag = |key| self.value(&["model_providers", id, key]).and_then(Value::as_bool);
        let is_openai = id == threadkeep_rollout::DEFAULT_MODEL_PROVIDER;
        Provider {
            id: id.to_owned(),
            name: text("name").unwrap_or_else(|| id.to_owned()),
            base_url: text("base_url"),
            env_key: text("env_key"),
            wire_api: text("wire_api").unwrap_or_else(|| "responses".to_owned()),
            requires_openai_auth: flag("requires_openai_auth").unwrap_or(is_openai),
            supports_websockets: flag("supports_websockets").unwrap_or(is_openai),
        }
    }
}

fn parse(bytes: &[u8]) -> (Parse, Table) {
    let broken = |text: &str, at: usize, message: &str| {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        (Parse::Broken { line, column, message: message.to_owned() }, Table::new())
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let at = error.valid_up_to();
            return broken(&String::from_utf8_lossy(&bytes[..at]), at, "not UTF-8");
        }
    };
    match text.parse::<Table>() {
        Ok(table) => (Parse::Fine, table),
        Err(error) => broken(text, error.span().map_or(text.len(), |span| span.start), error.message()),
    }
}
