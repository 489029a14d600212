//! Checks of the stored outcomes as the engine reads them: pages in key order, lost rows marked.

use super::fixture::{Fixture, ProblemOf, outcomes, stored};
use crate::{Progress, StoredOutcome};

/// Pages of every size add up to all outcomes in key order.
pub async fn outcomes_page_in_key_order<F: Fixture>(fixture: &F) {
    // The highest number is put first, so that the order of insertion is not the order of the keys.
    stored(fixture, [20, 3].into_iter().chain(0..20)).await;
    let whole = outcomes(fixture).await;
    let keys: Vec<String> = whole.iter().map(|outcome| outcome.key.clone()).collect();
    assert_eq!(keys, (0..=20).map(|number| fixture.key(number)).collect::<Vec<_>>(), "in key order");
    for limit in [1, 7, 20, 21, 22] {
        let mut all: Vec<StoredOutcome<ProblemOf<F>>> = Vec::new();
        loop {
            let after = all.last().map(|outcome| outcome.key.clone());
            let page = fixture.progress().outcomes(after.as_deref(), limit).await;
            let page = page.expect("reading outcomes must not fail");
            assert!(page.len() <= limit, "a page of {limit} has {} outcomes", page.len());
            let more = page.len() == limit;
            all.extend(page);
            if !more {
                break;
            }
        }
        assert_eq!(all, whole, "in pages of {limit}");
    }
}

/// A page begins after any key, stored or not.
pub async fn outcomes_begin_after_any_key<F: Fixture>(fixture: &F) {
    stored(fixture, [1, 3, 5]).await;
    for (after, expected) in [(0, vec![1, 3, 5]), (1, vec![3, 5]), (2, vec![3, 5]), (5, vec![]), (6, vec![])]
    {
        let page = fixture.progress().outcomes(Some(&fixture.key(after)), 10).await;
        let keys: Vec<String> =
            page.expect("reading outcomes must not fail").into_iter().map(|outcome| outcome.key).collect();
        let expected: Vec<String> = expected.into_iter().map(|number| fixture.key(number)).collect();
        assert_eq!(keys, expected, "after {}", fixture.key(after));
    }
}

/// The outcome of a lost row says so, and no other does.
pub async fn lost_row_is_not_present<F: Fixture>(fixture: &F) {
    stored(fixture, 0..3).await;
    fixture.lose_row(1).await;
    let present: Vec<bool> = outcomes(fixture).await.iter().map(|outcome| outcome.present).collect();
    assert_eq!(present, [true, false, true], "the row in the middle is gone");
}
