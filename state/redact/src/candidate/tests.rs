//! Tests of the hints, which only a process without compiled rules needs.

use super::*;

#[test]
fn every_candidate_has_a_hint() {
    for rule in TABLE.iter().filter(|rule| rule.kind != "telegram-token") {
        for start in rule.starts.iter().filter(|start| start.len() > 2) {
            assert!(has_hint(start.as_bytes()), "{start}");
        }
    }
    for word in LAST_WORDS.iter().chain(&["key"]) {
        assert!(has_hint(word.as_bytes()), "{word}");
    }
    for text in ["1234567890:AAx", &format!("SK{}", "0f".repeat(16)), "MTIzNDU2Nzg5MDEyMzQ1Njc4", "-u me:x"] {
        assert!(has_hint(text.as_bytes()), "{text}");
    }
    assert!(!has_hint("backfill: complete: 1,000 scanned; list the files, Привет".as_bytes()));
}
