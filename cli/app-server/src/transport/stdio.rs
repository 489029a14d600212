//! One client on stdin and stdout.

use std::rc::Rc;

use threadkeep_app::Fault;

use super::asked_to_stop;
use crate::connection::serve;
use crate::server::{Options, Server};
use crate::start::start;

async fn serve_streams(server: Rc<Server>) {
    #[cfg(target_os = "linux")]
    if let Some((input, output)) = super::pipe::standard_streams() {
        return serve(server, input, output).await;
    }
    serve(server, tokio::io::stdin(), tokio::io::stdout()).await;
}

/// Serves the client on stdin and stdout until its input ends, or until a signal asks to stop.
/// Then finishes its requests.
///
/// # Errors
///
/// Fails if signals cannot be received, or if something that was waiting could not be written at
/// the end.
pub async fn serve_stdio(options: Options) -> Result<(), Fault> {
    let asked_to_stop = asked_to_stop()?;
    let server = start(options);
    let stopper = server.clone();
    let signals = tokio::task::spawn_local(async move {
        asked_to_stop.await;
        stopper.stop();
    });
    serve_streams(Rc::clone(&server)).await;
    signals.abort();
    server.stop();
    server.close().await
}
