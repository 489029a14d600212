//! Where a row is: its partition and its position there in one number, and its id.

use std::ops::RangeInclusive;

use jiff::Timestamp;

/// The bits of a position.
pub(crate) const POSITION_BITS: u32 = 35;

/// How many ids there are for a millisecond. An id stays below 2^53 until the year 2255, so that JSON can bear it.
const IDS_PER_MS: i64 = 1_000;

/// Returns the place of a row.
pub(crate) const fn place(partition: i64, position: i64) -> i64 {
    (partition << POSITION_BITS) | position
}

/// Returns all places of a partition.
pub(crate) const fn places(partition: i64) -> RangeInclusive<i64> {
    place(partition, 0)..=place(partition + 1, 0) - 1
}

/// Returns the id after another one, for a row of this time: ids only grow, and are never behind the time.
pub(crate) fn next_id(last: i64, at: Timestamp) -> i64 {
    (last + 1).max(at.as_millisecond().saturating_mul(IDS_PER_MS))
}

/// Returns by how many milliseconds an id is ahead of its row's time.
pub(crate) fn late_ms(id: i64, at: Timestamp) -> i64 {
    id / IDS_PER_MS - at.as_millisecond()
}

/// Returns an id that no row of this time or later is below.
pub(crate) fn first_id(from_ms: i64) -> i64 {
    from_ms.saturating_mul(IDS_PER_MS)
}

/// Returns an id that no row before this time is above, where rows are late by so much at most.
pub(crate) fn last_id(to_ms: i64, most_late_ms: i64) -> i64 {
    to_ms.saturating_add(most_late_ms).saturating_add(1).saturating_mul(IDS_PER_MS)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::{prop_assert, proptest};

    use super::{first_id, last_id, late_ms, next_id, place, places};

    #[test]
    fn partitions_lie_one_after_the_other() {
        assert_eq!(places(1), 1 << 35..=(2 << 35) - 1);
        assert!(places(7).contains(&place(7, 1)) && !places(7).contains(&place(8, 0)));
        let farthest = place((1 << 28) - 1, (1 << 35) - 1);
        assert_eq!(farthest, i64::MAX);
    }

    proptest! {
        #[test]
        fn the_bounds_of_a_time_hold_every_row_of_it(
            times in proptest::collection::vec(0..50_i64, 1..60), from in 0..50_i64, to in 0..50_i64,
        ) {
            let (mut last, mut most_late) = (0, 0);
            let mut rows = Vec::new();
            for ms in times {
                let at = Timestamp::from_millisecond(ms)?;
                let id = next_id(last, at);
                prop_assert!(id > last && id >= first_id(ms));
                most_late = most_late.max(late_ms(id, at));
                rows.push((ms, id));
                last = id;
            }
            for (ms, id) in rows {
                prop_assert!(ms < from || id >= first_id(from));
                prop_assert!(ms >= to || id <= last_id(to, most_late));
            }
        }
    }
}
