//! Reports of a run while it is under way.

use threadkeep_backfill::{ProgressUpdate, StopHandle};

use crate::message::Message;

/// A program's ear for notes and progress. `()` hears nothing.
pub trait Observer: Sync {
    /// Receives something that the user should know next to the answer.
    fn note(&self, note: &Message) {
        let _ = note;
    }

    /// Receives the handle that ends an index run early, when the run begins.
    fn begin(&self, stop: &StopHandle) {
        let _ = stop;
    }

    /// Receives how far an index run is.
    fn progress(&self, update: &ProgressUpdate) {
        let _ = update;
    }

    /// Learns that the run has ended, however it ended.
    fn end(&self) {}
}

impl Observer for () {}
