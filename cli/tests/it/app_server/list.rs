//! `thread/list`: its windows against a model, and its first page before the home is indexed.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::client::{Client, ids};
use crate::fixture::{Fixture, Result};

#[test]
fn pages_have_the_limits_and_defaults_of_the_agent_s_server() -> Result {
    let fixture = Fixture::of_many(150)?;
    let mut client = Client::stdio(&fixture)?;
    let exec = |more: Value| {
        let mut params = json!({ "sourceKinds": ["exec"], "somethingNew": true });
        for (key, value) in more.as_object().into_iter().flatten() {
            params[key] = value.clone();
        }
        params
    };
    for (limit, length) in
        [(json!(null), 25), (json!(0), 1), (json!(7), 7), (json!(101), 100), (json!(u32::MAX), 100)]
    {
        let page = client.call("thread/list", exec(json!({ "limit": limit })))?;
        assert_eq!(ids(&page).len(), length, "{limit}");
    }
    assert_eq!(client.refused("thread/list", json!({ "limit": -1 }))?.0, -32600);
    assert_eq!(client.refused("thread/list", json!({ "limit": 4_294_967_296_u64 }))?.0, -32600);
    // Runs without a person are not among the default sources.
    assert_eq!(ids(&client.call("thread/list", json!({}))?), [""; 0]);
    let none = client.call("thread/list", exec(json!({ "includedThreadIds": [] })))?;
    assert_eq!(none, json!({ "data": [], "readStates": {}, "nextCursor": null, "backwardsCursor": null }));
    let all = ids(&client.call("thread/list", exec(json!({ "limit": 100 })))?);
    let some = json!([all[5], all[1], all[5]]);
    let included = client.call("thread/list", exec(json!({ "includedThreadIds": some })))?;
    assert_eq!(ids(&included), [all[1].clone(), all[5].clone()]);
    let excluded = client.call("thread/list", exec(json!({ "excludedThreadIds": some, "limit": 4 })))?;
    assert_eq!(ids(&excluded), [0, 2, 3, 4].map(|n: usize| all[n].clone()));
    let elsewhere = json!({ "cwd": "/nowhere", "modelProviders": ["mock"] });
    assert_eq!(ids(&client.call("thread/list", exec(elsewhere))?), [""; 0]);
    assert_eq!(ids(&client.call("thread/list", exec(json!({ "modelProviders": ["nobody's"] })))?), [""; 0]);
    Ok(())
}

/// The first page of a home that was never indexed is that of the whole index, in every order.
#[test]
fn the_first_page_is_right_before_the_home_is_indexed() -> Result {
    let fixture = Fixture::of_many(1_500)?;
    let queries = [
        json!({ "sourceKinds": ["exec"], "limit": 50 }),
        json!({ "sourceKinds": ["exec"], "limit": 50, "sortKey": "updated_at" }),
        json!({ "sourceKinds": ["exec"], "limit": 50, "sortKey": "recency_at" }),
        json!({ "sourceKinds": ["exec"], "limit": 50, "sortDirection": "asc" }),
        json!({ "sourceKinds": ["exec"], "limit": 3, "searchTerm": "hello" }),
    ];
    let mut first = Vec::new();
    for query in &queries {
        let mut client = Client::stdio(&fixture)?;
        first.push(ids(&client.call("thread/list", query.clone())?));
        drop(client);
        fs::remove_dir_all(fixture.sqlite_home())?;
    }
    fixture.json(&["backfill"])?;
    let mut client = Client::stdio(&fixture)?;
    for (query, first) in queries.into_iter().zip(first) {
        assert_eq!(first, ids(&client.call("thread/list", query.clone())?), "{query}");
    }
    Ok(())
}

/// Rollouts of one thread each, which tests add and delete while a client lists.
struct Rollouts<'a> {
    fixture: &'a Fixture,
    template: String,
    /// Start of each thread in milliseconds after noon.
    present: std::collections::BTreeMap<String, u64>,
    added: u64,
}

