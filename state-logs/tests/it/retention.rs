//! Retention: the newest rows of each partition stay, and old rows go.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use threadkeep_state_logs::{Keep, LogOptions, LogQuery, NewRow};
use tracing::info;
use uuid::Uuid;

use crate::support::{Lab, PLENTY, Result, new_row, patient};

const KEEP: Keep = Keep { rows: 5, bytes: 600 };

/// A thread, a process and the number of bytes of a row's message.
type Shape = (Option<u8>, Option<u8>, usize);

fn row(at_ms: i64, (thread, process, bytes): Shape) -> NewRow {
    let id = |number: u8| Uuid::from_u128(number.into());
    let message = format!("{at_ms:06}{}", "x".repeat(bytes));
    NewRow { thread_id: thread.map(id), process_id: process.map(id), ..new_row(at_ms, &message) }
}

fn owner(row: &NewRow) -> (Option<Uuid>, Option<Uuid>) {
    (row.thread_id, row.process_id.filter(|_| row.thread_id.is_none()))
}

/// Returns the messages that stay, by owner: all rows are added, and then the oldest go.
fn model(batches: &[Vec<NewRow>]) -> Vec<String> {
    let mut partitions: BTreeMap<_, VecDeque<&NewRow>> = BTreeMap::new();
    for row in batches.iter().flatten() {
        partitions.entry(owner(row)).or_default().push_back(row);
    }
    let bytes = |rows: &VecDeque<&NewRow>| rows.iter().map(|row| row.bytes()).sum::<u64>();
    for rows in partitions.values_mut() {
        while rows.len() as u64 > KEEP.rows || (bytes(rows) > KEEP.bytes && rows.len() > 1) {
            rows.pop_front();
        }
    }
    let mut left: Vec<_> = partitions.into_values().flatten().map(|row| row.message.clone()).collect();
    left.sort();
    left
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn each_partition_keeps_its_newest_rows(
        shapes in proptest::collection::vec(
            proptest::collection::vec(
                (proptest::option::of(0..2_u8), proptest::option::of(0..2_u8), 0..300_usize), 1..14,
            ),
            1..7,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut at = 0;
        let batches: Vec<Vec<NewRow>> = shapes
            .into_iter()
            .map(|batch| batch.into_iter().map(|shape| { at += 1; row(at, shape) }).collect())
            .collect();
        let (mut left, counted, stored) = runtime.block_on(async {
            let lab = Lab::new()?;
            for batch in &batches {
                lab.store.append(batch, KEEP, 0).await?;
            }
            let left: Vec<String> = lab.rows().await?.into_iter().map(|row| row.message).collect();
            let inventory = lab.store.inventory().await?.ok_or("no database")?;
            let stored: (u32, u32) = rusqlite::Connection::open(lab.path())?.query_row(
                "SELECT count(*), coalesce(sum(bytes), 0) FROM log_rows", [], |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            Ok::<_, crate::support::Error>((left, (inventory.rows, inventory.bytes), (u64::from(stored.0), u64::from(stored.1))))
        }).map_err(|error| proptest::test_runner::TestCaseError::fail(error.to_string()))?;
        prop_assert!(left.is_sorted(), "ids are in the order of the commits");
        left.sort();
        prop_assert_eq!(left, model(&batches));
        prop_assert_eq!(counted, stored);
    }
}

#[tokio::test]
async fn a_thread_keeps_its_rows_whatever_others_log() -> Result {
    let lab = Lab::new()?;
    let thread = Uuid::from_u128(7);
    let options = LogOptions { keep_rows: 50, batch_rows: 16, ..patient() };
    lab.log(options, || {
        (0..40).for_each(|number| info!(thread_id = %thread, number, "of the thread"));
        (0..500).for_each(|number| info!(number, "of the process"));
    })
    .await?;
    let of_thread = lab.store.query(&LogQuery { threads: vec![thread], ..LogQuery::default() }).await?;
    let of_process = lab.store.query(&LogQuery { threadless: true, ..LogQuery::default() }).await?;
    assert_eq!((of_thread.len(), of_process.len()), (40, 50));
    assert_eq!(of_process[0].fields["number"], 499);
    assert_eq!(of_process[49].fields["number"], 450);
    Ok(())
}

#[tokio::test]
async fn the_defaults_are_ten_mebibytes_and_a_thousand_rows() -> Result {
    let lab = Lab::new()?;
    let options = patient();
    let keep = Keep { rows: options.keep_rows, bytes: options.keep_bytes };
    assert_eq!(keep, Keep { rows: 1_000, bytes: 10 << 20 });
    let large: Vec<NewRow> = (0..300).map(|at| row(at, (Some(1), None, 60_000))).collect();
    let small: Vec<NewRow> = (300..1_500).map(|at| row(at, (Some(2), None, 10))).collect();
    for batch in large.chunks(64).chain(small.chunks(512)) {
        lab.store.append(batch, keep, 0).await?;
    }
    let count = async |thread| {
        let query = LogQuery { threads: vec![Uuid::from_u128(thread)], limit: 10_000, ..LogQuery::default() };
        Ok::<_, crate::support::Error>(lab.store.query(&query).await?.len())
    };
    assert_eq!((count(1).await?, count(2).await?), ((10 << 20) / 60_006, 1_000));
    Ok(())
}

#[tokio::test]
async fn what_is_too_old_goes_and_its_empty_partitions_with_it() -> Result {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let lab = Lab::new()?;
    let rows: Vec<NewRow> =
        (0..2_500).map(|at| row(at * DAY / 25, (Some((at % 2) as u8), None, 10))).collect();
    lab.store.append(&rows, PLENTY, 0).await?;
    // A row that came late has an id among the new rows.
    lab.store.append(&[row(5, (Some(9), None, 1))], PLENTY, 0).await?;
    let now = jiff::Timestamp::from_millisecond(100 * DAY)?;
    let expired = lab.store.expire(now, Duration::from_secs(90 * 24 * 60 * 60)).await?;
    assert_eq!(expired, 251);
    let left = lab.rows().await?;
    assert_eq!(left.len(), 2_250);
    assert!(left.iter().all(|row| row.at.as_millisecond() >= 10 * DAY));
    let owners: u32 = rusqlite::Connection::open(lab.path())?.query_row(
        "SELECT count(*) FROM log_partitions",
        [],
        |row| row.get(0),
    )?;
    assert_eq!(owners, 2);
    assert_eq!(lab.store.expire(now, Duration::MAX).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_wrong_once_empties_no_log() -> Result {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let lab = Lab::new()?;
    let rows: Vec<NewRow> = (0..50).map(|at| row(at * DAY, (Some(1), None, 10))).collect();
    lab.store.append(&rows, PLENTY, 0).await?;
    let keep = Duration::from_secs(90 * 24 * 60 * 60);
    let right = jiff::Timestamp::from_millisecond(100 * DAY)?;
    let wrong = jiff::Timestamp::from_millisecond(30_000 * DAY)?;
    assert_eq!(lab.store.expire(right, keep).await?, 10);
    assert_eq!(lab.store.expire(wrong, keep).await?, 0);
    assert_eq!(lab.store.expire(right, keep).await?, 0);
    assert_eq!(lab.rows().await?.len(), 40);
    // After two years without a start, two starts agree.
    assert_eq!(lab.store.expire(wrong, keep).await?, 0);
    assert_eq!(lab.store.expire(wrong, keep).await?, 40);
    Ok(())
}

#[tokio::test]
async fn a_start_looks_for_what_is_too_old_and_gives_pages_back() -> Result {
    let lab = Lab::new()?;
    let old: Vec<NewRow> = (0..3_000).map(|at| row(at, (Some(1), None, 1_000))).collect();
    lab.store.append(&old, PLENTY, 0).await?;
    lab.store.close().await?;
    let before = std::fs::metadata(lab.path())?.len();
    let rows = lab.log(patient(), || info!("new")).await?;
    assert_eq!(rows.len(), 1);
    lab.store.close().await?;
    let after = std::fs::metadata(lab.path())?.len();
    assert!(
        after < before && before - after <= 1_024 * 4_096,
        "{before} became {after}: a bounded part at once"
    );
    lab.log(patient(), || info!("again")).await?;
    Ok(())
}
