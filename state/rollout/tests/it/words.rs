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
fn a_fingerprint_survives_its_text() {
    for (len, modified_ns, changed_ns) in [(0, 0, 0), (u64::MAX, -1, i64::MAX), (42, i64::MIN, 7)] {
        let print = Fingerprint { len, modified_ns, changed_ns };
        assert_eq!(print.to_string().parse(), Ok(print));
    }
    for text in ["", "1:2", "1:2:3:4", "x:1:2", "1:2:"] {
        assert!(text.parse::<Fingerprint>().is_err(), "{text}");
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
fn a_reason_survives_its_code() {
    let unreadable = ProblemReason::Unreadable("Permission denied".to_owned());
    use ProblemReason::{
        BrokenLink, LeavesHome, LinkCircle, MalformedName, NameNotUtf8, NoSessions, NotAFile, TooDeep,
    };
    for reason in [
        unreadable,
        NoSessions,
        MalformedName,
        NameNotUtf8,
        LeavesHome,
        BrokenLink,
        LinkCircle,
        NotAFile,
        TooDeep,
    ] {
        assert_eq!(ProblemReason::from_code(reason.code(), reason.detail()), Some(reason));
    }
    assert_eq!(ProblemReason::from_code("from_the_future", None), None);
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
