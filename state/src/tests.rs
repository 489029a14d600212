//! Stored problems.

use threadkeep_rollout::{BadLine, BadReason, ExtractError, SkippedLines};

use crate::home_problem::HomeProblem;

#[test]
fn a_problem_survives_its_code() {
    let bad = BadLine { offset: 7, line_number: 2, reason: BadReason::Torn };
    for problem in [
        ExtractError::Empty.into(),
        ExtractError::Io(std::io::Error::from_raw_os_error(13)).into(),
        HomeProblem::Panicked("a message: über".to_owned()),
        HomeProblem::LinesSkipped(SkippedLines { count: 1, first: vec![bad] }),
        HomeProblem::Duplicate { of: "sessions/a.jsonl".to_owned() },
        HomeProblem::Unknown { code: "from_the_future".to_owned(), detail: None },
    ] {
        let stored = HomeProblem::stored(problem.code().to_owned(), problem.detail());
        assert_eq!((&stored, stored.to_string()), (&problem, problem.to_string()));
        assert_eq!(stored.is_transient(), problem.is_transient());
    }
}

#[test]
fn a_detail_of_another_form_is_kept_as_it_is() {
    let stored = HomeProblem::stored("lines_skipped".to_owned(), Some("many".to_owned()));
    assert_eq!(stored.to_string(), "a newer version found: lines_skipped (many)");
}
