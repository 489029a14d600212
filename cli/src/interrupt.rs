//! Ctrl-C: the first asks a run to stop where nothing is half done, the second ends the process.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use threadkeep_backfill::StopHandle;

use crate::exit;

/// The run that a signal stops; without one, a signal ends the process.
static RUN: Mutex<Option<StopHandle>> = Mutex::new(None);

/// Stops the one run of this process while it lives: of the index, or of `logs --follow`.
pub(crate) struct Interrupt {
    stop: StopHandle,
}

impl Interrupt {
    /// Lets signals stop a run from now on.
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

fn on_signal(signal: i32) {
    match run().as_ref() {
        Some(stop) if !stop.is_stopped() => stop.stop(),
        _ => exit::die(signal),
    }
}

/// The number of Ctrl-C.
const INTERRUPT: i32 = 2;
/// The number of a request to terminate.
#[cfg(unix)]
const TERMINATE: i32 = 15;

/// Has every Ctrl-C and every request to terminate heard from here on, to the end of the process. On a thread of its own:
/// the others may be held up by a pipe that nobody reads.
fn listen() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    // Registered here and not in the thread, which may begin only later.
    let signals = {
        let _inside = runtime.enter();
        Signals::register()
    };
    if let Some(mut signals) = signals {
        std::thread::spawn(move || {
            runtime.block_on(async {
                while let Some(signal) = signals.next().await {
                    on_signal(signal);
                }
            });
        });
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn register() -> Option<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) =
            (signal(SignalKind::interrupt()).ok()?, signal(SignalKind::terminate()).ok()?);
        Some(Signals { interrupt, terminate })
    }

    async fn next(&mut self) -> Option<i32> {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Some(INTERRUPT),
            Some(()) = self.terminate.recv() => Some(TERMINATE),
            else => None,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn register() -> Option<Signals> {
        Some(Signals)
    }

    async fn next(&mut self) -> Option<i32> {
        tokio::signal::ctrl_c().await.ok().map(|()| INTERRUPT)
    }
}
