//! `rpc`: calls a method of the server in the background.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::Fault;

use crate::args::RpcArgs;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::output::json::document;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Rpc<'a>(pub(super) &'a RpcArgs);

/// The server's answer.
struct Result(Value);

#[async_trait(?Send)]
impl Run for Rpc<'_> {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    fn for_homes(&self) -> ForHomes {
        ForHomes::One
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let RpcArgs { method, params, socket } = self.0;
        let params: Value = match params {
            Some(text) => serde_json::from_str(text).map_err(|error| {
                let example = r#"pass an object, such as '{"limit": 5}'"#;
                Fault::new(format!("the parameters are not JSON: {error}"), example)
            })?,
            None => serde_json::json!({}),
        };
        let answer = call(context, socket.as_deref(), method, params).await?;
        Ok(Box::new(Result(answer)))
    }
}

#[cfg(unix)]
async fn call(
    context: &Context<'_>,
    socket: Option<&std::path::Path>,
    method: &str,
    params: Value,
) -> std::result::Result<Value, Fault> {
    use threadkeep_app_server::{client, daemon::Place};
    let socket = match socket {
        Some(socket) => socket.to_owned(),
        None => Place::new(&context.dirs, None).expect_running()?.socket,
    };
    client::call(&socket, method, params).await?.map_err(|error| {
        let message = format!("the server refused {method}: {} ({})", error.message, error.code);
        let hint = error.data.as_ref().and_then(|data| data["hint"].as_str()).map(str::to_owned);
        hint.map_or_else(|| Fault::without_hint(message.clone()), |hint| Fault::new(message.clone(), hint))
    })
}

#[cfg(not(unix))]
async fn call(
    _: &Context<'_>,
    _: Option<&std::path::Path>,
    _: &str,
    _: Value,
) -> std::result::Result<Value, Fault> {
    Err(Fault::without_hint("a server in the background needs a Unix system"))
}

impl Answer for Result {
    fn json(&self) -> Value {
        self.0.clone()
    }

    fn text(&self, screen: &Screen) -> String {
        document(&self.0, screen.is_terminal)
    }
}
