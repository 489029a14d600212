//! Checks through the engine: passes over items that come, change and go.

use super::fixture::{Fixture, engine, outcomes, pass, put, state_of};
use crate::{BackfillStatus, Ending, Phase, Report, StopHandle};

/// Returns the counts scanned, indexed, unchanged and vanished.
fn counts<P: std::fmt::Debug>(report: &Report<P>) -> (u64, u64, u64, u64) {
    let failures = (report.failed, report.known_failures, report.pending);
    assert_eq!(failures, (0, 0, 0), "nothing fails: {report:?}");
    (report.scanned, report.indexed, report.unchanged, report.vanished)
}

/// The first pass indexes everything.
pub async fn first_pass_indexes_everything<F: Fixture>(fixture: &F) {
    assert_eq!(counts(&pass(fixture).await), (0, 0, 0, 0), "a pass over nothing");
    put(fixture, 9).await;
    assert_eq!(counts(&pass(fixture).await), (9, 9, 0, 0), "everything is new");
    assert_eq!(fixture.rows().await.len(), 9, "everything has a row");
    let state = state_of(fixture).await;
    let over = (BackfillStatus::Complete, None, None);
    assert_eq!((state.status, state.watermark, state.lease), over, "and it is over");
    assert!(state.last_success_at.is_some(), "with success");
}

/// A pass over unchanged items reads and changes nothing.
pub async fn unchanged_pass_reads_nothing<F: Fixture>(fixture: &F) {
    put(fixture, 9).await;
    pass(fixture).await;
    let (rows, stored) = (fixture.rows().await, outcomes(fixture).await);
    let report = pass(fixture).await;
    assert_eq!((counts(&report), report.bytes), ((9, 0, 9, 0), 0), "nothing is read");
    assert_eq!((fixture.rows().await, outcomes(fixture).await), (rows, stored), "nothing has changed");
}

/// A changed item is read again, and its row is as a pass from scratch makes it.
pub async fn changed_item_is_read_again<F: Fixture>(fixture: &F) {
    put(fixture, 5).await;
    pass(fixture).await;
    let before = fixture.rows().await;
    for revision in 2..4 {
        fixture.put(3, revision).await;
        assert_eq!(counts(&pass(fixture).await), (5, 1, 4, 0), "one has changed");
    }
    let after = fixture.rows().await;
    for number in 0..5 {
        let key = fixture.key(number);
        assert_eq!(before[&key] != after[&key], number == 3, "the row of {key}");
    }
    equals_from_scratch(fixture).await;
}

/// A removed item loses its row, and gets it back when it comes back.
pub async fn removed_item_loses_its_row<F: Fixture>(fixture: &F) {
    put(fixture, 5).await;
    pass(fixture).await;
    let before = fixture.rows().await;
    fixture.remove(2).await;
    let report = pass(fixture).await;
    assert_eq!(counts(&report), (4, 0, 4, 1), "one is gone");
    assert_eq!(report.rows_gone, 1, "and its row with it");
    assert!(!fixture.rows().await.contains_key(&fixture.key(2)), "so is its row");
    fixture.put(2, 1).await;
    assert_eq!(counts(&pass(fixture).await), (5, 1, 4, 0), "it is back");
    assert_eq!(fixture.rows().await, before, "so is its row");
}

/// A row that got lost comes back at the next pass.
pub async fn lost_row_heals<F: Fixture>(fixture: &F) {
    put(fixture, 5).await;
    pass(fixture).await;
    let before = fixture.rows().await;
    fixture.lose_row(2).await;
    assert_ne!(fixture.rows().await, before, "the fixture loses the row");
    assert_eq!(counts(&pass(fixture).await), (5, 1, 4, 0), "one is read again");
    assert_eq!(fixture.rows().await, before, "its row is back");
}

/// A pass that was stopped after any number of batches is finished by the next.
pub async fn interrupted_pass_is_finished_by_the_next<F: Fixture>(fixture: &F) {
    for stop_at in [2, 4, 6, 8] {
        for number in 0..9 {
            fixture.put(number, stop_at).await;
        }
        stopped(fixture, 2, stop_at.into(), false).await;
        let state = state_of(fixture).await;
        let pending = (BackfillStatus::Pending, Some(fixture.key(stop_at as usize - 1)));
        assert_eq!((state.status, state.watermark), pending, "stopped after {stop_at}");
        let done = u64::from(stop_at);
        assert_eq!(counts(&pass(fixture).await), (9, 9 - done, done, 0), "what was done is not done again");
        equals_from_scratch(fixture).await;
    }
}

