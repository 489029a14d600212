//! Asking a run to end early.

use tokio::sync::watch;

/// Asks runs to end at the next point where nothing is half done. Clones are the same handle; a signal handler may have one.
#[derive(Debug, Clone)]
pub struct StopHandle(watch::Sender<bool>);

impl StopHandle {
    /// Makes a handle that nobody has used yet.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Asks. The commit that is under way is finished, the lease is given back, and the run reports
    /// [`RunOutcome::Interrupted`](crate::RunOutcome::Interrupted). There is no way back: later runs with this handle end at once.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Tells whether somebody has asked.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub(crate) async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so that waiting cannot fail.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

impl Default for StopHandle {
    fn default() -> Self {
        Self::new()
    }
}
