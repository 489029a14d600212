//! Requests in rollouts: each own one is there, whatever its purpose and wherever it stands.

use std::fs;

use jiff::Timestamp;
use threadkeep_rollout::{Extraction, Extractor, Projection, Projector, RolloutName};
use threadkeep_sessions::{
    Draft, Outcome, Purpose, Relation, Request, Session, ThreadIds, Tokens, to_rollout,
};

use crate::facts::Result;

const NAME: &str = "rollout-2026-11-28T08-00-00-e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa.jsonl";
const ID: &str = "e0e8f037-a8cd-4c15-a94d-9642ed2c6cfa";

fn at(second: u32) -> Option<Timestamp> {
    format!("2026-11-28T08:00:{second:02}Z").parse().ok()
}

fn request(id: &str, at: Option<Timestamp>, purpose: Purpose, input: i64) -> Request {
    let model = Some(if purpose == Purpose::Conversation { "large" } else { "small" }.to_owned());
    let tokens = Tokens { input, ..Tokens::default() };
    Request { id: id.to_owned(), at, model, purpose, tokens, inherited: false }
}

/// Takes a turn with a request of 100 tokens, which begins at a second and takes three.
fn turn(draft: &mut Draft, second: u32) {
    draft.prompt(at(second), Some(&format!("p{second}")), "words", 0);
    draft.request(request(&format!("r{second}"), at(second + 3), Purpose::Conversation, 100));
    draft.answer(at(second + 3), Some(&format!("a{second}")), "an answer");
    draft.end(Outcome::Completed, None);
}

fn written(session: &Session) -> String {
    String::from_utf8_lossy(&to_rollout(session, &ThreadIds::new("qwen", []))).into_owned()
}

fn read(rollout: &str) -> Result<(Extraction, Projection)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    fs::write(&path, rollout)?;
    let name = RolloutName::parse(NAME)?;
    let extraction = Extractor::new().extract(&path, false, Some(&name), None)?;
    Ok((extraction, Projector::new().project(&path, false, Some(&name), None)?))
}

/// Input tokens of each purpose.
fn used(projection: &Projection) -> [i64; 3] {
    [Purpose::Conversation, Purpose::Subagent, Purpose::Hidden].map(|purpose| {
        projection.usage.iter().filter(|day| day.purpose == purpose).map(|day| day.tokens.input).sum()
    })
}

#[test]
fn hidden_requests_change_neither_model_nor_times() -> Result {
    let mut draft = Draft::new(ID);
    draft.request(request("router", at(9), Purpose::Hidden, 1));
    turn(&mut draft, 10);
    draft.request(request("delegated", None, Purpose::Subagent, 2));
    turn(&mut draft, 20);
    draft.request(request("title", at(59), Purpose::Hidden, 4));
    let session = draft.finish();
    let (extraction, projection) = read(&written(&session))?;
    assert_eq!(used(&projection), [200, 2, 5]);
    let metadata = &extraction.metadata;
    assert_eq!((metadata.own_tokens, metadata.model.as_deref()), (Some(200), Some("large")));
    assert_eq!((metadata.created_at, metadata.updated_at), (at(10), at(23)));
    let mut plain = session;
    plain.requests.retain(|request| request.purpose == Purpose::Conversation);
    let (without, history) = read(&written(&plain))?;
    assert_eq!(extraction.metadata, without.metadata);
    assert_eq!(projection.turns.len(), history.turns.len());
    Ok(())
}

#[test]
fn a_session_with_hidden_requests_grows_at_its_end() -> Result {
    let grown = |turns: u32| {
        let mut draft = Draft::new(ID);
        for turn_at in (0..turns).map(|n| n * 10) {
            turn(&mut draft, turn_at);
            draft.request(request(&format!("h{turn_at}"), at(turn_at + 5), Purpose::Hidden, 7));
        }
        written(&draft.finish())
    };
    for turns in 1..4 {
        assert!(grown(turns + 1).starts_with(&grown(turns)), "{}", grown(turns + 1));
    }
    assert_eq!(used(&read(&grown(4))?.1), [400, 0, 28]);
    Ok(())
}

