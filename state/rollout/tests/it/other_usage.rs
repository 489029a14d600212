//! Requests outside the conversation are counted apart, and change nothing else.

use std::fs;

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_rollout::{Chain, DayUsage, Fact, ItemsView, Lines, Purpose, TurnQuery, list_turns};

use crate::projection::project;
use crate::quick::{payload, usual};
use crate::rules::{line, meta};
use crate::{ID, NAME, Result, extract_bytes};

fn other(more: &Value) -> String {
    let usage = json!({"input_tokens": 7, "cached_input_tokens": 2, "output_tokens": 3, "total_tokens": 10});
    let mut payload = json!({"purpose": "hidden", "model": "small", "usage": usage});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(7, "other_usage_record", payload)
}

fn usage(lines: &[String]) -> Result<Vec<DayUsage>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    fs::write(&path, lines.concat())?;
    Ok(project(&path, None)?.usage)
}

/// Metadata, turns, and the usage of the conversation, of these lines.
fn all(lines: &str) -> Result<(String, Vec<DayUsage>)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    fs::write(&path, lines)?;
    let mut query = TurnQuery::default();
    (query.limit, query.view) = (1_000, ItemsView::Full);
    let mut turns = list_turns(&Chain::of_file(&path, false), &query)?.turns;
    turns.iter_mut().for_each(|turn| turn.offset = 0);
    let projection = project(&path, None)?;
    let ids: Vec<_> =
        projection.turns.iter().map(|turn| (&turn.id, &turn.first_words, turn.status)).collect();
    let said: Vec<_> = projection.passages.iter().map(|passage| &passage.text).collect();
    let seen = format!(
        "{:?}\n{}\n{ids:?}\n{said:?}\n{:?}",
        extract_bytes(lines)?.metadata,
        serde_json::to_string(&turns)?,
        (projection.started_at, projection.skipped.count)
    );
    Ok((seen, projection.usage))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn other_requests_change_nothing_but_their_own_number(
        kinds in prop::collection::vec((0..42_usize, 1..100_i64), 0..25),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..5),
    ) {
        let run = || -> Result {
            let meta = json!({"id": ID, "source": "cli", "cwd": "/session"});
            let mut lines = vec![usual(0, "session_meta", &meta.to_string())];
            for (second, (kind, n)) in (1..).zip(&kinds) {
                let (line_type, payload) = payload(*kind, *n);
                if line_type != "other_usage_record" {
                    lines.push(usual(second, line_type, &payload));
                }
            }
            let (without, conversation) = all(&lines.concat())?;
            for (place, is_usual) in &places {
                let record = json!({"purpose": "hidden", "model": "h", "usage": {"total_tokens": 5}});
                let record = usual(3_000, "other_usage_record", &record.to_string());
                let record = if *is_usual { record } else { record.replacen('{', "{ ", 1) };
                lines.insert(1 + place.index(lines.len()), record);
            }
            let (with, mut usage) = all(&lines.concat())?;
            assert_eq!(with, without, "{}", lines.concat());
            let hidden: Vec<_> = usage.extract_if(.., |day| day.purpose == Purpose::Hidden).collect();
            assert_eq!(usage, conversation, "{}", lines.concat());
            let tokens: i64 = hidden.iter().map(|day| day.tokens.total).sum();
            assert_eq!(tokens, 5 * places.len() as i64);
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

#[test]
fn each_purpose_is_counted_by_day_and_model() -> Result {
    let context = line(1, "turn_context", json!({"model": "large", "cwd": "/w"}));
    let record = line(2, "token_usage_record", json!({"usage": {"total_tokens": 100}}));
    let lines = [
        meta(ID, json!({})),
        context,
        other(&json!({})),
        record.clone(),
        other(&json!({"purpose": "subagent"})),
        other(&json!({"purpose": "from the future"})),
        other(&json!({"model": null})),
        other(&json!({"usage": null})),
        record,
    ];
    let all = usage(&lines)?;
    let seen: Vec<_> = all
        .iter()
        .map(|day| (day.purpose, day.model.as_deref(), day.tokens.input, day.tokens.total, day.requests))
        .collect();
    let right = [
        (Purpose::Hidden, Some("small"), 14, 20, 2),
        (Purpose::Conversation, Some("large"), 0, 200, 2),
        (Purpose::Subagent, Some("small"), 7, 10, 1),
        (Purpose::Hidden, None, 7, 10, 1),
    ];
    assert_eq!(seen, right);
    assert!(all.iter().all(|day| day.day == date(2026, 11, 22)));
    Ok(())
}

#[test]
fn a_line_says_its_purpose() -> Result {
    let text = meta(ID, json!({})) + &other(&json!({"purpose": "subagent"}));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    fs::write(&path, text)?;
    let mut lines = Lines::open(&path, false)?;
    let mut facts = Vec::new();
    while let Some(line) = lines.next_line()? {
        if let Fact::OtherUsage { purpose, usage } = line.map_err(|bad| format!("{bad:?}"))?.fact() {
            facts.push((purpose, usage));
        }
    }
    assert_eq!(facts, [(Purpose::Subagent, Some(10))]);
    Ok(())
}
