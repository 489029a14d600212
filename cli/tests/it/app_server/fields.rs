//! Answers over the recorded home have, field by field, what the agent's own server answered.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::client::Client;
use crate::fixture::{Fixture, Result};

/// Home of the agent in the recordings.
const RECORDED_HOME: &str = "/home/dev/.codex";

/// Places at which answers may differ, each with the reason.
const ALLOWED: &[(&str, &str)] = &[
    ("thread/list.backwardsCursor", "a cursor of this server's own"),
    ("thread/list.data[]", "not every recorded thread is in the bundled home"),
    ("thread/list.data[].recencyAt", "no rollout says when a thread was looked at"),
    (
        "thread/list.data[].sessionId",
        "the rollout says so; the agent's list forgets the root of its sub-agents",
    ),
    ("thread/list.data[].threadSource", "the rollout says so; the agent has it only in `thread/read`"),
    ("thread/list.nextCursor", "a cursor of this server's own, and longer pages"),
    ("thread/list.readStates", "no rollout says what was read"),
    ("thread/read.readState", "no rollout says what was read"),
    ("thread/turns/list.backwardsCursor", "a cursor of this server's own"),
    ("thread/turns/list.nextCursor", "a cursor of this server's own"),
];

/// Compares two values, and collects the places at which they differ.
fn compare(place: &str, recorded: &Value, ours: &Value, home: &str, found: &mut BTreeSet<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for (key, value) in recorded {
                let place = format!("{place}.{key}");
                match ours.get(key) {
                    // Its keys are ids.
                    Some(ours) if key == "readStates" && value != ours => drop(found.insert(place)),
                    Some(ours) => compare(&place, value, ours, home, found),
                    None => drop(found.insert(place)),
                }
            }
            for key in ours.keys().filter(|key| !recorded.contains_key(*key)) {
                found.insert(format!("{place}.{key}"));
            }
        }
        // What was created since is not in the home that was kept.
        (Value::Array(recorded), Value::Array(ours))
            if recorded.iter().any(|value| value.get("id").is_some()) =>
        {
            for recorded in recorded {
                let same = ours.iter().find(|value| value["id"] == recorded["id"]);
                match same {
                    Some(same) => compare(&format!("{place}[]"), recorded, same, home, found),
                    None => drop(found.insert(format!("{place}[]"))),
                }
            }
        }
        (Value::String(recorded), Value::String(ours)) => {
            if recorded.replace(RECORDED_HOME, home) != *ours {
                found.insert(place.to_owned());
            }
        }
        (recorded, ours) if recorded == ours => {}
        _ => drop(found.insert(place.to_owned())),
    }
}

#[test]
fn every_field_is_as_recorded_but_the_listed_ones() -> Result {
    let fixture = Fixture::recorded()?;
    let mut client = Client::stdio(&fixture)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("app-server/tests/recorded/0.169");
    let home = fixture.home().to_string_lossy().into_owned();
    let (mut found, mut compared) = (BTreeSet::new(), 0);
    for entry in fs::read_dir(folder)? {
        let recording: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let (method, result) = (&recording["request"]["method"], &recording["response"]["result"]);
        let is_read = ["thread/list", "thread/read", "thread/turns/list"].iter().any(|read| method == read);
        if let Some(method) = method.as_str().filter(|_| is_read && !result.is_null()) {
            let mut params = recording["request"]["params"].clone();
            if method == "thread/list" {
                // All that the home has of the recorded threads, whatever page they were on.
                params["limit"] = 100.into();
                params["cursor"] = Value::Null;
            } else if params.get("cursor").is_some() {
                continue;
            }
            let answer = client.call(method, params)?;
            compare(method, result, &answer, &home, &mut found);
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
    let allowed: BTreeSet<String> = ALLOWED.iter().map(|(place, _)| (*place).to_owned()).collect();
    assert_eq!(found, allowed);
    Ok(())
}