impl Rollouts<'_> {
    fn add(&mut self, millisecond: u64) -> Result {
        self.added += 1;
        let (second, rest) = (millisecond / 1_000, millisecond % 1_000);
        let id = format!("01a20500-0000-7000-8000-{:012x}", self.added * 7_919 % 100_000);
        let time = format!("2026-11-24T12:00:{second:02}.{rest:03}Z");
        let text = self.template.replace("TIME", &time).replace("ID", &id);
        let folder = self.fixture.home().join("sessions/2026/11/24");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("rollout-2026-11-24T12-00-{second:02}-{id}.jsonl")), &text)?;
        if self.added.is_multiple_of(5) {
            // A copy of a file is no second thread.
            fs::write(folder.join(format!("rollout-2026-11-24T12-00-{second:02}-{id}-copy.jsonl")), &text)?;
        }
        self.present.insert(id, millisecond);
        Ok(())
    }

    fn ids(&self) -> BTreeSet<String> {
        self.present.keys().cloned().collect()
    }
}

/// A client lists page by page while threads are created, many in one second, and deleted. It sees
/// every thread that is there all the time exactly once. Then it catches up from its window, again
/// and again, and knows every thread in the end.
#[test]
fn windows_neither_skip_nor_repeat_a_thread() -> Result {
    let template = concat!(
        r#"{"timestamp":"TIME","type":"session_meta","payload":{"id":"ID","timestamp":"TIME","cwd":"/p","originator":"t","cli_version":"1","source":"cli","model_provider":"mock"}}"#,
        "\n",
        r#"{"timestamp":"TIME","type":"event_msg","payload":{"type":"user_message","message":"hello"}}"#,
        "\n"
    );
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let fixture = Fixture::empty()?;
        fs::create_dir_all(fixture.home().join("sessions"))?;
        let mut rollouts = Rollouts {
            fixture: &fixture,
            template: template.to_owned(),
            present: Default::default(),
            added: 0,
        };
        for _ in 0..40 {
            rollouts.add(random.u64(..4) * 250)?;
        }
        let mut client = Client::stdio(&fixture)?;
        let (mut seen, mut deleted, mut clock) = (Vec::new(), BTreeSet::new(), 1_000);
        let (mut cursor, mut back) = (Value::Null, Value::Null);
        let steady = rollouts.ids();
        let mut page = |client: &mut Client, cursor: &Value| -> Result<Value> {
            let limit = random.u32(1..8);
            let page = client.call("thread/list", json!({ "limit": limit, "cursor": cursor }))?;
            Ok(page)
        };
        loop {
            let listed = page(&mut client, &cursor)?;
            if back.is_null() {
                back = listed["backwardsCursor"].clone();
            }
            seen.extend(ids(&listed));
            cursor = listed["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
            clock += 10;
            rollouts.add(clock)?;
            if let Some(id) = rollouts.present.keys().nth(seen.len() % 11).cloned() {
                client.call("thread/delete", json!({ "threadId": id }))?;
                rollouts.present.remove(&id);
                deleted.insert(id);
            }
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "seed {seed}: a thread was repeated");
        let missed: Vec<_> = steady.difference(&once).filter(|id| !deleted.contains(*id)).collect();
        assert!(missed.is_empty(), "seed {seed}: {missed:?}");

        let mut known = once;
        for _ in 0..3 {
            clock += 10;
            rollouts.add(clock)?;
            // The newest thread is listed once it is indexed.
            while client.call("thread/list", json!({ "includedThreadIds": rollouts.ids(), "limit": 100 }))?["data"]
                .as_array()
                .map(Vec::len)
                != Some(rollouts.present.len())
            {}
            loop {
                let listed = page(&mut client, &back)?;
                let new = ids(&listed);
                if let Some(next) = listed["nextCursor"].as_str() {
                    back = next.into();
                }
                if new.is_empty() {
                    break;
                }
                for id in new {
                    assert!(
                        known.insert(id.clone()) || deleted.contains(&id),
                        "seed {seed}: {id} was repeated"
                    );
                }
            }
        }
        let unknown: Vec<_> = rollouts.ids().difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "seed {seed}: {unknown:?}");
    }
    Ok(())
}
