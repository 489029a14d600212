//! Methods about one thread.

use std::fs;

use serde_json::{Value, json};

use super::client::{Client, ids};
use crate::agents::{kept, with_claude};
use crate::fixture::{Fixture, Result};
use crate::memories::with;

/// A thread with two turns.
const THREAD: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
/// A thread that spawned two agents.
const PARENT: &str = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";

#[test]
fn a_thread_is_named_archived_and_deleted_while_its_rollout_stays() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let thread = json!({ "threadId": THREAD });
    // Not indexed yet, perhaps: it is found all the same.
    client.call("thread/name/set", json!({ "threadId": THREAD, "name": "A name ✨" }))?;
    for name in ["\u{1b}[31mred", "two\nlines", "\0"] {
        let (code, message) =
            client.refused("thread/name/set", json!({ "threadId": THREAD, "name": name }))?;
        assert!(code == -32600 && message.contains("a control character"), "{code}: {message}");
    }
    let read = client.call("thread/read", thread.clone())?;
    assert_eq!((read["thread"]["name"].as_str(), &read["readState"]), (Some("A name ✨"), &Value::Null));
    assert_eq!(read["thread"]["preview"], "Please list the files here");

    let archived = json!({ "archived": true, "sourceKinds": ["exec"] });
    assert_eq!(client.call("thread/archive", thread.clone())?, json!({}));
    assert!(ids(&client.call("thread/list", archived.clone())?).contains(&THREAD.to_owned()));
    assert_eq!(
        client.refused("thread/archive", thread.clone())?.1,
        format!("no rollout found for thread id {THREAD}")
    );
    assert_eq!(client.refused("thread/resume", thread.clone())?.0, -32600);
    assert_eq!(client.call("thread/unarchive", thread.clone())?["thread"]["id"], THREAD);
    assert!(!ids(&client.call("thread/list", archived)?).contains(&THREAD.to_owned()));

    client.call("thread/memoryMode/set", json!({ "threadId": THREAD, "mode": "disabled" }))?;
    assert_eq!(client.call("memory/forget", thread.clone())?["forgotten"], false);
    assert_eq!(
        client.call("memory/status", json!({}))?,
        json!({ "v2ConsolidatedThreads": 0, "v2Ready": false })
    );
    assert_eq!(client.call("thread/delete", thread.clone())?, json!({}));
    assert_eq!(client.refused("thread/read", thread.clone())?.1, format!("thread not loaded: {THREAD}"));
    assert_eq!(
        client.refused("thread/delete", thread)?.1,
        format!("no rollout found for thread id {THREAD}")
    );
    assert!(fixture.rollout(&format!("{THREAD}.jsonl"))?.exists());
    Ok(())
}

#[test]
fn a_deleted_thread_of_another_agent_leaves_no_word() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    fixture.json(&["threads", "--agent", "claude"])?;
    let (words, thread) = ("My own id. {{say:Own id.}}", "11111111-2222-4333-8444-555555555555");
    assert!(kept(&fixture, words)?);
    let mut client = Client::stdio(&fixture)?;
    client.call("thread/delete", json!({ "threadId": thread }))?;
    drop(client);
    fixture.json(&["threads", "--agent", "claude"])?;
    assert!(!kept(&fixture, words)?);
    Ok(())
}

#[test]
fn goals_have_the_statuses_of_the_agent_s_server() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let thread = json!({ "threadId": THREAD });
    assert_eq!(client.call("thread/goal/get", thread.clone())?, json!({ "goal": null }));
    let new =
        json!({ "threadId": THREAD, "objective": " Write it ", "tokenBudget": 50_000, "status": "paused" });
    let goal = client.call("thread/goal/set", new)?["goal"].take();
    assert_eq!((goal["objective"].as_str(), goal["status"].as_str()), (Some("Write it"), Some("paused")));
    for status in ["active", "blocked", "usageLimited", "budgetLimited", "complete"] {
        let set = client.call("thread/goal/set", json!({ "threadId": THREAD, "status": status }))?;
        assert_eq!((&set["goal"]["status"], &set["goal"]["tokenBudget"]), (&json!(status), &json!(50_000)));
    }
    let set = client.call("thread/goal/set", json!({ "threadId": THREAD, "tokenBudget": null }))?;
    assert_eq!(set["goal"]["tokenBudget"], Value::Null);
    assert_eq!(client.call("thread/resume", thread.clone())?["goal"], set["goal"]);
    assert_eq!(client.call("thread/goal/clear", thread.clone())?, json!({ "cleared": true }));
    assert_eq!(client.call("thread/goal/clear", thread.clone())?, json!({ "cleared": false }));
    assert_eq!(client.refused("thread/goal/set", thread)?.0, -32600);
    Ok(())
}

#[test]
fn closing_and_resuming_cascade_over_the_agents() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    // All are indexed once a page that needs all is there.
    client.call("thread/list", json!({ "sortDirection": "asc" }))?;
    let parent = json!({ "threadId": PARENT });
    let open = |tree: &Value| {
        let agents = tree["data"].as_array().into_iter().flatten();
        agents.filter(|agent| agent["lifecycle"] == "open").count()
    };
    let before = open(&client.call("thread/tree", parent.clone())?);
    assert!(before >= 2, "{before}");
    let closed = client.call("thread/close", parent.clone())?;
    assert_eq!(closed["threadIds"].as_array().map(Vec::len), Some(before));
    assert_eq!(open(&client.call("thread/tree", parent.clone())?), 0);
    let resumed = client.call("thread/resume", parent.clone())?;
    assert_eq!(resumed["threadIds"].as_array().map(Vec::len), Some(before));
    assert_eq!((&resumed["goal"], &resumed["thread"]["id"]), (&Value::Null, &json!(PARENT)));
    assert_eq!(open(&client.call("thread/tree", parent)?), before);
    Ok(())
}

