//! Own tokens: from counts, from records, and with everything that agents leave out.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rules::{line, meta, metadata};
use crate::{ID, Result};

fn event(event_type: &str, more: Value) -> String {
    let mut payload = json!({"type": event_type});
    if let (Some(payload), Some(more)) = (payload.as_object_mut(), more.as_object()) {
        payload.extend(more.clone());
    }
    line(1, "event_msg", payload)
}

/// A count in the agent's own shape.
fn count(total: i64, last: i64) -> String {
    let usage = |tokens: i64| json!({"input_tokens": tokens - 1, "output_tokens": 1, "total_tokens": tokens});
    let (total, last) = (usage(total), usage(last));
    format!(
        "{{\"timestamp\":\"2026-11-22T10:00:01.000Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\
         \"token_count\",\"info\":{{\"total_token_usage\":{total},\"last_token_usage\":{last},\
         \"model_context_window\":258400}},\"rate_limits\":null}}}}\n"
    )
}

fn info(info: Value) -> String {
    event("token_count", json!({"info": info}))
}

fn record(usage: Value) -> String {
    line(1, "token_usage_record", json!({"thread_id": ID, "usage": usage}))
}

fn request(tokens: i64) -> String {
    record(
        json!({"input_tokens": tokens - 1, "cached_input_tokens": 5, "output_tokens": 1, "total_tokens": tokens}),
    )
}

fn turn(id: u32) -> String {
    event("task_started", json!({"turn_id": id.to_string()}))
}

fn rolled_back(turns: u32) -> String {
    event("thread_rolled_back", json!({"num_turns": turns}))
}

fn own(lines: &[String]) -> Result<Option<i64>> {
    let got = metadata(&[&[meta(ID, json!({}))], lines].concat())?;
    assert_eq!(got.inherited_tokens, Some(0));
    Ok(got.own_tokens)
}

#[test]
fn the_counter_may_go_back_with_turns_that_were_taken_back() -> Result {
    let source = "01a2036e-72f3-74e0-aaf8-000000000001";
    let turn = |id: &str| event("task_started", json!({"turn_id": id}));
    let copied = [
        meta(ID, json!({"forked_from_id": source, "subagent_history_start_ordinal": 4})),
        meta(source, json!({})),
        turn("a"),
        count(300, 300),
    ];
    let number =
        |(n, line): (usize, &String)| line.replacen("\"type\"", &format!("\"ordinal\":{n},\"type\""), 1);
    let got = |own: &[String]| {
        let lines: Vec<String> = [&copied[..], own].concat().iter().enumerate().map(number).collect();
        metadata(&lines).map(|got| (got.own_tokens, got.inherited_tokens))
    };
    let taken_back = [turn("b"), count(307, 7), rolled_back(1), turn("c")];
    assert_eq!(got(&[&taken_back[..], &[count(309, 9)]].concat())?, (Some(9), Some(300)), "it went back");
    assert_eq!(got(&[&taken_back[..], &[count(316, 9)]].concat())?, (Some(9), Some(300)), "it went on");
    Ok(())
}

#[test]
fn counts_add_up() -> Result {
    assert_eq!(own(&[])?, None, "unknown is not 0");
    assert_eq!(own(&[info(Value::Null)])?, None);
    assert_eq!(own(&[count(5, 5), count(12, 7)])?, Some(12));
    assert_eq!(own(&[count(5, 5), count(5, 5), count(12, 7), count(12, 7)])?, Some(12), "said twice");
    assert_eq!(own(&[count(5, 5), count(40, 7)])?, Some(40), "one is missing");
    assert_eq!(own(&[count(5000, 5000), count(800, 800)])?, Some(5800), "the counter began again");
    assert_eq!(own(&[count(5, 5), count(800, 800)])?, Some(805), "and went far beyond");
    assert_eq!(own(&[count(50, 5), count(30, 9)])?, Some(80), "its first count is missing");
    assert_eq!(own(&[info(json!({"total_token_usage": {"total_tokens": -5}}))])?, Some(0));
    assert_eq!(own(&[info(json!({"total_token_usage": {"total_tokens": "many"}}))])?, None);
    let big = info(json!({"total_token_usage": {"total_tokens": i64::MAX}}));
    assert_eq!(own(&[big.clone(), count(5, 5), big])?, Some(i64::MAX));
    Ok(())
}

