//! A store that takes one projection after the other has what one projection of the whole file has.

use std::fs::{self, OpenOptions};
use std::io::Write;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use threadkeep_rollout::{
    DayUsage, ExtractError, Passage, Projection, ProjectionCheckpoint, Projector, Rollback, RolloutName,
    SkippedLines, TurnSpan,
};

use crate::projection::project;
use crate::rules::{line, meta};
use crate::{ID, NAME, Result, replace, rollouts};

/// Content of a store that comes from one file.
#[derive(Debug, Default, PartialEq)]
struct Stored {
    turns: Vec<TurnSpan>,
    rollbacks: Vec<Rollback>,
    passages: Vec<Passage>,
    usage: Vec<DayUsage>,
    skipped: SkippedLines,
}

impl Stored {
    /// Replaces what was stored from [`Projection::from`] on.
    fn take(&mut self, new: Projection) {
        self.turns.retain(|turn| turn.offset < new.from);
        self.rollbacks.retain(|rollback| rollback.offset < new.from);
        self.passages.retain(|passage| passage.offset < new.from);
        self.turns.extend(new.turns);
        self.rollbacks.extend(new.rollbacks);
        self.passages.extend(new.passages);
        (self.usage, self.skipped) = (new.usage, new.skipped);
    }

    fn of(new: Projection) -> Self {
        let mut stored = Self::default();
        stored.take(new);
        stored
    }
}

/// Projects `bytes` cut by cut, each time from the stored checkpoint, and compares each result with
/// that of one go.
fn in_pieces(bytes: &[u8], cuts: impl IntoIterator<Item = usize>) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let (path, name) = (folder.path().join(NAME), RolloutName::parse(NAME)?);
    let (mut stored, mut checkpoint) = (Stored::default(), None::<ProjectionCheckpoint>);
    let (mut written, mut resumed, mut projector) = (0, 0, Projector::new());
    for cut in cuts {
        OpenOptions::new().create(true).append(true).open(&path)?.write_all(&bytes[written..cut])?;
        written = cut;
        let new = match projector.project(&path, false, Some(&name), checkpoint.as_ref()) {
            Err(ExtractError::Empty) => continue,
            new => new?,
        };
        assert_eq!((new.thread_id.to_string().as_str(), new.from > 0), (ID, new.resumed));
        resumed += u64::from(new.resumed);
        let json = serde_json::to_string(&new.checkpoint)?;
        checkpoint = Some(serde_json::from_str(&json)?);
        assert_eq!(checkpoint.as_ref(), Some(&new.checkpoint));
        stored.take(new);
        let whole = project(&path, None)?;
        assert_eq!(checkpoint.as_ref(), Some(&whole.checkpoint), "at byte {cut}");
        assert_eq!(stored, Stored::of(whole), "at byte {cut}");
    }
    Ok(resumed)
}

fn event(event_type: &str, mut payload: serde_json::Value) -> String {
    payload["type"] = json!(event_type);
    line(1, "event_msg", payload)
}

/// A rollout in which all that changes a projection happens in a few bytes, with marks of turns or
/// without.
fn eventful(is_marked: bool) -> String {
    let item = |item: serde_json::Value| event("item_completed", json!({"item": item}));
    let text = |words: &str| json!([{"type": "text", "text": words}]);
    let count = |total: i64, last: i64| {
        event(
            "token_count",
            json!({"info": {"total_token_usage": {"total_tokens": total}, "last_token_usage": {"total_tokens": last}}}),
        )
    };
    let heard =
        json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "heard"}]});
    let call = json!({"type": "function_call", "call_id": "c", "name": "shell", "arguments": "{\"command\":[\"ls\"]}"});
    let answer = json!({"type": "function_call_output", "call_id": "c", "output": "a é b"});
    let mut lines = vec![meta(ID, json!({})), event("task_started", json!({"turn_id": "a"}))];
    let turns = [
        event("user_message", json!({"message": "first words"})),
        line(1, "turn_context", json!({"model": "m1"})),
        line(1, "response_item", call),
        line(1, "response_item", answer),
        event("agent_message", json!({"message": "done"})),
        count(5, 5),
        event("task_complete", json!({"turn_id": "a"})),
        line(1, "token_usage_record", json!({"usage": {"total_tokens": 3}})),
        event("task_started", json!({"turn_id": "b"})),
        line(1, "response_item", heard),
        "torn\n".to_owned(),
        count(12, 7),
        event("thread_rolled_back", json!({"num_turns": 1})),
        event("task_started", json!({"turn_id": "c"})),
        event("error", json!({"message": "no"})),
        item(json!({"type": "UserMessage", "content": text("new version")})),
        item(json!({"type": "CommandExecution", "command": ["ls"], "aggregated_output": "out"})),
        event("task_started", json!({"turn_id": "d"})),
        count(9, 4),
    ];
    lines.extend(turns);
    if !is_marked {
        lines.retain(|line| !line.contains("\"task_"));
    }
    // Lines as an agent writes them, but short.
    lines.concat().replace("2026-11-22T10:00:01.000Z", "2026-11-22T10:00:01Z")
}

#[test]
fn every_length_of_a_file_gives_the_same() -> Result {
    for is_marked in [true, false] {
        let text = eventful(is_marked);
        let resumed = in_pieces(text.as_bytes(), 0..=text.len())?;
        assert!(resumed > text.len() as u64 / 2, "{resumed} of {}", text.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_pieces_of_a_real_file_give_the_same(file: Index, cuts in proptest::collection::vec(any::<Index>(), 1..6)) {
        let run = || -> Result {
            let rollouts = rollouts()?;
            let (_, bytes) = file.get(&rollouts);
            // Every file as the same thread.
            let own = &String::from_utf8_lossy(bytes)[..];
            let id = own.split_once("\"id\":\"").and_then(|(_, rest)| rest.get(..36)).ok_or("an id")?;
            let bytes = own.replace(id, ID).into_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([bytes.len(), bytes.len()]);
            cuts.sort_unstable();
            in_pieces(&bytes, cuts).map(drop)
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

#[test]
fn a_file_that_was_rewritten_is_read_from_its_start() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    let text = eventful(true);
    fs::write(&path, &text)?;
    let first = project(&path, None)?;
    assert!(first.checkpoint.offset() > 0);
    // With an ordinal in each line, as a migration writes it; shorter; and with one byte changed
    // before the checkpoint.
    let migrated = text.replace("\"type\":\"event_msg\"", "\"ordinal\":1,\"type\":\"event_msg\"");
    let changed = text.replacen("done", "gone", 1);
    for rewritten in [&migrated, &text[..text.len() / 2], &changed] {
        fs::write(&path, rewritten)?;
        let again = project(&path, Some(&first.checkpoint))?;
        assert_eq!((again.from, again.resumed), (0, false));
        assert_eq!(Stored::of(again), Stored::of(project(&path, None)?));
    }
    // A checkpoint of another version.
    fs::write(&path, &text)?;
    let mut json = serde_json::to_value(&first.checkpoint)?;
    json["v"] = 999.into();
    assert_eq!(project(&path, Some(&serde_json::from_value(json)?))?.from, 0);
    assert_eq!(project(&path, Some(&first.checkpoint))?.from, first.checkpoint.offset());
    replace(&path, text.as_bytes())?;
    assert_eq!(project(&path, Some(&first.checkpoint))?.from, 0);
    Ok(())
}
