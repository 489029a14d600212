//! A model behind an OpenAI-compatible Responses API.

mod answer;
mod connection;
mod environment;
mod failure;
mod request;
mod retry;
mod secrets;
mod settings;

pub use environment::{Environment, Machine};
pub use settings::{ResponsesError, ResponsesSettings};

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use threadkeep_memories::{ExtractionRequest, ModelError, StageOneModel};

use self::answer::text_of;
use self::connection::Connection;
use self::failure::Failure;
use self::request::{Format, body};
use self::retry::{MAX_WAIT, back_off};
use self::secrets::Secrets;

/// A model behind an OpenAI-compatible Responses API (`POST {base_url}/responses`).
///
/// It asks for structured output, and for less of it when the server refuses that: without
/// `strict`, then by instructions alone. It asks the server to store nothing.
///
/// A server that cannot be reached, stays busy or refuses the key is no reason to give a thread up:
/// that is [`ModelError::Unavailable`]. Status 408, 429 and 5xx and broken connections are tried
/// again, after the time that the server asks for or a growing one. A wait of more than a minute is
/// left to the caller. Redirects are not followed, so that the key goes to no other host.
pub struct ResponsesModel {
    settings: ResponsesSettings,
    connection: Connection,
    environment: Arc<dyn Environment>,
    /// Format that the server took last.
    format: AtomicU8,
}

impl std::fmt::Debug for ResponsesModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponsesModel").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl ResponsesModel {
    /// Makes a client. It connects at the first request.
    ///
    /// # Errors
    ///
    /// [`ResponsesError::BaseUrl`], [`ResponsesError::Header`], [`ResponsesError::Client`].
    pub fn new(settings: ResponsesSettings) -> Result<Self, ResponsesError> {
        let connection = Connection::new(&settings)?;
        let format = AtomicU8::new(Format::Strict as u8);
        Ok(Self { settings, connection, environment: Arc::new(Machine), format })
    }

    /// Replaces variables, clock and sleep.
    #[must_use]
    pub fn with_environment(self, environment: Arc<dyn Environment>) -> Self {
        Self { environment, ..self }
    }

    /// Reads the key from the environment.
    fn key(&self) -> Result<Option<String>, ModelError> {
        let Some(name) = &self.settings.key_variable else { return Ok(None) };
        let key = self.environment.variable(name).map(|key| key.trim().to_owned());
        match key.filter(|key| !key.is_empty()) {
            Some(key) => Ok(Some(key)),
            None => {
                let reason = format!("the environment variable {name} with the key is not set");
                Err(ModelError::Unavailable { reason, retry_after: None })
            }
        }
    }
}

#[async_trait]
impl StageOneModel for ResponsesModel {
    async fn extract(&self, request: ExtractionRequest<'_>) -> Result<String, ModelError> {
        let key = self.key()?;
        let secrets = Secrets::of(&self.settings, key.as_deref());
        let mut format = Format::of(self.format.load(Ordering::Relaxed));
        let mut tries = 1;
        loop {
            let now = || self.environment.now();
            let sent =
                self.connection.post(body(&self.settings, &request, format), key.as_deref(), now).await;
            let failure = match sent.and_then(|body| text_of(&body)) {
                Ok(text) => {
                    self.format.store(format as u8, Ordering::Relaxed);
                    return Ok(text);
                }
                Err(failure) => failure,
            };
            let (reason, retry_after) = match failure {
                Failure::Format { reason } => match format.simpler() {
                    Some(simpler) => {
                        format = simpler;
                        continue;
                    }
                    None => return Err(permanent(secrets.removed(&reason))),
                },
                Failure::Permanent { reason } => return Err(permanent(secrets.removed(&reason))),
                Failure::NoAnswer { reason } => {
                    return Err(ModelError::Transient { reason: secrets.removed(&reason) });
                }
                Failure::Unavailable { reason } => (reason, None),
                Failure::Again { reason, retry_after } => {
                    let wait = retry_after.unwrap_or_default().max(back_off(tries));
                    if tries < self.settings.tries && wait <= MAX_WAIT {
                        tracing::debug!(tries, ?wait, reason = %secrets.removed(&reason), "asking the model again");
                        self.environment.sleep(wait).await;
                        tries += 1;
                        continue;
                    }
                    (reason, retry_after)
                }
            };
            return Err(ModelError::Unavailable { reason: secrets.removed(&reason), retry_after });
        }
    }
}

fn permanent(reason: String) -> ModelError {
    ModelError::Permanent { reason }
}
