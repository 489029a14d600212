//! The conformance suite: checks that every implementation of the stores' ports must pass.
//!
//! Implement [`Fixture`] over your ports and invoke
//! [`conformance_tests!`](crate::conformance_tests) in a test module. It makes one tokio test of
//! each check, so that a failure names what is broken.
//!
//! # Panics
//!
//! Every check panics if the implementation does not conform.

mod fixture;
mod jobs;
mod lock;
mod outputs;
mod results;

pub use fixture::Fixture;
pub use jobs::*;
pub use lock::*;
pub use outputs::*;
pub use results::*;

/// Makes a tokio test of each check of the [conformance suite](crate::conformance).
///
/// Takes an expression of a future that makes a fresh [`Fixture`], and evaluates it for each check.
/// The crate that invokes it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_tests {
    (@ $make:expr; $($check:ident)*) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let fixture = $make.await;
                $crate::conformance::$check(&fixture).await;
            }
        )*
    };
    ($make:expr) => {
        $crate::conformance_tests! { @ $make;
            latest_thread_is_claimed_first
            every_skip_has_a_reason
            time_alone_makes_a_thread_eligible
            fresh_threads_do_not_starve_an_eligible_one
            running_jobs_are_limited
            concurrent_claims_keep_the_limit
            expired_lease_is_taken_over
            heartbeat_prolongs_a_lease
            success_stores_the_memory
            update_makes_a_thread_eligible_again
            nothing_to_remember_removes_the_memory
            failure_backs_off_and_ends
            permanent_failure_ends_at_once
            failure_of_the_model_uses_no_try
            failures_are_tried_again_on_request
            released_job_counts_as_no_attempt
            deleted_thread_fences_its_worker
            forgotten_thread_fences_its_worker
            counts_follow_the_jobs
            selection_is_ordered_and_bounded
            usage_is_recorded
            memory_that_is_switched_off_is_forgotten
            unused_memory_is_pruned
            forgetting_makes_the_text_due
            clear_leaves_nothing
            lock_is_exclusive
            expired_lock_is_taken_over
            success_cools_down
            forgotten_memory_ends_the_cool_down
            failure_is_stored_and_waits
            success_stores_selection_and_files
            memory_forgotten_during_a_run_is_due
            lock_without_a_folder_keeps_the_stored_one
        }
    };
}
