//! The part of the home's `config.toml` that concerns rollouts.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use serde::Deserialize;

use super::error::HomeError;

/// The model provider of a thread when neither its rollout nor the home's `config.toml` names one.
pub const DEFAULT_MODEL_PROVIDER: &str = "openai";

/// Settings of the home's `config.toml` that concern rollouts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HomeConfig {
    /// `model_provider`.
    pub model_provider: Option<String>,
}

impl HomeConfig {
    pub(super) fn read(mut file: File, path: PathBuf) -> Result<Self, HomeError> {
        let mut bytes = Vec::new();
        if let Err(source) = file.read_to_end(&mut bytes) {
            return Err(HomeError::Unreadable { path, source });
        }
        let broken = |path, text: &str, at: usize| {
            let before = text.get(..at).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            HomeError::BrokenConfig { path, line, column: before[line_start..].chars().count() + 1 }
        };
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let at = error.valid_up_to();
                return Err(broken(path, &String::from_utf8_lossy(&bytes[..at]), at));
            }
        };
        toml::from_str::<Self>(text)
            .map_err(|error| broken(path, text, error.span().map_or(text.len(), |span| span.start)))
    }

    /// Returns the model provider of threads whose rollouts name none. Default:
    /// [`DEFAULT_MODEL_PROVIDER`].
    pub fn default_model_provider(&self) -> &str {
        self.model_provider.as_deref().unwrap_or(DEFAULT_MODEL_PROVIDER)
    }
}
