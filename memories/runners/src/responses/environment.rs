//! Surroundings of a client, injected so that tests control them.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Variables, clock and sleep.
#[async_trait]
pub trait Environment: Send + Sync + 'static {
    /// Returns the value of an environment variable.
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// Returns the present time.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Waits.
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The machine's variables, clock and sleep.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Environment for Machine {}
