//! Names, fingerprints, outcomes and codes survive the text that an index stores.

use std::io;

use threadkeep_rollout::{
    ExtractError, Fingerprint, ProblemReason, RolloutName, RolloutNameError, RunOutcome, UnknownRunOutcome,
};

use crate::ID;

#[test]
fn a_name_is_what_it_displays() -> Result<(), RolloutNameError> {
    let text = format!("rollout-2026-11-22T13-24-59-{ID}.jsonl");
    let name = RolloutName::parse(&text)?;
    assert_eq!(name.to_string(), text);
    assert_eq!(name.thread_id.to_string(), ID);
    assert_eq!(RolloutName::parse(&format!("{text}.zst"))?, name);
    Ok(())
}

#[test]
fn other_names_are_refused() {
    for name in [
        "",
        "rollout-.jsonl",
        "rollout-2026-11-22T13-24-59.jsonl",
        &format!("rollout-2026-02-30T13-24-59-{ID}.jsonl"),
        &format!("rollout-2026-11-22T24-24-59-{ID}.jsonl"),
        &format!("rollout-2026-11-22 13-24-59-{ID}.jsonl"),
        &format!("rollout-+026-11-22T13-24-59-{ID}.jsonl"),
        &format!("rollout-2026-11-22T13-24-5é-{ID}.jsonl"),
        &format!("rollout-2026-11-22T13-24-59-{}.jsonl", ID.replace('-', "")),
        &format!("session-2026-11-22T13-24-59-{ID}.jsonl"),
        &format!("rollout-2026-11-22T13-24-59-{ID}.copy.jsonl"),
    ] {
        assert!(RolloutName::parse(name).is_err(), "{name}");
    }
}

#[test]
fn the_text_of_a_fingerprint_is_three_hexadecimal_numbers() {
    let numbers = [0, 1, 9, 15, 16, 255, 256, 0x1234_5678_9abc_def0, i64::MAX, i64::MIN, -1, -2];
    for (modified_ns, changed_ns) in numbers.into_iter().flat_map(|one| numbers.map(|other| (one, other))) {
        let len = modified_ns.cast_unsigned();
        let print = Fingerprint { len, modified_ns, changed_ns };
        assert_eq!(print.to_string(), format!("{len:x}:{modified_ns:x}:{changed_ns:x}"));
    }
}

#[test]
fn an_outcome_survives_its_word() -> Result<(), serde_json::Error> {
    for outcome in [
        RunOutcome::Unknown,
        RunOutcome::Running,
        RunOutcome::Completed,
        RunOutcome::Failed,
        RunOutcome::Interrupted,
    ] {
        assert_eq!(outcome.to_string().parse(), Ok(outcome));
        assert_eq!(serde_json::to_value(outcome)?, outcome.as_str(), "JSON has the same word");
    }
    for word in ["", "Running", "in_progress"] {
        assert_eq!(word.parse::<RunOutcome>(), Err(UnknownRunOutcome { word: word.to_owned() }));
    }
    Ok(())
}

#[test]
fn each_reason_has_a_word() {
    use ProblemReason::{
        BrokenLink, Changing, LeavesHome, LinkCircle, MalformedName, NameNotUtf8, NoSessions, NotAFile,
        TooDeep, Unreadable,
    };
    for (reason, word) in [
        (Unreadable("Permission denied".to_owned()), "unreadable"),
        (NoSessions, "no_sessions"),
        (Changing, "changing"),
        (MalformedName, "malformed_name"),
        (NameNotUtf8, "name_not_utf8"),
        (LeavesHome, "leaves_home"),
        (BrokenLink, "broken_link"),
        (LinkCircle, "link_circle"),
        (NotAFile, "not_a_file"),
        (TooDeep, "too_deep"),
    ] {
        assert_eq!(reason.code(), word);
        assert_eq!(reason.detail(), (word == "unreadable").then_some("Permission denied"));
    }
}

#[test]
fn an_error_survives_its_code() -> Result<(), Box<dyn std::error::Error>> {
    let denied = || io::Error::from_raw_os_error(13);
    for error in [
        ExtractError::Io(denied()),
        ExtractError::NotAFile,
        ExtractError::Empty,
        ExtractError::NoThread,
        ExtractError::CompressionUnsupported,
        ExtractError::WindowTooLarge,
    ] {
        let again = ExtractError::from_code(error.code(), error.detail().as_deref());
        let again = again.ok_or("unknown code")?;
        assert_eq!((again.to_string(), again.code()), (error.to_string(), error.code()));
        assert_eq!(again.is_transient(), error.is_transient());
    }
    assert!(ExtractError::from_code("from_the_future", None).is_none());
    Ok(())
}
