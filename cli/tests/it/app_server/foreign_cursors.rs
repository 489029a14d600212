//! Turns and items go on from the cursors of the agent's own server.

use std::fs;

use serde_json::{Value, json};

use super::client::{Client, ids};
use super::search::searchable;
use crate::fixture::{Fixture, Result};

/// A thread with two turns, whose lines have ordinals.
const THREAD: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
const TURNS: [&str; 2] = ["01a2036c-de87-7711-b3f8-7479cd378cbf", "01a2036d-07a5-7922-8e54-96fc5929321e"];

/// A cursor as the agent's server writes it.
fn cursor(kind: &str, ordinal: u64, include_anchor: bool) -> String {
    format!(
        "{{\"requestedThreadId\":\"{THREAD}\",\"rolloutOrdinal\":{ordinal},\"includeAnchor\":{include_anchor},\
         \"scope\":{{\"kind\":\"{kind}\"}}}}"
    )
}

fn list(client: &mut Client, kind: &str, cursor: &str, direction: &str) -> Result<Value> {
    let params = json!({ "threadId": THREAD, "cursor": cursor, "sortDirection": direction, "limit": 100 });
    client.call(&format!("thread/{kind}/list"), params)
}

fn turns(client: &mut Client, cursor: &str, direction: &str) -> Result<Vec<String>> {
    Ok(ids(&list(client, "turns", cursor, direction)?))
}

#[test]
fn turns_go_on_as_recorded() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let [first, second] = TURNS;
    // From the rollout, and then from the history.
    for _ in 0..2 {
        let both = [first, second];
        for (ordinal, include_anchor, direction, expected) in [
            (23, false, "desc", &both[..1]),
            (23, true, "desc", &[second, first][..]),
            (23, true, "asc", &both[1..]),
            (23, false, "asc", &[]),
            (1, true, "asc", &both),
            (1, false, "asc", &both[1..]),
            (1, false, "desc", &[]),
            // A turn that no longer counts was there.
            (30, false, "desc", &[second, first]),
            (30, true, "asc", &[]),
        ] {
            let cursor = cursor("turns", ordinal, include_anchor);
            assert_eq!(turns(&mut client, &cursor, direction)?, expected, "{cursor} {direction}");
        }
        // Threads without ordinals have the turn's id.
        let by_id =
            |turn: &str, include: bool| json!({ "turnId": turn, "includeAnchor": include }).to_string();
        assert_eq!(turns(&mut client, &by_id(second, false), "desc")?, [first]);
        assert_eq!(turns(&mut client, &by_id(first, true), "asc")?, both);
        // The next page has a cursor of this server.
        let page = list(&mut client, "turns", &cursor("turns", 1, true), "asc")?;
        let back = page["backwardsCursor"].as_str().ok_or("a cursor")?;
        assert_eq!(turns(&mut client, back, "asc")?, both);
        searchable(&mut client)?;
    }
    Ok(())
}

#[test]
fn items_go_on_after_any_of_them() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let all = client.call("thread/items/list", json!({ "threadId": THREAD, "limit": 100 }))?;
    let id = |item: &Value| item["item"]["id"].as_str().map(str::to_owned).ok_or("an item has an id");
    let items = |page: &Value| -> Result<Vec<String>> {
        Ok(page["data"].as_array().into_iter().flatten().map(id).collect::<std::result::Result<_, _>>()?)
    };
    let all = items(&all)?;
    let mut seen = 0;
    for line in fs::read_to_string(fixture.rollout(&format!("{THREAD}.jsonl"))?)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line["payload"]["type"] != "item_completed" {
            continue;
        }
        let ordinal = line["ordinal"].as_u64().ok_or("an ordinal")?;
        assert_eq!(line["payload"]["item"]["id"], all[seen]);
        let mut rest = |include_anchor, direction| {
            let cursor = cursor("itemsByCreatedAtOrdinal", ordinal, include_anchor);
            items(&list(&mut client, "items", &cursor, direction)?)
        };
        assert_eq!(rest(true, "asc")?, all[seen..]);
        assert_eq!(rest(false, "asc")?, all[seen + 1..]);
        let before = |end: usize| all[..end].iter().rev().cloned().collect::<Vec<_>>();
        assert_eq!(rest(true, "desc")?, before(seen + 1));
        assert_eq!(rest(false, "desc")?, before(seen));
        seen += 1;
    }
    assert_eq!(seen, all.len());
    Ok(())
}

#[test]
fn a_cursor_of_another_list_or_thread_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let other = cursor("turns", 23, true).replace(THREAD, "01a2036f-6413-7a42-9188-cf5cab60fdc1");
    let unknown = json!({ "turnId": "turn-9", "includeAnchor": true }).to_string();
    for (kind, cursor) in [
        ("turns", cursor("itemsByCreatedAtOrdinal", 8, true)),
        ("turns", cursor("timeline", 23, true)),
        ("turns", cursor("turns", 0, true)),
        ("turns", other.clone()),
        ("turns", unknown.clone()),
        ("items", cursor("turns", 23, true)),
        ("items", other),
        ("items", unknown),
    ] {
        let params = json!({ "threadId": THREAD, "cursor": cursor });
        let refused = client.refused(&format!("thread/{kind}/list"), params)?;
        assert_eq!(refused, (-32600, format!("invalid cursor: {cursor}")), "{kind}");
    }
    Ok(())
}
