//! Stopping a run early.

use tokio::sync::watch;

/// Stops runs at the next point where nothing is half done. Clones are the same handle; a signal
/// handler may have one.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl StopHandle {
    /// Makes an unused handle.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Stops the runs of this handle, for good: later ones end at once.
    ///
    /// A run finishes the commit under way, gives the lease back and reports
    /// [`Ending::Interrupted`](crate::Ending::Interrupted).
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Returns true after [`stop`](Self::stop).
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for [`stop`](Self::stop).
    pub async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

impl Default for StopHandle {
    fn default() -> Self {
        Self::new()
    }
}
