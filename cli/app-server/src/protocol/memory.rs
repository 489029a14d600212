//! Memories of past threads.

use uuid::Uuid;

use super::protocol;

protocol! {
    /// Parameters of `memory/status`.
    #[derive(Default)]
    #[serde(default)]
    pub struct MemoryStatusParams {
        /// Number of consolidated threads from which on memories count as ready, from 1 to 4096.
        /// Default: 1.
        pub min_consolidated_threads: Option<u32>,
    }

    /// Answer of `memory/status`.
    pub struct MemoryStatusResponse {
        /// Number of threads in the consolidated memories.
        pub v2_consolidated_threads: u64,
        /// True if there are enough.
        pub v2_ready: bool,
    }

    /// Answer of `memory/forget`.
    pub struct MemoryForgetResponse {
        /// The thread.
        pub thread_id: Uuid,
        /// True if there was a memory of it.
        pub forgotten: bool,
    }
}
