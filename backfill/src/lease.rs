//! The lease that keeps two engines from running on one index, and where a backfill stands.

use jiff::Timestamp;

/// The present instant and the one a lease shall last to, both by the engine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The present.
    pub now: Timestamp,
    /// When the lease expires unless it is renewed.
    pub expires_at: Timestamp,
}

/// The right to write, as it was granted.
///
/// `token` is a fencing token: it grows by one at each grant, and every write of the run carries it, so that an engine that
/// slept through the expiry of its lease is refused whatever it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it, for people and for an implementation that can prove an owner dead.
    pub owner: String,
    /// The fencing token.
    pub token: i64,
    /// When it expires, as of the last renewal that the holder of this value knows of.
    pub expires_at: Timestamp,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquired {
    /// It is ours.
    Granted {
        /// The lease.
        lease: Lease,
        /// How far an earlier pass came that did not finish; `None` after a complete one.
        watermark: Option<String>,
    },
    /// A living owner has it.
    Held {
        /// Who.
        owner: String,
        /// Until when, unless it is renewed.
        expires_at: Timestamp,
    },
}

/// How a run gives its lease back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The pass went through: status `complete`, last success now, no watermark.
    Complete,
    /// It did not: status `pending`; watermark and last success stay.
    Interrupted,
}

/// Where a backfill stands. This is a report and never a terminal state: every run looks at everything again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// No pass runs, and the last one (if any) did not go through.
    Pending,
    /// A pass runs, or its process died: the lease's expiry tells which.
    Running,
    /// The last pass went through.
    Complete,
}

/// What is stored about the backfill as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressState {
    /// Where it stands.
    pub status: Status,
    /// How far the unfinished pass came; `None` when there is none.
    pub watermark: Option<String>,
    /// When a pass last went through.
    pub last_success_at: Option<Timestamp>,
    /// Who holds the lease, expired or not; `None` once it was given back.
    pub lease: Option<Lease>,
}
