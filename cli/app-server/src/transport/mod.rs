//! Ways in which clients reach a server.

#[cfg(target_os = "linux")]
mod pipe;
mod stdio;
#[cfg(unix)]
pub(crate) mod unix;

use std::io;

pub use stdio::serve_stdio;

/// Waits for SIGTERM or SIGINT; elsewhere for Ctrl-C.
pub(crate) async fn asked_to_stop() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
