//! A client of a server in the background, for people and scripts.

use std::path::Path;

use serde_json::{Value, json};
use threadkeep_app::Fault;
use threadkeep_app::message::command;
use threadkeep_app::messages::of_io;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use crate::protocol::error::{INTERNAL_ERROR, RpcError};

/// Calls one method of the server at a socket.
///
/// # Errors
///
/// Fails if no server listens there. The inner error is the server's own answer.
pub async fn call(socket: &Path, method: &str, params: Value) -> Result<Result<Value, RpcError>, Fault> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot talk to the server at {}: {}", socket.display(), of_io(&error));
        Fault::new(message, (command("app-server restart"), " starts it again")).because(&error)
    };
    let mut stream = BufReader::new(UnixStream::connect(socket).await.map_err(failed)?);
    let client = json!({ "clientInfo": { "name": "threadkeep rpc", "version": env!("CARGO_PKG_VERSION") } });
    let hello = json!({ "id": 0, "method": "initialize", "params": client });
    let initialized = json!({ "method": "initialized" });
    let request = json!({ "id": 1, "method": method, "params": params });
    // The server answers `initialize` itself again if it is asked for.
    let lines = if method == "initialize" { vec![&hello] } else { vec![&hello, &initialized, &request] };
    let wanted = if method == "initialize" { 0 } else { 1 };
    let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    stream.get_mut().write_all(text.as_bytes()).await.map_err(failed)?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.map_err(failed)? == 0 {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        // Notifications have no id.
        let Ok(mut answer) = serde_json::from_str::<Value>(&line) else { continue };
        if answer["id"] != wanted {
            continue;
        }
        if answer.get("error").is_some() {
            let unreadable = |_| RpcError::new(INTERNAL_ERROR, "the server's error cannot be read");
            return Ok(Err(serde_json::from_value(answer["error"].take()).unwrap_or_else(unreadable)));
        }
        return Ok(Ok(answer["result"].take()));
    }
}
