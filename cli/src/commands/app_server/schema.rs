//! `app-server schema`: the published schema of the protocol.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app_server::schema::{JSON_SCHEMA, TYPESCRIPT};

use crate::command::{Answered, Context, Needs, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Schema {
    pub(super) typescript: bool,
}

/// The text of a schema.
struct Published {
    typescript: bool,
}

#[async_trait(?Send)]
impl Run for Schema {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, _: &Context<'_>) -> Answered {
        Ok(Box::new(Published { typescript: self.typescript }))
    }
}

impl Answer for Published {
    fn json(&self) -> Value {
        if self.typescript {
            return TYPESCRIPT.into();
        }
        serde_json::from_str(JSON_SCHEMA).expect("a test compares the file with a generated document")
    }

    fn text(&self, _: &Screen) -> String {
        if self.typescript { TYPESCRIPT } else { JSON_SCHEMA }.to_owned()
    }
}
