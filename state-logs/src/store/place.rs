//! Places and ids of rows. A place is the partition and the position in it in one number.

use std::ops::RangeInclusive;

use jiff::Timestamp;

/// Bits of a position.
pub(crate) const POSITION_BITS: u32 = 35;

/// Ids per millisecond. An id stays below 2^53 until the year 2255, so that JSON numbers are exact.
const IDS_PER_MS: i64 = 1_000;

/// Returns the place of a row.
pub(crate) const fn place(partition: i64, position: i64) -> i64 {
    (partition << POSITION_BITS) | position
}

/// Returns all places of a partition.
pub(crate) const fn places(partition: i64) -> RangeInclusive<i64> {
    place(partition, 0)..=place(partition + 1, 0) - 1
}

/// Returns the next id for a row of this time. Ids only grow, and are never behind the time.
pub(crate) fn next_id(last: i64, at: Timestamp) -> i64 {
    (last + 1).max(at.as_millisecond().saturating_mul(IDS_PER_MS))
}

/// Returns the milliseconds by which an id is ahead of its row's time.
pub(crate) fn late_ms(id: i64, at: Timestamp) -> i64 {
    id / IDS_PER_MS - at.as_millisecond()
}

/// Returns a lower bound for the ids of rows at this time or later.
pub(crate) fn first_id(from_ms: i64) -> i64 {
    from_ms.saturating_mul(IDS_PER_MS)
}

/// Returns an upper bound for the ids of rows before this time, given the largest distance of ids and times.
pub(crate) fn last_id(to_ms: i64, most_late_ms: i64) -> i64 {
    to_ms.saturating_add(most_late_ms).saturating_add(1).saturating_mul(IDS_PER_MS)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::{prop_assert, proptest};

    use super::{first_id, last_id, late_ms, next_id, place, places};

    #[test]
    fn partitions_do_not_overlap() {
        assert_eq!(places(1), 1 << 35..=(2 << 35) - 1);
        assert!(places(7).contains(&place(7, 1)) && !places(7).contains(&place(8, 0)));
        let farthest = place((1 << 28) - 1, (1 << 35) - 1);
        assert_eq!(farthest, i64::MAX);
    }

    proptest! {
        #[test]
        fn the_id_bounds_of_a_time_hold_each_of_its_rows(
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