/// A descending pass reads the last keys first. The next one goes on with the keys before them.
pub async fn interrupted_descending_pass_is_finished_by_the_next<F: Fixture>(fixture: &F) {
    put(fixture, 9).await;
    stopped(fixture, 2, 4, true).await;
    let done: Vec<String> = outcomes(fixture).await.into_iter().map(|outcome| outcome.key).collect();
    assert_eq!(done, (5..9).map(|number| fixture.key(number)).collect::<Vec<_>>(), "the last ones are done");
    assert_eq!(state_of(fixture).await.watermark, Some(fixture.key(5)), "from the watermark on");
    // These are done, and come last now.
    fixture.put(7, 2).await;
    stopped(fixture, 2, 4, true).await;
    let stored = outcomes(fixture).await;
    let done: Vec<&str> = stored.iter().map(|outcome| outcome.key.as_str()).collect();
    assert_eq!(done, (1..9).map(|number| fixture.key(number)).collect::<Vec<_>>(), "it went on");
    assert_eq!(state_of(fixture).await.watermark, Some(fixture.key(1)), "down to there");
    assert_eq!(counts(&pass(fixture).await), (9, 2, 7, 0), "the rest, and what has changed");
    equals_from_scratch(fixture).await;
}

/// The result of a pass does not depend on the size of its batches.
pub async fn batch_size_does_not_matter<F: Fixture>(fixture: &F) {
    put(fixture, 9).await;
    pass(fixture).await;
    let before = (fixture.rows().await, outcomes(fixture).await);
    for size in [1, 2, 4] {
        let engine = engine(fixture).with(|it| {
            it.batch_items = size;
            it.force = true;
        });
        engine.run(|_| {}).await.expect("the pass must go through");
        assert_eq!((fixture.rows().await, outcomes(fixture).await), before, "in batches of {size}");
    }
}

/// Of an item and its copy one has the row and the other is reported. When the one goes, the other
/// gets the row at once.
pub async fn copy_is_reported_and_inherits<F: Fixture>(fixture: &F) {
    for (original, copy) in [(10, 11), (21, 20)] {
        fixture.put(original, 1).await;
        if !fixture.put_copy(copy, original).await {
            return;
        }
        for round in 0..2 {
            let report = pass(fixture).await;
            let reported = (report.duplicates, report.problems_total);
            assert_eq!(reported, (1, 1), "pass {round} reports the copy: {report:?}");
        }
        let rows = fixture.rows().await;
        assert_eq!(rows.len(), 1, "they have one row together: {rows:?}");
        let (winner, loser) =
            if rows.contains_key(&fixture.key(original)) { (original, copy) } else { (copy, original) };
        fixture.remove(winner).await;
        let report = pass(fixture).await;
        let inherited = (report.vanished, report.rows_gone, report.indexed, report.duplicates);
        assert_eq!(inherited, (1, 0, 1, 0), "the copy inherits: {report:?}");
        let rows: Vec<String> = fixture.rows().await.into_keys().collect();
        assert_eq!(rows, [fixture.key(loser)], "the row is the copy's");
        assert_eq!(counts(&pass(fixture).await), (1, 0, 1, 0), "and it stays");
        fixture.remove(loser).await;
        assert_eq!(counts(&pass(fixture).await), (0, 0, 0, 1), "until that goes too");
    }
}

/// A copy whose winner became something else is read again by the next pass if this one ends too
/// early, also when a third item has taken the row meanwhile.
pub async fn copy_forgotten_by_an_interrupted_pass_inherits<F: Fixture>(fixture: &F) {
    fixture.put(12, 1).await;
    if !fixture.put_copy(10, 12).await || !fixture.put_copy(11, 12).await {
        return;
    }
    pass(fixture).await;
    fixture.put_copy(13, 12).await;
    // Whichever of them the index's rule has given the row: it becomes something else, and 13 is
    // read before 11.
    if fixture.rows().await.contains_key(&fixture.key(12)) {
        fixture.remove(12).await;
    }
    fixture.put(10, 2).await;
    stopped(fixture, 1, 2, false).await;
    pass(fixture).await;
    equals_from_scratch(fixture).await;
}

/// Makes a pass that is stopped after so many items, which must be a number of whole batches.
async fn stopped<F: Fixture>(fixture: &F, batch_items: usize, after: u64, descending: bool) {
    let stop = StopHandle::new();
    let engine = engine(fixture).with(|it| {
        (it.batch_items, it.descending) = (batch_items, descending);
        it.stop = stop.clone();
    });
    let report = engine.run(|update| {
        if update.phase == Phase::Indexing && update.done_items >= after {
            stop.stop();
        }
    });
    let report = report.await.expect("the pass must end well");
    assert_eq!(report.ending, Ending::Interrupted, "stopped after {after}");
}

/// Reads everything once more and compares.
async fn equals_from_scratch<F: Fixture>(fixture: &F) {
    let before = (fixture.rows().await, outcomes(fixture).await);
    engine(fixture).with(|it| it.force = true).run(|_| {}).await.expect("the pass must go through");
    let again = (fixture.rows().await, outcomes(fixture).await);
    assert_eq!(again, before, "as a pass from scratch makes it");
}
