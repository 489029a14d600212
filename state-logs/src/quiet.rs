//! Threads whose events are not logged: the writer of the logs would log without end.

use std::cell::Cell;

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps this thread's events out of the logs from now on.
pub(crate) fn this_thread() {
    IS_QUIET.set(true);
}

/// Returns true if this thread's events stay out of the logs.
pub(crate) fn is_quiet() -> bool {
    // A thread that is ending has no thread-local values, but may still log.
    IS_QUIET.try_with(Cell::get).unwrap_or(false)
}
