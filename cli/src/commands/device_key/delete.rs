//! `device-key delete`: deletes a key and its binding.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::Fault;
use threadkeep_app::device_keys::key_id;
use threadkeep_app::opening::Index;
use threadkeep_device_key::KeyId;

use super::store;
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Delete<'a> {
    pub(super) key: &'a str,
    pub(super) yes: bool,
}

/// A key that was deleted, unless the user answered no.
struct Deleted {
    key: KeyId,
    is_deleted: bool,
}

#[async_trait(?Send)]
impl Run for Delete<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("device-key delete")
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let key = key_id(self.key)?;
        let index = Index::for_writing(&context.dirs).await?;
        let is_deleted = self.yes || may_go(&key, context.screen).await?;
        if is_deleted {
            store(context, &index).delete(&key).await?;
        }
        index.close().await?;
        Ok(Box::new(Deleted { key, is_deleted }))
    }
}

async fn may_go(key: &KeyId, screen: &Screen) -> Result<bool, Fault> {
    let question = format!("The key {key} will be gone for good. Delete it?");
    screen.confirm(&question, "not deleted", "delete").await
}

impl Answer for Deleted {
    fn json(&self) -> Value {
        json!({ "key_id": self.key.as_str(), "deleted": self.is_deleted })
    }

    fn text(&self, screen: &Screen) -> String {
        match self.is_deleted {
            _ if screen.quiet => String::new(),
            true => format!("the key {} was deleted\n", self.key),
            false => "nothing was deleted\n".to_owned(),
        }
    }

    fn done(&self) -> String {
        if self.is_deleted { format!("a {} key", self.key.class()) } else { "not confirmed".to_owned() }
    }

    fn changed(&self) -> bool {
        self.is_deleted
    }
}