#[test]
fn counts_without_totals_are_summed() -> Result {
    let parts = json!({"input_tokens": 900, "cached_input_tokens": 500, "output_tokens": 100, "reasoning_output_tokens": 40});
    assert_eq!(own(&[info(json!({"total_token_usage": parts}))])?, Some(1000));
    assert_eq!(own(&[info(json!({"total_token_usage": {"output_tokens": 7}}))])?, Some(7));
    assert_eq!(
        own(&[info(json!({"last_token_usage": parts})), info(json!({"last_token_usage": parts}))])?,
        Some(2000)
    );
    assert_eq!(own(&[record(parts)])?, Some(1000));
    Ok(())
}

#[test]
fn records_tell_what_a_killed_agent_used() -> Result {
    assert_eq!(own(&[request(1300)])?, Some(1300), "killed before the count");
    assert_eq!(own(&[request(5), count(5, 5), request(7), count(12, 7)])?, Some(12), "nothing counts twice");
    let killed =
        [request(10_157), request(10_586), count(10_586, 10_586), request(10_704), count(21_290, 10_704)];
    assert_eq!(own(&killed)?, Some(31_447));
    assert_eq!(own(&[request(5), count(5, 5), request(7)])?, Some(12));
    assert_eq!(own(&[request(5), info(Value::Null), count(5, 5)])?, Some(5));
    let total =
        |tokens: i64| line(1, "token_usage_record", json!({"thread_token_usage": {"total_tokens": tokens}}));
    assert_eq!(own(&[total(5), total(12), count(12, 7)])?, Some(12), "records of totals alone");
    assert_eq!(own(&[count(10, 10), total(12)])?, Some(12));
    assert_eq!(own(&[request(10), total(12), total(3)])?, Some(15), "the total began again");
    Ok(())
}

#[test]
fn turns_that_were_taken_back_used_nothing() -> Result {
    let lines =
        [turn(1), request(5), count(5, 5), turn(2), count(12, 7), turn(3), request(9), rolled_back(2)];
    assert_eq!(own(&lines)?, Some(5));
    assert_eq!(own(&[&lines[..], &[turn(4), count(16, 4)]].concat())?, Some(9), "the counter went on");
    assert_eq!(own(&[&lines[..], &[turn(4), count(9, 4)]].concat())?, Some(9), "the counter went back");
    assert_eq!(own(&[turn(1), count(5, 5), rolled_back(9)])?, None);
    assert_eq!(own(&[count(5, 5), rolled_back(1), rolled_back(0)])?, Some(5), "there is no turn");
    Ok(())
}

/// Step of an agent, and its cost.
#[derive(Debug, Clone, Copy)]
enum Step {
    Turn,
    /// A request, and whether its agent was killed before it counted it.
    Request(i64, bool),
    /// Another process goes on, and its counter begins again.
    Restart,
    RollBack(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Turn),
        6 => (2..1_000_000_i64, any::<bool>()).prop_map(|(tokens, is_killed)| Step::Request(tokens, is_killed)),
        1 => Just(Step::Restart),
        1 => (0..4_u32).prop_map(Step::RollBack),
    ]
}

proptest! {
    #[test]
    fn own_tokens_are_those_of_the_turns_that_count(has_records: bool, steps in prop::collection::vec(step(), 0..40)) {
        let (mut lines, mut used, mut begun, mut counter) = (vec![meta(ID, json!({}))], Vec::new(), Vec::new(), 0);
        for step in steps {
            match step {
                Step::Turn => {
                    begun.push(used.len());
                    lines.push(turn(begun.len() as u32));
                }
                Step::Request(tokens, is_killed) => {
                    used.push(tokens);
                    if has_records {
                        lines.push(request(tokens));
                    }
                    // Without records, nothing is left of a request that was not counted.
                    if !has_records || !is_killed {
                        counter += tokens;
                        lines.push(count(counter, tokens));
                    }
                }
                Step::Restart => counter = 0,
                Step::RollBack(turns) => {
                    let left = begun.len().saturating_sub(turns as usize);
                    if left < begun.len() {
                        used.truncate(begun[left]);
                        begun.truncate(left);
                    }
                    lines.push(rolled_back(turns));
                }
            }
        }
        let got = metadata(&lines).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(got.own_tokens.unwrap_or(0), used.iter().sum::<i64>());
    }
}
