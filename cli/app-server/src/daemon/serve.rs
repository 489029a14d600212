//! The server's own process.

use threadkeep_app::Fault;
use threadkeep_app::messages::of_io;

use super::place::Place;
use super::start::READY;
use crate::server::Options;
use crate::start::start;
use crate::transport::{asked_to_stop, unix};

/// Serves clients on the socket until a signal asks to stop. Then finishes the requests in flight.
/// Writes `ready` to `out` once clients can connect.
///
/// # Errors
///
/// Fails if another server runs for the home, or the socket cannot be used.
pub async fn serve(place: &Place, options: Options, mut out: impl std::io::Write) -> Result<(), Fault> {
    // The terminal from which it was started may be closed. A process that leads its group cannot
    // leave, and need not: it has a session of its own.
    let _ = rustix::process::setsid();
    let _lock = place.lock().await?;
    let socket = place.socket()?;
    place.prepare_socket(&socket)?;
    let failed = |error: std::io::Error| {
        let hint = "choose another place with --socket PATH";
        Fault::new(format!("cannot listen at {}: {}", socket.display(), of_io(&error)), hint).because(&error)
    };
    let listener = unix::listen(&socket).map_err(failed)?;
    place.record(&socket)?;
    let server = start(options);
    let stopper = server.clone();
    let signals = tokio::task::spawn_local(async move {
        if asked_to_stop().await.is_ok() {
            stopper.stop();
        }
    });
    // The starter may be gone.
    let _ = writeln!(out, "{READY}").and_then(|()| out.flush());
    drop(out);
    unix::accept(&server, listener).await;
    signals.abort();
    let closed = server.close().await;
    place.clear(&socket);
    closed
}
