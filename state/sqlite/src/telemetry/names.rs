//! Names of all reports, each with its tags.

/// Description of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Name.
    pub name: &'static str,
    /// Names of its tags.
    pub tags: &'static [&'static str],
    /// True if it has a duration next to the count.
    pub is_timed: bool,
    /// Meaning, in one sentence.
    pub about: &'static str,
}

/// Declares a constant for each name, and the list of all of them, so that none can be left out.
macro_rules! metrics {
    ($(#[doc = $about:literal] $constant:ident: $kind:ident = $name:literal [$($tag:literal),+];)+) => {
        $(
            #[doc = $about]
            pub const $constant: &str = $name;
        )+

        /// All reports.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            tags: &[$($tag),+],
            is_timed: metrics!($kind),
            about: $about,
        }),+];
    };
    (timed) => { true };
    (counted) => { false };
}

metrics! {
    /// An attempt to open a database.
    OPEN: timed = "threadkeep.db.open" ["db", "status", "phase", "error"];
    /// A run of pending migrations.
    MIGRATE: timed = "threadkeep.db.migrate" ["db", "status", "phase", "error"];
    /// A write that had to wait longer than SQLite's own busy timeout.
    WRITE_WAIT: timed = "threadkeep.db.write_wait" ["db", "status"];
    /// A decision if an index is complete enough to serve from.
    BACKFILL_GATE: timed = "threadkeep.db.backfill_gate" ["db", "status", "phase", "error"];
    /// A step of deleting a thread from several databases.
    CLEANUP: counted = "threadkeep.db.cleanup" ["db", "status", "phase"];
    /// A request that was served from files, without the database.
    FALLBACK: counted = "threadkeep.db.fallback" ["db", "error"];
    /// A log row that was dropped, because there was no room or it could not be written.
    LOG_DROPS: counted = "threadkeep.logs.dropped" ["db"];
    /// An end of a memory job.
    MEMORY_JOB: counted = "threadkeep.memories.job" ["db", "status", "phase"];
    /// A start of a program.
    PROCESS_START: counted = "threadkeep.process.start" ["status", "owner"];
}
