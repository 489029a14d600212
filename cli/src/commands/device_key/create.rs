//! `device-key create`: makes a key for an account and a client.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::opening::Index;
use threadkeep_device_key::{Binding, DeviceKey, ProtectionClass, ProtectionPolicy};

use super::{describe, of_key, store};
use crate::command::{Answered, Context, Run};
use crate::output::sheet::Sheet;
use crate::output::{Answer, Screen};

/// Warning about a key that is a file.
const SOFTWARE: &str = "This key is a file: programs that can read your files can copy it.";

/// The command.
pub(super) struct Create<'a> {
    pub(super) account: &'a str,
    pub(super) client: &'a str,
    pub(super) policy: ProtectionPolicy,
}

/// A key that was made.
pub(super) struct Made(pub(super) DeviceKey);

#[async_trait(?Send)]
impl Run for Create<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some("device-key create")
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let index = Index::for_writing(&context.dirs).await?;
        let (account_user_id, client_id) = (self.account.to_owned(), self.client.to_owned());
        let binding = Binding { account_user_id, client_id };
        let key = store(context, &index).create(self.policy, binding).await?;
        index.close().await?;
        Ok(Box::new(Made(key)))
    }
}

impl Answer for Made {
    fn json(&self) -> Value {
        of_key(&self.0)
    }

    fn text(&self, screen: &Screen) -> String {
        let mut sheet = Sheet::default();
        describe(&mut sheet, &self.0.stored);
        format!("{}\n{}", sheet.render(screen), self.0.public_key.to_pem())
    }

    fn aside(&self, _: &Screen) -> String {
        let is_file = self.0.stored.key_id.class() == ProtectionClass::Software;
        if is_file { format!("{SOFTWARE}\n") } else { String::new() }
    }

    fn done(&self) -> String {
        format!("a {} key", self.0.stored.key_id.class())
    }

    fn changed(&self) -> bool {
        true
    }
}
