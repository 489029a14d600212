//! `device-key rotate`: makes a new key with the binding of another one.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::device_keys::key_id;
use threadkeep_app::opening::Index;
use threadkeep_app::{Fault, Message, Observer as _};
use threadkeep_device_key::{KeyId, ProtectionPolicy};

use super::create::Made;
use super::{of_key, store};
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Rotate<'a> {
    pub(super) key: &'a str,
    pub(super) policy: Option<ProtectionPolicy>,
}

/// The new key, and the old one.
struct Replaced {
    new: Made,
    old: KeyId,
    is_deleted: bool,
}

#[async_trait(?Send)]
impl Run for Rotate<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("device-key rotate")
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let old = key_id(self.key)?;
        let policy = self.policy.unwrap_or_else(|| old.class().policy());
        let index = Index::for_writing(&context.dirs).await?;
        let rotated = store(context, &index).rotate(policy, &old).await?;
        index.close().await?;
        let is_deleted = rotated.left.is_none();
        if let Some(error) = rotated.left {
            let note =
                Message::from("the old key could not be deleted: ").append(Fault::from(error).sentence());
            context.screen.note(&note);
        }
        Ok(Box::new(Replaced { new: Made(rotated.key), old, is_deleted }))
    }
}

impl Answer for Replaced {
    fn json(&self) -> Value {
        let mut value = of_key(&self.new.0);
        value["replaced_key_id"] = self.old.as_str().into();
        value["replaced_key_deleted"] = self.is_deleted.into();
        value
    }

    fn text(&self, screen: &Screen) -> String {
        self.new.text(screen)
    }

    fn aside(&self, screen: &Screen) -> String {
        let old = if self.is_deleted { "The old key is deleted" } else { "The old key is still there" };
        format!("{old}; the server must learn the new public key.\n{}", self.new.aside(screen))
    }

    fn done(&self) -> String {
        self.new.done()
    }

    fn changed(&self) -> bool {
        true
    }
}
