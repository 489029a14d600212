//! The conformance suite: checks that every implementation of the ports must pass.
//!
//! Implement [`Fixture`] over your ports and invoke
//! [`conformance_tests!`](crate::conformance_tests) in a test module. It makes one tokio test of
//! each check, so that a failure names what is broken:
//!
//! ```text
//! mod conformance {
//!     threadkeep_backfill::conformance_tests!(super::MyFixture::new()); // a future of the fixture
//! }
//! ```
//!
//! # Panics
//!
//! Every check panics if the implementation does not conform.

mod commits;
mod fixture;
mod leases;
mod outcomes;
mod passes;

pub use commits::*;
pub use fixture::{Fixture, HandleOf, ProblemOf};
pub use leases::*;
pub use outcomes::*;
pub use passes::*;

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
            lease_is_exclusive
            token_grows
            expired_lease_is_taken_over
            heartbeat_prolongs_the_lease
            expired_lease_that_no_owner_took_is_good
            stale_lease_is_refused
            lease_given_back_is_lost
            status_follows_the_run
            watermark_survives_an_interruption
            commit_writes_everything
            commit_renews_the_lease
            stale_commit_writes_nothing
            commit_after_finish_writes_nothing
            commit_twice_is_commit_once
            failure_is_kept_with_its_problem
            failure_keeps_the_row
            vanished_item_goes
            unknown_vanished_key_is_no_error
            outcomes_page_in_key_order
            outcomes_begin_after_any_key
            lost_row_is_not_present
            first_pass_indexes_everything
            unchanged_pass_reads_nothing
            changed_item_is_read_again
            removed_item_loses_its_row
            lost_row_heals
            interrupted_pass_is_finished_by_the_next
            interrupted_descending_pass_is_finished_by_the_next
            batch_size_does_not_matter
            copy_is_reported_and_inherits
            copy_forgotten_by_an_interrupted_pass_inherits
        }
    };
}