#[test]
fn inherited_hidden_requests_stay_in_the_parent() -> Result {
    let mut draft = Draft::new(ID);
    draft.inherit(true);
    turn(&mut draft, 10);
    draft.request(request("copied", at(14), Purpose::Hidden, 7));
    draft.inherit(false);
    turn(&mut draft, 20);
    draft.request(request("own", at(24), Purpose::Hidden, 5));
    let rollout = written(&draft.finish());
    assert_eq!(used(&read(&rollout)?.1), [100, 0, 5]);
    assert!(!rollout.contains("copied"), "{rollout}");
    Ok(())
}

#[test]
fn a_session_of_hidden_requests_alone_has_them() -> Result {
    let mut draft = Draft::new(ID);
    draft.said_at(at(1));
    draft.request(request("title", at(2), Purpose::Hidden, 7));
    let (extraction, projection) = read(&written(&draft.finish()))?;
    assert_eq!((used(&projection), extraction.metadata.own_tokens), ([0, 0, 7], None));
    Ok(())
}

#[test]
fn requests_that_no_turn_has_are_written() -> Result {
    let mut draft = Draft::new(ID);
    draft.said_at(at(1));
    draft.request(request("erased", at(2), Purpose::Conversation, 7));
    let rollout = written(&draft.finish());
    let (extraction, projection) = read(&rollout)?;
    assert_eq!(used(&projection), [7, 0, 0], "{rollout}");
    assert_eq!(
        (extraction.metadata.own_tokens, projection.usage[0].model.as_deref()),
        (Some(7), Some("large"))
    );
    Ok(())
}

#[test]
fn an_inherited_request_at_the_time_of_the_own_part_hides_no_other() -> Result {
    for copied in [true, false] {
        let mut draft = Draft::new(ID);
        draft.parent("parent", Relation::Fork);
        draft.inherit(true);
        if copied {
            turn(&mut draft, 10);
        } else {
            draft.request(request("r10", at(13), Purpose::Conversation, 100));
        }
        draft.inherit(false);
        // In the second of the last copied answer.
        turn(&mut draft, 13);
        turn(&mut draft, 20);
        let rollout = written(&draft.finish());
        assert_eq!(used(&read(&rollout)?.1), [200, 0, 0], "{rollout}");
    }
    Ok(())
}

#[test]
fn a_fork_in_which_nothing_was_said_begins_after_what_it_copied() {
    let mut draft = Draft::new(ID);
    draft.parent("parent", Relation::Fork);
    draft.inherit(true);
    turn(&mut draft, 10);
    let session = draft.finish();
    assert_eq!((session.created_at, session.updated_at), (at(13), at(13)));
}

#[test]
fn a_session_that_a_newer_version_goes_on_with_is_its_parent() -> Result {
    let mut draft = Draft::new(ID);
    draft.parent("11111111-2222-4333-8444-555555555555", Relation::Migration);
    turn(&mut draft, 10);
    let (extraction, _) = read(&written(&draft.finish()))?;
    let parent = extraction.metadata.forked_from_id.map(|id| id.to_string());
    assert_eq!(parent.as_deref(), Some("11111111-2222-4333-8444-555555555555"));
    Ok(())
}

#[test]
fn reasoning_is_no_more_than_the_output() -> Result {
    let mut draft = Draft::new(ID);
    for (id, output, reasoning) in [("less", 10, -3), ("more", 10, 30), ("part", 10, 4), ("bad", -1, 5)] {
        let mut request = request(id, None, Purpose::Conversation, 1);
        (request.tokens.output, request.tokens.reasoning) = (output, Some(reasoning));
        draft.request(request);
    }
    draft.request(request("unknown", None, Purpose::Conversation, 1));
    let reasoning: Vec<_> = draft.finish().requests.iter().map(|request| request.tokens.reasoning).collect();
    assert_eq!(reasoning, [Some(0), Some(10), Some(4), Some(0), None]);
    Ok(())
}
