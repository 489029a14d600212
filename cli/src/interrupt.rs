//! Ctrl-C: the first asks an index run to stop where nothing is half done, the second ends the process.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use threadkeep_backfill::StopHandle;

use crate::exit;

/// The run that a signal stops; without one, a signal ends the process.
static RUN: Mutex<Option<StopHandle>> = Mutex::new(None);

/// Stops the one index run of this process while it lives.
pub(crate) struct Interrupt {
    stop: StopHandle,
}

impl Interrupt {
    /// Listens for signals from now on; needs a tokio runtime.
    pub(crate) fn listen() -> Interrupt {
        static LISTENING: Once = Once::new();
        let stop = StopHandle::new();
        *run() = Some(stop.clone());
        LISTENING.call_once(|| drop(tokio::spawn(each_signal(on_signal))));
        Interrupt { stop }
    }

    pub(crate) fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        *run() = None;
    }
}

fn run() -> MutexGuard<'static, Option<StopHandle>> {
    RUN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn on_signal() {
    match run().as_ref() {
        Some(stop) if !stop.is_stopped() => stop.stop(),
        _ => exit::die(),
    }
}

/// Waits for Ctrl-C and for requests to terminate, for as long as there is a runtime.
#[cfg(unix)]
async fn each_signal(on_signal: fn()) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        tokio::select! {
            Some(()) = interrupt.recv() => on_signal(),
            Some(()) = terminate.recv() => on_signal(),
            else => return,
        }
    }
}

#[cfg(not(unix))]
async fn each_signal(on_signal: fn()) {
    while tokio::signal::ctrl_c().await.is_ok() {
        on_signal();
    }
}
