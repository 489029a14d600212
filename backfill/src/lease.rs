//! The lease that keeps two engines from running on one index, and the backfill's state.

use jiff::Timestamp;

/// The present and the expiry of a lease that is granted or renewed now, both by the engine's
/// clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The present.
    pub now: Timestamp,
    /// Expiry of the lease unless it is renewed.
    pub expires_at: Timestamp,
}

/// The right to write, as it was granted.
///
/// `token` is a fencing token: it grows by one at each grant, and every write of the run carries
/// it. The store therefore refuses an engine that slept through the expiry of its lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The holder, for people and for an implementation that can prove an owner dead.
    pub owner: String,
    /// The fencing token.
    pub token: i64,
    /// Expiry as of the last renewal that the holder of this value knows of.
    pub expires_at: Timestamp,
}

/// The answer to a request for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// The caller has it.
    Granted {
        /// The lease.
        lease: Lease,
        /// Watermark of an unfinished earlier pass. `None` after a complete one.
        watermark: Option<String>,
    },
    /// A living owner has it.
    Held {
        /// The owner.
        owner: String,
        /// Expiry of its lease, unless it is renewed.
        expires_at: Timestamp,
    },
}

/// The reason for giving a lease back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The pass went through: status `complete`, last success now, no watermark.
    Complete,
    /// The pass did not go through: status `pending`. Watermark and last success stay.
    Interrupted,
}

/// Status of a backfill. It reports and never ends anything: every run looks at everything again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum BackfillStatus {
    /// No pass runs, and the last one (if any) did not go through.
    #[default]
    Pending,
    /// A pass runs, or its process died. A dead process's lease expires.
    Running,
    /// The last pass went through.
    Complete,
}

/// State of a backfill as a whole, as the store has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgressState {
    /// The status.
    pub status: BackfillStatus,
    /// Watermark of the unfinished pass. `None` if there is none.
    pub watermark: Option<String>,
    /// Time at which a pass last went through.
    pub last_success_at: Option<Timestamp>,
    /// The lease, expired or not. `None` once it was given back.
    pub lease: Option<Lease>,
}
