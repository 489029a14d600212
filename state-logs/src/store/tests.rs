//! Tests of places and ids.

use jiff::Timestamp;
use proptest::prelude::{prop_assert, proptest};

use super::place::{first_id, last_id, late_ms, next_id, place, places};

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
