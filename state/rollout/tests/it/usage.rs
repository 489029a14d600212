//! Usage by day and model: the sum over all files is the sum of what each request used.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};
use threadkeep_rollout::{AgentHome, Extractor, Projector, TokenUsage};
use uuid::Uuid;

use crate::Result;
use crate::agents::{Agents, ByDay, File, Step, step};
use crate::projection::bundled_homes;
use crate::rules::{line, meta};

fn check(has_records: bool, steps: Vec<Step>) -> Result {
    let mut agents = Agents::new(has_records)?;
    for step in steps {
        agents.take(step)?;
    }
    let folder = tempfile::tempdir()?;
    fs::create_dir(folder.path().join("sessions"))?;
    let path = |file: &File| -> PathBuf { folder.path().join("sessions").join(file.name.to_string()) };
    for file in &agents.files {
        fs::write(path(file), &file.text)?;
    }
    let home = AgentHome::open(folder.path())?;
    let mut projector = Projector::of_home(&home);
    for file in &agents.files {
        let projection = projector.project(&path(file), false, Some(&file.name), None)?;
        let days = projection.usage.into_iter();
        let got: ByDay = days.map(|day| ((day.day, day.model), (day.tokens, day.requests))).collect();
        assert_eq!(got, file.used, "{}\n{}", file.name, file.text);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn own_tokens_of_all_files_are_those_of_all_requests(
        has_records: bool,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        check(has_records, steps).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

#[test]
fn real_files_have_the_tokens_of_their_metadata() -> Result {
    let mut with_tokens = 0;
    for home in bundled_homes()? {
        let (mut projector, mut extractor) = (Projector::of_home(&home), Extractor::of_home(&home));
        // A thread's tokens are those of all its files.
        let (mut used, mut own) = (BTreeMap::<Uuid, i64>::new(), BTreeMap::new());
        for file in home.discover().files {
            let path = home.absolute(&file.path);
            let projection = projector.project(&path, file.compressed, file.name.as_ref(), None)?;
            for day in &projection.usage {
                assert_eq!(day.tokens.total, day.tokens.input + day.tokens.output, "{}", file.path);
                assert!(day.model.is_some() && day.requests > 0, "{}", file.path);
                assert!(day.tokens.cached_input > 0 && day.tokens.reasoning > 0, "{}", file.path);
                *used.entry(projection.thread_id).or_default() += day.tokens.total;
            }
            let metadata = extractor.extract(&path, file.compressed, file.name.as_ref(), None)?.metadata;
            // The newest file of a thread comes last.
            own.insert(projection.thread_id, metadata.own_tokens.filter(|tokens| *tokens > 0));
        }
        // Of this thread, a turn was taken back. It was paid for, and its metadata leaves it out.
        for (thread, own) in &mut own {
            let is_reverted = thread.to_string().starts_with("01a2210d-b132");
            *own = own.map(|tokens| tokens + if is_reverted { 10_142 } else { 0 });
        }
        for (thread, own) in own {
            assert_eq!(used.get(&thread).copied(), own, "{thread}");
            with_tokens += usize::from(own.is_some());
        }
    }
    assert!(with_tokens > 20, "{with_tokens}");
    Ok(())
}

/// Usage of a file with these lines.
fn used(lines: &[String]) -> Result<Vec<(TokenUsage, u64)>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(crate::NAME);
    fs::write(&path, lines.concat())?;
    let days = crate::projection::project(&path, None)?.usage.into_iter();
    Ok(days.map(|day| (day.tokens, day.requests)).collect())
}

#[test]
fn counts_without_totals_are_summed() -> Result {
    let parts = json!({"input_tokens": 900, "cached_input_tokens": 500, "output_tokens": 100, "reasoning_output_tokens": 40});
    let wanted = TokenUsage { input: 900, cached_input: 500, output: 100, reasoning: 40, total: 1_000 };
    let count = |info: Value| line(1, "event_msg", json!({"type": "token_count", "info": info}));
    let record = |payload: Value| line(1, "token_usage_record", payload);
    for line in [
        count(json!({"total_token_usage": parts})),
        count(json!({"last_token_usage": parts})),
        record(json!({"usage": parts})),
        record(json!({"thread_token_usage": parts})),
    ] {
        assert_eq!(used(&[meta(crate::ID, json!({})), line.clone()])?, [(wanted, 1)], "{line}");
    }
    let total = count(json!({"total_token_usage": {"total_tokens": 7}}));
    let only_total = TokenUsage { total: 7, ..TokenUsage::default() };
    assert_eq!(used(&[meta(crate::ID, json!({})), total])?, [(only_total, 1)]);
    assert_eq!(used(&[meta(crate::ID, json!({})), count(Value::Null)])?, []);
    Ok(())
}

#[test]
fn lines_without_a_time_or_a_model_count() -> Result {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(crate::NAME);
    let record = json!({"type": "token_usage_record", "payload": {"usage": {"total_tokens": 5}}});
    fs::write(&path, format!("{record}\n"))?;
    let usage = crate::projection::project(&path, None)?.usage;
    assert_eq!(
        (usage.len(), usage[0].day, usage[0].model.as_deref()),
        (1, jiff::civil::date(2026, 11, 22), None)
    );
    Ok(())
}
