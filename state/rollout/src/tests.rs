//! Tests of texts, times and hidden places.

use uuid::Uuid;

use crate::home::problem::{DiscoveryProblem, ProblemReason};
use crate::text::{MAX_TITLE, bounded, safe};
use crate::time::{LineTime, of_id};

#[test]
fn text_is_cut_at_a_character() {
    assert_eq!(bounded("日本語", 3), "日本語");
    assert_eq!(bounded("日本語!", 3), "日本…");
    assert_eq!(bounded("", 3), "");
    assert_eq!(bounded(&"é".repeat(MAX_TITLE + 1), MAX_TITLE).chars().count(), MAX_TITLE);
}

#[test]
fn secrets_go_before_the_text_is_cut() {
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    assert_eq!(safe(&format!("use {key} for it"), 50), "use [redacted:openai-key] for it");
    let cut = safe(&format!("{} {key}", "x".repeat(20)), 30);
    assert_eq!(cut, format!("{} [redacte…", "x".repeat(20)));
    // A key that does not fit into what is looked at is not half shown.
    let far = safe(&format!("{} {key}", "KEYS ".repeat(7)), 10);
    assert!(!far.contains("sk-"), "{far}");
    assert_eq!(safe("plain words", 50), "plain words");
    assert!(safe(&"word ".repeat(100), 10).ends_with('…'));
}

#[test]
fn what_is_no_time_says_nothing() {
    for text in ["", "yesterday", "2026-11-22", "2026-11-22T13:25:00.010", "2026-02-30T00:00:00.000Z"] {
        assert!(LineTime::now(text.as_bytes()).is_none(), "{text}");
    }
    assert!(LineTime::now(b"2026-11-22T13:25:00.010123+02:00").is_some());
}

#[test]
fn only_an_id_of_version_7_bears_a_time() -> Result<(), uuid::Error> {
    let of = |id: &str| Uuid::try_parse(id).map(|id| of_id(id).map(|at| at.to_string()));
    assert_eq!(of("01a2036e-72f3-74e0-aaf8-16e5fd86f01a")?.as_deref(), Some("2026-11-22T13:24:59.763Z"));
    assert_eq!(of("00000000-0000-7000-8000-000000000000")?.as_deref(), Some("1970-01-01T00:00:00Z"));
    for id in [
        "ffffffff-ffff-7fff-bfff-ffffffffffff",
        "01a2036e-72f3-44e0-aaf8-16e5fd86f01a",
        "01a2036e-72f3-74e0-0af8-16e5fd86f01a",
        "00000000-0000-0000-0000-000000000000",
    ] {
        assert_eq!(of(id)?, None, "{id}");
    }
    Ok(())
}

#[test]
fn a_folder_does_not_hide_its_neighbours() {
    let hidden = |path: &str, reason| DiscoveryProblem { path: path.to_owned(), reason }.hidden_prefix();
    let prefix = |path| hidden(path, ProblemReason::TooDeep).expect("it hides files");
    assert!("sessions/2026/10/x.jsonl".starts_with(&prefix("sessions/2026/10")));
    assert!(!"sessions/2026/10/x.jsonl".starts_with(&prefix("sessions/2026/1")));
    assert_eq!(prefix("sessions/x.jsonl"), "sessions/x.jsonl");
    assert_eq!(prefix(""), "", "everything");
    assert_eq!(hidden("sessions/x.jsonl", ProblemReason::MalformedName), None);
}
