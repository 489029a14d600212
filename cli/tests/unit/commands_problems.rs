//! Tests of `commands/problems.rs`, next to which its private items are in scope.

use threadkeep_rollout::ExtractError;

use super::*;

#[test]
fn a_place_has_one_entry_of_its_worst_kind() {
    let name = PlaceProblem::new("sessions/a".to_owned(), HomeProblem::Place(ProblemReason::MalformedName));
    let copy = HomeProblem::Duplicate { of: "sessions/b".to_owned() };
    let copy = PlaceProblem::new("sessions/a".to_owned(), copy);
    let other = PlaceProblem::new("sessions/b".to_owned(), ExtractError::Empty.into());
    let merged = merged(vec![name.clone(), other, copy, name.clone()]);
    assert_eq!(merged.len(), 2);
    assert_eq!(merged[0].reason(), format!("has the same thread id as sessions/b; {}", name.reason()));
    assert!(merged[0].is_serious() && !name.is_serious());
    let empty = "the file is empty; it will be read once its agent writes to it";
    assert_eq!(merged[1].reason(), empty);
}

#[test]
fn a_file_without_an_id_is_not_told_twice_about_its_name() {
    let name = PlaceProblem::new("sessions/a".to_owned(), HomeProblem::Place(ProblemReason::MalformedName));
    let unread = PlaceProblem::new("sessions/a".to_owned(), ExtractError::NoThread.into());
    let both = merged(vec![name, unread.clone()]);
    assert_eq!((both.len(), both[0].reason()), (1, unread.reason()));
}
