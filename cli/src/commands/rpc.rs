//! `rpc`: calls a method of the server in the background.

use async_trait::async_trait;
use serde_json::Value;
use threadkeep_app::Fault;
#[cfg(unix)]
use threadkeep_app::{Message, command, typo::nearest};
#[cfg(unix)]
use threadkeep_app_server::METHODS;
#[cfg(unix)]
use threadkeep_app_server::protocol::error::{INTERNAL_ERROR, METHOD_NOT_FOUND, RpcError};
#[cfg(unix)]
use uuid::Uuid;

use crate::args::RpcArgs;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
#[cfg(unix)]
use crate::commands::resolve::resolve;
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
        let params = params.as_deref().map_or_else(|| Ok(serde_json::json!({})), read)?;
        let answer = call(context, socket.as_deref(), method, params).await?;
        Ok(Box::new(Result(answer)))
    }
}

/// Reads parameters: a JSON object.
fn read(text: &str) -> std::result::Result<Value, Fault> {
    let example = r#"pass an object, such as '{"limit": 5}'"#;
    match serde_json::from_str(text) {
        Ok(params @ Value::Object(_)) => Ok(params),
        Ok(_) => Err(Fault::new("the parameters are JSON, and not an object", example)),
        Err(error) => Err(Fault::new(format!("the parameters are not JSON: {error}"), example)),
    }
}

#[cfg(unix)]
async fn call(
    context: &Context<'_>,
    socket: Option<&std::path::Path>,
    method: &str,
    mut params: Value,
) -> std::result::Result<Value, Fault> {
    use threadkeep_app_server::{client, daemon::Place};
    let socket = match socket {
        // Its server may have the threads of another home.
        Some(socket) => socket.to_owned(),
        None => {
            let running = Place::new(&context.dirs, None).expect_running()?;
            make_whole(&mut params, context).await?;
            running.socket
        }
    };
    client::call(&socket, method, params).await?.map_err(|error| {
        let message = format!("the server refused {method}: {} ({})", error.message, error.code);
        let hint = error.data.as_ref().and_then(|data| data["hint"].as_str()).map(str::to_owned);
        Fault::new(message, hint.map_or_else(|| remedy(method, &error), Message::from))
    })
}

/// Replaces what a user typed for a thread by its whole id, which the server needs.
#[cfg(unix)]
async fn make_whole(params: &mut Value, context: &Context<'_>) -> std::result::Result<(), Fault> {
    let Some(id) = params.get_mut("threadId") else { return Ok(()) };
    if let Some(typed) = id.as_str().filter(|typed| Uuid::try_parse(typed).is_err()) {
        let found = resolve(&context.dirs, &[typed.to_owned()], context.screen).await?;
        *id = found.into_iter().next().expect("one word has one meaning")?.to_string().into();
    }
    Ok(())
}

/// Returns what to type after an error that has no hint of its own.
#[cfg(unix)]
fn remedy(method: &str, error: &RpcError) -> Message {
    let is_unknown = ["thread not", "no rollout", "no archived", "invalid thread id", "session"];
    match error.code {
        METHOD_NOT_FOUND => {
            let meant = nearest(method, METHODS.iter().copied());
            let meant = meant.map(|known| format!("did you mean `{known}`? ")).unwrap_or_default();
            (meant, command("rpc --help"), " lists the methods").into()
        }
        INTERNAL_ERROR => (command("doctor"), " looks for the cause").into(),
        _ if is_unknown.iter().any(|start| error.message.starts_with(start)) => {
            (command("threads --all"), " lists the threads, and with --archived those in the archive").into()
        }
        _ => (command("app-server schema"), " has the parameters of every method").into(),
    }
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
