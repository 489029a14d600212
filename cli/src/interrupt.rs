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
    /// Lets signals stop a run from now on; needs a tokio runtime.
    pub(crate) fn listen() -> Interrupt {
        static LISTENING: Once = Once::new();
        let stop = StopHandle::new();
        *run() = Some(stop.clone());
        LISTENING.call_once(listen);
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

/// Has every Ctrl-C and every request to terminate heard from here on, for as long as there is a runtime.
#[cfg(unix)]
fn listen() {
    use tokio::signal::unix::{SignalKind, signal};
    // Registered here and not in the task, which may begin only later.
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupt.recv() => on_signal(),
                Some(()) = terminate.recv() => on_signal(),
                else => return,
            }
        }
    });
}

#[cfg(not(unix))]
fn listen() {
    tokio::spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            on_signal();
        }
    });
}
