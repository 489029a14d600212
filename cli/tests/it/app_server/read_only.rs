//! A home that cannot be written is served, and refuses changes.

use std::fs::{self, File};

use serde_json::{Value, json};

use crate::fixture::{Fixture, Result};
use crate::unwritable::{command, protect, unprotect};

#[test]
fn a_server_refuses_what_would_be_lost() -> Result {
    let fixture = Fixture::bundled()?;
    protect(&fixture.home())?;
    let requests = fixture.path().join("requests");
    let thread = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    let lines = [
        json!({ "id": 0, "method": "initialize", "params": { "clientInfo": { "name": "it", "version": "1" } } }),
        json!({ "id": 1, "method": "thread/name/set", "params": { "threadId": thread, "name": "Lost" } }),
        json!({ "id": 2, "method": "thread/goal/set", "params": { "threadId": thread, "objective": "Lost" } }),
        json!({ "id": 3, "method": "thread/list", "params": { "sortDirection": "asc", "sourceKinds": ["exec"] } }),
    ];
    fs::write(&requests, lines.map(|line| format!("{line}\n")).concat())?;
    let said = fixture.say(command(&fixture, &["app-server"])?.stdin(File::open(requests)?).output()?)?;
    unprotect(&fixture.home())?;
    let answers: Vec<Value> =
        said.stdout.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    for answer in answers.iter().filter(|answer| answer["id"] == 1 || answer["id"] == 2) {
        let refusal = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(refusal.starts_with("cannot create"), "{answer}");
    }
    let listed = answers.iter().find(|answer| answer["id"] == 3).ok_or("an answer")?;
    assert!(!listed["result"]["data"].as_array().ok_or("threads")?.is_empty(), "{listed}");
    let incomplete = listed["result"]["incomplete"].as_str().unwrap_or_default();
    assert!(incomplete.contains("names are missing"), "{incomplete}");
    Ok(())
}
