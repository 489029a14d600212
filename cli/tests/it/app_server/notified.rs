//! Every client is notified of changes, its own and those of other processes.

use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::{Value, json};

use super::client::{Client, ids};
use crate::fixture::{Fixture, Result};

/// A thread in the agent graph.
const AGENT: &str = "01a2036e-6c3d-7fb3-9eef-e29a46cef274";
const THREAD: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// Waits until everything is indexed.
fn whole(client: &mut Client) -> Result {
    client.call("thread/list", json!({ "sortDirection": "asc" }))?;
    Ok(())
}

#[test]
fn changes_of_clients_and_of_other_processes_reach_every_client() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["app-server", "start"])?;
    let (mut one, mut two) = (Client::socket(&fixture)?, Client::socket(&fixture)?);
    whole(&mut one)?;
    let thread = json!({ "threadId": THREAD });
    let mut both = |method: &str, check: &dyn Fn(&Value)| -> Result {
        for client in [&mut one, &mut two] {
            check(&client.notified(method)?);
        }
        Ok(())
    };
    let is_ours = |params: &Value| assert_eq!(params["threadId"], THREAD);

    fixture.json(&["threads", "rename", THREAD, "Of another process"])?;
    both("thread/name/updated", &|params| assert_eq!(params["threadName"], "Of another process"))?;
    fixture.json(&["threads", "archive", THREAD])?;
    both("thread/archived", &is_ours)?;
    fixture.json(&["threads", "unarchive", THREAD])?;
    both("thread/unarchived", &is_ours)?;
    fixture.json(&["goals", "set", THREAD, "Write it"])?;
    both("thread/goal/updated", &|params| assert_eq!(params["goal"]["objective"], "Write it"))?;
    fixture.json(&["goals", "clear", THREAD])?;
    both("thread/goal/cleared", &is_ours)?;
    Client::socket(&fixture)?
        .call("thread/memoryMode/set", json!({ "threadId": THREAD, "mode": "disabled" }))?;
    both("thread/updated", &|params| assert_eq!(params["thread"]["id"], THREAD))?;
    Client::socket(&fixture)?.call("thread/delete", thread)?;
    both("thread/deleted", &is_ours)?;
    for command in ["close", "reopen"] {
        fixture.json(&["threads", command, AGENT])?;
        for client in [&mut one, &mut two] {
            // The agents below it are closed with it.
            while client.notified("thread/updated")?["thread"]["id"] != AGENT {}
        }
    }
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn a_rollout_that_grows_or_is_new_is_listed_without_a_pass_over_the_home() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    whole(&mut client)?;
    let by_update = json!({ "sortKey": "updated_at", "sourceKinds": ["exec"], "limit": 1 });
    assert_ne!(ids(&client.call("thread/list", by_update.clone())?), [THREAD]);
    let path = fixture.rollout(&format!("{THREAD}.jsonl"))?;
    let said = json!({
        "timestamp": "2030-01-01T00:00:00.000Z",
        "type": "event_msg",
        "payload": { "type": "user_message", "message": "One more" },
    });
    writeln!(OpenOptions::new().append(true).open(&path)?, "{said}")?;
    let in_2030 = 1_893_456_000;
    // The threads were new to the server itself.
    while client.notified("thread/updated")?["thread"]["updatedAt"] != in_2030 {}
    let page = client.call("thread/list", by_update.clone())?;
    assert_eq!((ids(&page), page.get("incomplete")), (vec![THREAD.to_owned()], None));

    // A new thread, in a folder that is new, too.
    let new = "01a20400-0000-7000-8000-000000000001";
    let folder = fixture.home().join("sessions/2031/01/02");
    std::fs::create_dir_all(&folder)?;
    let text = std::fs::read_to_string(&path)?.replace(THREAD, new).replace("2030-01-01", "2031-01-02");
    std::fs::write(folder.join(format!("rollout-2031-01-02T00-00-00-{new}.jsonl")), text)?;
    while client.notified("thread/updated")?["thread"]["id"] != new {}
    assert_eq!(ids(&client.call("thread/list", by_update)?), [new]);

    // A rollout that goes takes its thread out of the list.
    std::fs::remove_dir_all(&folder)?;
    assert_eq!(client.notified("thread/deleted")?["threadId"], new);
    Ok(())
}
