//! Tests of the hints, which only a process without compiled rules needs.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::Union;
use proptest::string::string_regex;
use proptest::test_runner::RngSeed;

use super::*;

#[path = "../../tests/it/keys.rs"]
mod keys;

/// Files of the corpus, whose lines hold texts with secrets and without.
const CORPUS: [&str; 5] = [
    include_str!("../../tests/it/assigned.rs"),
    include_str!("../../tests/it/names.rs"),
    include_str!("../../tests/it/properties.rs"),
    include_str!("../../tests/it/shapes.rs"),
    include_str!("../../tests/it/stays.rs"),
];

fn is_candidate(text: &str) -> bool {
    CANDIDATE.get_or_init(compile).is_match(text)
}

#[test]
fn beginnings_and_the_corpus_have_hints() {
    let starts = TABLE.iter().filter(|rule| rule.kind != "telegram-token").flat_map(|rule| rule.starts);
    for start in starts.filter(|start| start.len() > 2) {
        assert!(has_hint(start.as_bytes()), "{start}");
    }
    for (_, key) in keys::KEYS {
        assert!(has_hint(key.as_bytes()), "{key}");
    }
    for line in CORPUS.iter().flat_map(|file| file.lines()) {
        assert!(has_hint(line.as_bytes()) || !is_candidate(line), "{line}");
    }
    assert!(!has_hint("backfill: complete: 1,000 scanned; list the files, Привет".as_bytes()));
}

/// Makes text without a hint. Two of its letters are equal to an ASCII letter in Unicode alone.
fn noise() -> impl Strategy<Value = String> {
    let pieces = select(vec![" ", "\n", "b", "7", "-", "_", "\"", "%", "é", "日", "\u{212a}", "\u{17f}"]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

/// Makes text that one of the leads matches. Names have most alternatives, so that they come most
/// often.
fn candidate() -> impl Strategy<Value = String> {
    let weight = |lead: &str| if lead.contains(&name_end()) { 15 } else { 1 };
    let text = |lead: &str| string_regex(lead).expect("no lead looks around").boxed();
    Union::new_weighted(leads().iter().map(|lead| (weight(lead), text(lead))).collect())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Default::default()
    })]

    #[test]
    fn every_candidate_has_a_hint(
        before in noise(), candidate in candidate(), after in noise(), cut: Index,
    ) {
        let mut text = [before, candidate, after].concat();
        prop_assert!(is_candidate(&text) && has_hint(text.as_bytes()), "{text:?}");
        let (at, _) = text.char_indices().nth(cut.index(text.chars().count())).expect("is inside");
        text.remove(at);
        prop_assert!(has_hint(text.as_bytes()) || !is_candidate(&text), "{text:?}");
    }
}
