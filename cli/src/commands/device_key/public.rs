//! `device-key public`: prints a key's public part.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::device_keys::key_id;
use threadkeep_app::opening::Index;
use threadkeep_device_key::DeviceKey;

use super::{of_key, store};
use crate::args::Format;
use crate::command::{Answered, Context, Run};
use crate::output::json::document;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Public<'a> {
    pub(super) key: &'a str,
    pub(super) format: Format,
}

/// A key, and the form in which people want it.
struct Printed(DeviceKey, Format);

#[async_trait(?Send)]
impl Run for Public<'_> {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let key_id = key_id(self.key)?;
        let index = Index::for_reading(&context.dirs, context.screen).await?;
        let key = store(context, &index).public(&key_id).await?;
        index.close().await?;
        Ok(Box::new(Printed(key, self.format)))
    }
}

impl Answer for Printed {
    fn json(&self) -> Value {
        of_key(&self.0)
    }

    fn text(&self, screen: &Screen) -> String {
        match self.1 {
            Format::Pem => self.0.public_key.to_pem(),
            Format::Jwk => document(&self.0.public_key.to_jwk(), screen.is_terminal),
        }
    }
}