#[test]
fn turns_and_items_are_listed_in_both_directions_even_without_any_database() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let list = |limit, more: Value| {
        let mut params = json!({ "threadId": THREAD, "limit": limit });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        params
    };
    let texts = |page: &Value| -> Vec<String> {
        let turns = page["data"].as_array().into_iter().flatten();
        turns
            .map(|turn| turn["items"][0]["content"][0]["text"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let (first, second) = ("Please list the files here", "And now tell me the date");
    let newest = client.call("thread/turns/list", list(1, json!({})))?;
    assert_eq!(texts(&newest), [second]);
    let turn = &newest["data"][0];
    assert_eq!((turn["status"].as_str(), turn["itemsView"].as_str()), (Some("completed"), Some("summary")));
    assert_eq!(turn["items"].as_array().map(Vec::len), Some(2));
    let older = client.call("thread/turns/list", list(1, json!({ "cursor": newest["nextCursor"] })))?;
    assert_eq!((texts(&older).as_slice(), &older["nextCursor"]), (&[first.to_owned()][..], &Value::Null));
    // Going back begins with the first turn of the page, which may have changed.
    let back = json!({ "cursor": older["backwardsCursor"], "sortDirection": "asc" });
    assert_eq!(texts(&client.call("thread/turns/list", list(5, back))?), [first, second]);
    let none = client.call("thread/turns/list", list(0, json!({ "itemsView": "notLoaded" })))?;
    assert_eq!((none["data"].as_array().map(Vec::len), &none["data"][0]["items"]), (Some(1), &json!([])));

    let full =
        client.call("thread/turns/list", list(5, json!({ "itemsView": "full", "sortDirection": "asc" })))?;
    let all: Vec<&Value> = full["data"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|turn| turn["items"].as_array())
        .flatten()
        .collect();
    let read = client.call("thread/read", json!({ "threadId": THREAD, "includeTurns": true }))?;
    assert_eq!(read["thread"]["turns"], full["data"]);
    for (direction, reversed) in [("asc", false), ("desc", true)] {
        let (mut listed, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let page = client.call(
                "thread/items/list",
                list(2, json!({ "cursor": cursor, "sortDirection": direction })),
            )?;
            listed.extend(page["data"].as_array().into_iter().flatten().map(|found| found["item"].clone()));
            cursor = page["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        if reversed {
            listed.reverse();
        }
        assert_eq!(listed.iter().collect::<Vec<_>>(), all, "{direction}");
    }
    drop(client);
    // The agent's own server has no turns any more once its databases are gone.
    fs::remove_dir_all(fixture.sqlite_home())?;
    let mut client = Client::stdio(&fixture)?;
    assert_eq!(texts(&client.call("thread/turns/list", list(5, json!({})))?), [second, first]);
    Ok(())
}

/// Every version's turns, and every item, as far as the library lists them.
#[test]
fn every_rollout_has_its_turns() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let every = ["cli", "vscode", "exec", "appServer", "subAgent", "unknown"];
    let page =
        client.call("thread/list", json!({ "sourceKinds": every, "limit": 100, "sortDirection": "asc" }))?;
    let mut versions = std::collections::BTreeSet::new();
    for thread in page["data"].as_array().into_iter().flatten() {
        let turns =
            client.call("thread/turns/list", json!({ "threadId": thread["id"], "itemsView": "full" }))?;
        assert!(turns["data"].as_array().is_some_and(|turns| !turns.is_empty()), "{thread}");
        for turn in turns["data"].as_array().into_iter().flatten() {
            assert_ne!(turn["status"], "inProgress", "{turn}");
            for item in turn["items"].as_array().into_iter().flatten() {
                assert!(item["type"].is_string(), "{item}");
            }
        }
        versions.extend(thread["cliVersion"].as_str().map(str::to_owned));
    }
    assert!(versions.len() >= 4, "{versions:?}");
    Ok(())
}

#[test]
fn memories_are_made_counted_and_forgotten() -> Result {
    let fixture = with("")?;
    let mut client = Client::stdio(&fixture)?;
    let report = client.call("memory/run", json!({}))?;
    assert_eq!(report["threads"].as_array().map(Vec::len), Some(13), "{report}");
    assert_eq!(report["consolidation"]["ending"], "consolidated", "{report}");
    let thread = json!({ "threadId": THREAD });
    assert_eq!(client.call("memory/forget", thread.clone())?["forgotten"], true);
    assert_eq!(client.call("memory/forget", thread)?["forgotten"], false);
    let status = client.call("memory/status", json!({ "minConsolidatedThreads": 1 }))?;
    assert_eq!(status["v2Ready"], true, "{status}");
    Ok(())
}

#[test]
fn the_doctor_reports() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let report = client.call("doctor/report", json!({}))?;
    assert!(report["checks"].as_object().is_some_and(|checks| checks.len() > 10), "{report}");
    assert_eq!(client.refused("memory/run", json!({}))?.0, -32603);
    Ok(())
}
