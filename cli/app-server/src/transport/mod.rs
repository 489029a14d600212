//! Ways in which clients reach a server.

#[cfg(target_os = "linux")]
mod pipe;
mod stdio;
#[cfg(unix)]
pub(crate) mod unix;

use threadkeep_app::Fault;

pub use stdio::serve_stdio;

/// Returns a wait for SIGTERM or SIGINT; elsewhere for Ctrl-C. From now on these signals do not end
/// the process.
#[cfg(unix)]
pub(crate) fn asked_to_stop() -> Result<impl Future<Output = ()>, Fault> {
    use threadkeep_app::messages::of_io;
    use tokio::signal::unix::{SignalKind, signal};
    let waiting = |kind| {
        let failed = |error: std::io::Error| {
            Fault::without_hint(format!("cannot wait for signals: {}", of_io(&error)))
        };
        signal(kind).map_err(failed)
    };
    let (mut terminate, mut interrupt) =
        (waiting(SignalKind::terminate())?, waiting(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
pub(crate) fn asked_to_stop() -> Result<impl Future<Output = ()>, Fault> {
    Ok(async {
        // Without signals, the end of the input stops it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
