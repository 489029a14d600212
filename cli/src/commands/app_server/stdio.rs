//! `app-server`: one client on stdin and stdout.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::telemetry::Owner;
use threadkeep_app_server::serve_stdio;
use tokio::task::LocalSet;

use super::options;
use crate::command::{Answered, Context, Run};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Stdio;

/// End of a server. Its stdout belonged to its client.
pub(super) struct Ended;

#[async_trait(?Send)]
impl Run for Stdio {
    fn logged(&self) -> Option<&'static str> {
        Some("app-server")
    }

    fn owner(&self) -> Owner {
        Owner::AppServer
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        LocalSet::new().run_until(serve_stdio(options(context))).await?;
        Ok(Box::new(Ended))
    }
}

impl Answer for Ended {
    fn json(&self) -> Value {
        Value::Null
    }

    fn text(&self, _: &Screen) -> String {
        String::new()
    }

    fn rendered(&self, _: &Screen) -> String {
        String::new()
    }

    fn done(&self) -> String {
        "ended".to_owned()
    }
}
