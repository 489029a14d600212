//! The shape of a line (key order, white space, line ends) changes nothing in what it says.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};

use crate::{Result, extract_bytes, rollouts};

/// The line with its own keys and its payload's in another order, and with white space between
/// them.
fn reshaped(line: &str, seed: u64, in_payload: bool, space: &str) -> Result<String> {
    let object: Map<String, Value> = serde_json::from_str(line)?;
    let mut keys: Vec<_> = object.iter().collect();
    shuffle(&mut keys, seed);
    let fields = keys.iter().map(|(key, value)| {
        let value = match value.as_object().filter(|_| in_payload && *key == "payload") {
            Some(payload) => reshaped(&serde_json::to_string(payload)?, seed / 7, false, space)?,
            None => value.to_string(),
        };
        Ok(format!("{space}\"{key}\"{space}:{space}{value}{space}"))
    });
    Ok(format!("{{{}}}", fields.collect::<Result<Vec<_>>>()?.join(",")))
}

fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for at in (1..items.len()).rev() {
        items.swap(at, (seed % (at as u64 + 1)) as usize);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shape_says_nothing(file: Index, seeds in proptest::collection::vec(any::<u64>(), 8), end in "\r?\n\n?", space in " {0,2}|\t") {
        let run = || -> Result<()> {
            let rollouts = rollouts()?;
            let (_, bytes) = file.get(&rollouts);
            let text = std::str::from_utf8(bytes)?;
            let mut other = String::from("\u{feff}");
            for (number, line) in text.lines().enumerate() {
                let seed = seeds[number % seeds.len()].rotate_left(number as u32);
                // Some lines stay canonical, so that both ways of reading meet in one file.
                let line = if seed % 3 == 0 { line.to_owned() } else { reshaped(line, seed, seed % 2 == 0, &space)? };
                other.push_str(&line);
                other.push_str(&end);
            }
            let (wanted, got) = (extract_bytes(bytes)?, extract_bytes(&other)?);
            assert!(got.skipped.is_empty(), "{:?}", got.skipped);
            assert_eq!(got.metadata, wanted.metadata);
            Ok(())
        };
        run().map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
}

#[test]
fn the_last_line_wins_in_either_shape() -> Result {
    let canonical = |line_type: &str, payload: &str| {
        format!(
            "{{\"timestamp\":\"2026-11-22T10:00:00.000Z\",\"type\":\"{line_type}\",\"payload\":{payload}}}\n"
        )
    };
    let both = |model: &str, total: i64| {
        let tokens =
            format!(r#"{{"type":"token_count","info":{{"total_token_usage":{{"total_tokens":{total}}}}}}}"#);
        [canonical("turn_context", &format!(r#"{{"model":"{model}"}}"#)), canonical("event_msg", &tokens)]
    };
    let [first, second] = [both("a", 1).concat(), both("b", 2).concat()];
    for (first, second) in [
        (first.clone(), second.clone()),
        (first.replace(',', " ,"), second.clone()),
        (first, second.replace(',', " ,")),
    ] {
        let got = extract_bytes([first, second].concat())?;
        assert_eq!((got.metadata.model.as_deref(), got.metadata.own_tokens), (Some("b"), Some(2)));
    }
    Ok(())
}
