//! `thread/list` takes the cursors of the agent's own server.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::{Client, ids};
use crate::fixture::{Fixture, Result};

fn params(more: Value) -> Value {
    let mut params = json!({ "sourceKinds": ["cli", "vscode", "exec", "appServer", "subAgent", "unknown"] });
    for (key, value) in more.as_object().into_iter().flatten() {
        params[key] = value.clone();
    }
    params
}

/// Threads of the whole list, each with the cursor that goes on after it: the agent's server writes
/// whole seconds.
fn whole(client: &mut Client, direction: &str) -> Result<Vec<(String, String)>> {
    let page = client.call("thread/list", params(json!({ "sortDirection": direction, "limit": 100 })))?;
    let threads = page["data"].as_array().into_iter().flatten();
    threads
        .map(|thread| {
            let at = Timestamp::from_second(thread["createdAt"].as_i64().ok_or("a time")?)?;
            let id = thread["id"].as_str().ok_or("an id")?;
            Ok((id.to_owned(), format!("{at}|{id}")))
        })
        .collect()
}

#[test]
fn a_list_goes_on_after_any_thread_in_both_directions() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    for direction in ["desc", "asc"] {
        let all = whole(&mut client, direction)?;
        assert!(all.len() > 10, "{}", all.len());
        for (n, (_, cursor)) in all.iter().enumerate() {
            let more = json!({ "sortDirection": direction, "limit": 3, "cursor": cursor });
            let page = ids(&client.call("thread/list", params(more))?);
            let expected: Vec<&String> = all.iter().skip(n + 1).take(3).map(|(id, _)| id).collect();
            assert_eq!(page.iter().collect::<Vec<_>>(), expected, "{direction} {cursor}");
        }
        // The thread of a cursor may be gone: none of the others is skipped then.
        let (id, cursor) = &all[7];
        client.call("thread/delete", json!({ "threadId": id }))?;
        let more = json!({ "sortDirection": direction, "limit": 100, "cursor": cursor });
        let page = ids(&client.call("thread/list", params(more))?);
        assert!(all[8..].iter().all(|(id, _)| page.contains(id)), "{direction} {page:?}");
        assert!(!page.contains(&all[0].0), "{direction}");
    }
    Ok(())
}

#[test]
fn a_bare_time_begins_beyond_a_moment() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let all: Vec<String> = whole(&mut client, "asc")?.into_iter().map(|(id, _)| id).collect();
    let mut parts = [Vec::new(), Vec::new()];
    for (part, direction) in parts.iter_mut().zip(["desc", "asc"]) {
        let cursor = "2019-11-22T13:24:58.334Z";
        let more = json!({ "sortDirection": direction, "limit": 100, "cursor": cursor });
        *part = ids(&client.call("thread/list", params(more))?);
        assert!(part.len() > 2, "{direction} {part:?}");
    }
    let [mut before, after] = parts;
    before.reverse();
    assert_eq!([before, after].concat(), all);
    Ok(())
}

#[test]
fn a_cursor_of_no_server_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    for cursor in [
        "2019-11-22T13:24:58",
        "2019-11-22",
        "1795353898",
        "2019-11-22T13:24:58Z|",
        "2019-11-22T13:24:58Z|x",
        &format!("|{id}"),
        &format!("2019-11-22T13:24:58Z|{id}|{id}"),
        id,
        "v2cdf00000000.1.x",
    ] {
        for (method, more) in [("thread/list", json!({})), ("thread/search", json!({ "searchTerm": "x" }))] {
            let mut params = params(more);
            params["cursor"] = cursor.into();
            let refused = client.refused(method, params)?;
            assert_eq!(refused, (-32600, format!("invalid cursor: {cursor}")), "{method}");
        }
    }
    Ok(())
}
