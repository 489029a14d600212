//! The server's own process.

use std::time::Duration;

use threadkeep_app::Fault;
use threadkeep_app::messages::of_io;

use super::place::{Lock, Place, Running};
use super::start::READY;
use crate::server::Options;
use crate::start::start;
use crate::transport::{asked_to_stop, unix};

/// Time between two looks at the own place.
const PERIOD: Duration = Duration::from_secs(1);

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
    let lock = place.lock().await?;
    let socket = place.socket()?;
    place.prepare_socket(&socket)?;
    let failed = |error: std::io::Error| {
        let hint = "choose another place with --socket PATH";
        Fault::new(format!("cannot listen at {}: {}", socket.display(), of_io(&error)), hint).because(&error)
    };
    let listening = unix::Socket::listen(&socket).map_err(failed)?;
    let asked_to_stop = asked_to_stop()?;
    let running = Running::this(socket.clone());
    place.record(&running)?;
    let server = start(options);
    let (stopper, own) = (server.clone(), place.clone());
    let end = tokio::task::spawn_local(async move {
        tokio::select! {
            () = asked_to_stop => {}
            () = disappearance(&own, &lock, &running) => {}
        }
        stopper.stop();
        lock
    });
    // The starter may be gone.
    let _ = writeln!(out, "{READY}").and_then(|()| out.flush());
    drop(out);
    unix::accept(&server, listening).await;
    let closed = server.close().await;
    // It is held until here.
    if let Ok(lock) = end.await
        && lock.is_in(place)
    {
        place.clear();
    }
    closed
}

/// Waits until the lock is no longer in its place, as when the home was deleted: no command finds
/// this server then. Writes the record again if something else has overwritten it.
async fn disappearance(place: &Place, lock: &Lock, running: &Running) {
    while lock.is_in(place) {
        // A record that cannot be written now can be in a moment.
        let _ = place.keep_record(running);
        tokio::time::sleep(PERIOD).await;
    }
}
