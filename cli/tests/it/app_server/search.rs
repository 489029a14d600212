//! Searches of what was said, with parts of the answer on the way.

use serde_json::{Value, json};

use super::client::Client;
use crate::fixture::{Fixture, Result};

/// Waits until the history is indexed.
pub(super) fn searchable(client: &mut Client) -> Result {
    while client.call("thread/search", json!({ "searchTerm": "x" }))?.get("incomplete").is_some() {}
    Ok(())
}

fn found(page: &Value) -> Vec<(&str, &str)> {
    let results = page["data"].as_array().into_iter().flatten();
    results
        .filter_map(|result| Some((result["thread"]["id"].as_str()?, result["snippet"].as_str()?)))
        .collect()
}

#[test]
fn words_are_found_with_the_text_around_them_page_by_page() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    searchable(&mut client)?;
    let search = |more: Value| {
        let mut params = json!({ "searchTerm": "changelog", "sourceKinds": ["exec"] });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        params
    };
    let whole = client.call("thread/search", search(json!({})))?;
    let all = found(&whole);
    assert!(all.len() >= 2, "{whole}");
    assert!(all.iter().all(|(_, snippet)| snippet.to_lowercase().contains("changelog")), "{all:?}");
    let (mut listed, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = client.call("thread/search", search(json!({ "limit": 1, "cursor": cursor })))?;
        listed.extend(found(&page).iter().map(|(id, _)| (*id).to_owned()));
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(listed, all.iter().map(|(id, _)| *id).collect::<Vec<_>>());

    let id = client.send("thread/search/stream", search(json!({})))?;
    let partial = client.notified("thread/search/partial")?;
    assert_eq!((partial["requestId"].as_i64(), found(&partial).len()), (Some(id), all.len()));
    assert_eq!(client.answer(id)?["result"]["data"], whole["data"]);
    Ok(())
}

#[test]
fn a_search_is_refused_and_cancelled_as_by_the_agent_s_server() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    for method in ["thread/search", "thread/search/stream"] {
        let empty = client.refused(method, json!({ "searchTerm": "  " }))?;
        assert_eq!(empty, (-32600, "thread/search requires a non-empty searchTerm".to_owned()));
        let long = client.refused(method, json!({ "searchTerm": "x".repeat(65_537) }))?;
        assert_eq!(long, (-32602, format!("{method} searchTerm exceeds 65536 UTF-8 bytes")));
    }
    for method in ["thread/search/cancel", "thread/search/stream/cancel"] {
        assert_eq!(client.call(method, json!({ "requestId": 999 }))?, json!({}));
    }
    let search = client.send("thread/search/stream", json!({ "searchTerm": "hello", "limit": 50 }))?;
    let cancel = client.send("thread/search/stream/cancel", json!({ "requestId": search }))?;
    // A search that was quicker has its answer; in any case, both requests have one.
    let (mut searched, mut cancelled) = (None, None);
    while searched.is_none() || cancelled.is_none() {
        let line = client.line()?;
        match line["id"].as_i64() {
            Some(id) if id == search => searched = Some(line),
            Some(id) if id == cancel => cancelled = Some(line),
            _ => {}
        }
    }
    let searched = searched.ok_or("it was answered")?;
    let is_cancelled = searched["error"]["message"] == "thread search cancelled";
    assert!(is_cancelled || searched.get("result").is_some(), "{searched}");
    assert_eq!(cancelled.ok_or("it was answered")?["result"], json!({}));
    Ok(())
}
