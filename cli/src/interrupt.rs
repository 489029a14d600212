//! Ctrl-C: the first asks a run to stop where nothing is half done, the second ends the process.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use threadkeep_backfill::StopHandle;

use crate::exit;

/// Run that a signal stops; without one, a signal ends the process.
static RUN: Mutex<Option<StopHandle>> = Mutex::new(None);

/// Lets signals stop the one run of this process while it lives: an index run, or `logs --follow`.
#[derive(Debug)]
pub(crate) struct Interrupt(());

impl Interrupt {
    /// Lets signals use the handle from now on.
    pub(crate) fn listen(stop: &StopHandle) -> Interrupt {
        static LISTENING: Once = Once::new();
        *run() = Some(stop.clone());
        LISTENING.call_once(listen);
        Interrupt(())
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

fn on_signal(signal: i32) {
    match run().as_ref() {
        Some(stop) if !stop.is_stopped() => stop.stop(),
        _ => exit::die(signal),
    }
}

/// Number of the signal of Ctrl-C.
const INTERRUPT: i32 = 2;
/// Number of the signal to terminate.
#[cfg(unix)]
const TERMINATE: i32 = 15;

/// Handles every Ctrl-C and every request to terminate, to the end of the process. It has its own
/// thread: the others may be blocked by a pipe that is not read.
fn listen() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    // Registered here and not in the thread, which may begin later.
    let signals = {
        let _inside = runtime.enter();
        signals()
    };
    let Some(mut next) = signals else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            while let Some(signal) = next().await {
                on_signal(signal);
            }
        });
    });
}

/// Registers the signals, and returns a function that waits for the next one.
#[cfg(unix)]
fn signals() -> Option<impl AsyncFnMut() -> Option<i32>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).ok()?;
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    Some(async move || {
        tokio::select! {
            Some(()) = interrupt.recv() => Some(INTERRUPT),
            Some(()) = terminate.recv() => Some(TERMINATE),
            else => None,
        }
    })
}

#[cfg(not(unix))]
fn signals() -> Option<impl AsyncFnMut() -> Option<i32>> {
    Some(async || tokio::signal::ctrl_c().await.ok().map(|()| INTERRUPT))
}
