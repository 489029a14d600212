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

/// Returns an upper bound for the ids of rows before this time, given the largest distance of ids
/// and times.
pub(crate) fn last_id(to_ms: i64, most_late_ms: i64) -> i64 {
    to_ms.saturating_add(most_late_ms).saturating_add(1).saturating_mul(IDS_PER_MS)
}
