//! Threads of several files, as the server lists them and their turns.

use std::fs;

use serde_json::{Value, json};

use super::{Rollout, base, family, id, root};
use crate::app_server::client::{Client, ids};
use crate::fixture::Result;

/// Words of each turn, the oldest first.
fn words(client: &mut Client, thread: u8) -> Result<Vec<String>> {
    let params = json!({ "threadId": id(thread), "sortDirection": "asc" });
    let turns = client.call("thread/turns/list", params)?["data"].take();
    let text = |turn: &Value| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned();
    Ok(turns.as_array().into_iter().flatten().map(text).collect())
}

#[test]
fn turns_that_count_are_listed_over_all_files_of_a_thread() -> Result {
    let fixture = family()?;
    let mut client = Client::stdio(&fixture)?;
    let whole = json!({ "sortDirection": "asc", "sourceKinds": ["cli"] });
    let listed = ids(&client.call("thread/list", whole.clone())?);
    assert_eq!(listed, [id(1), id(4)]);
    assert_eq!(words(&mut client, 1)?, ["Plan the greenhouse", "Go on"]);
    assert_eq!(words(&mut client, 4)?, ["Plan the greenhouse", "Build it of glass"]);
    // The second turn is taken back: another file builds on the first part.
    let part = json!({ "history_mode": "paginated", "history_base": base(1) });
    let other = Rollout { segment: Some(7), day: 23, begins: 5, meta: part, ..root(1, 23, "Rather not") };
    other.write(&fixture)?;
    while words(&mut client, 1)? != ["Plan the greenhouse", "Rather not"] {}
    assert_eq!(ids(&client.call("thread/list", whole)?), listed, "each thread once");
    // The agent's own server names the turn by its first line.
    let place = json!({ "requestedThreadId": id(1), "rolloutOrdinal": 6, "includeAnchor": false,
        "scope": { "kind": "turns" } });
    let params = json!({ "threadId": id(1), "cursor": place.to_string() });
    let older = client.call("thread/turns/list", params)?;
    assert_eq!(ids(&older), ["t0"]);
    Ok(())
}

#[test]
fn turns_of_a_compressed_rollout_are_listed() -> Result {
    let fixture = family()?;
    let path = fixture.home().join(root(1, 20, "").path());
    let compressed = zstd::encode_all(fs::read(&path)?.as_slice(), 1)?;
    fs::write(path.with_extension("jsonl.zst"), compressed)?;
    fs::remove_file(path)?;
    let mut client = Client::stdio(&fixture)?;
    assert_eq!(words(&mut client, 1)?, ["Plan the greenhouse", "Go on"]);
    assert_eq!(words(&mut client, 4)?, ["Plan the greenhouse", "Build it of glass"]);
    Ok(())
}
