//! Claims, cursors, prefixes of ids and search terms.

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::claim::Claim;
use super::cursor::Cursor;
use super::find::canonical_prefix;
use super::order::{SortDirection, SortKey};

#[test]
fn the_better_claim_does_not_depend_on_the_order() {
    let id = Uuid::from_u128(7);
    let name = format!("rollout-2026-11-22T13-24-58-{id}.jsonl");
    let claim =
        |path: &str, updated_at_ms, archived| Claim { path: path.to_owned(), updated_at_ms, archived };
    let best_first = [
        claim(&format!("archived_sessions/{name}"), 2, true),
        claim(&format!("sessions/a/{name}"), 1, false),
        claim(&format!("sessions/b/{name}"), 1, false),
        claim(&format!("archived_sessions/{name}"), 1, true),
        claim("sessions/a/rollout-copy.jsonl", 3, false),
    ];
    for (n, better) in best_first.iter().enumerate() {
        for worse in &best_first[n + 1..] {
            assert!(better.beats(worse, id), "{better:?} against {worse:?}");
            assert!(!worse.beats(better, id), "{worse:?} against {better:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_cursor_survives_its_text(
        ms in -62_135_596_800_000_i64..253_402_207_200_000,
        id in any::<u128>(),
        created in any::<bool>(),
        ascending in any::<bool>(),
        catch_up in any::<bool>(),
    ) {
        let cursor = Cursor {
            sort: if created { SortKey::Created } else { SortKey::Updated },
            direction: if ascending { SortDirection::Ascending } else { SortDirection::Descending },
            catch_up,
            filters: id as u32,
            at: Timestamp::from_millisecond(ms).unwrap(),
            id: Uuid::from_u128(id),
        };
        prop_assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
    }

    #[test]
    fn a_damaged_cursor_is_another_one_or_a_clear_no(
        at in 0_usize..64,
        damage in prop_oneof![".{0,3}", "[0-9a-f.v-]"],
    ) {
        let good = "v2udf0badcafe.1795354176824.01a203712e88704292717b3c9ce3f36d";
        let at = at.min(good.len() - 1);
        let text = format!("{}{damage}{}", &good[..at], &good[at + 1..]);
        // What is accepted says the same again; what is not is refused in words, without a
        // panic.
        match text.parse::<Cursor>() {
            Ok(cursor) => prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor)),
            Err(error) => prop_assert!(error.to_string().contains("start again without one")),
        }
    }
}

#[test]
fn a_prefix_gets_its_hyphens() {
    assert_eq!(canonical_prefix("01A2036C").as_deref(), Some("01a2036c"));
    assert_eq!(canonical_prefix("01a2036c-e").as_deref(), Some("01a2036c-e"));
    assert_eq!(canonical_prefix("01a2036ce04773b").as_deref(), Some("01a2036c-e047-73b"));
    assert_eq!(canonical_prefix("--"), None);
    assert_eq!(canonical_prefix("' OR 1"), None);
}
