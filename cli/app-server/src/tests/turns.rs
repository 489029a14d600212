//! An answer with the turns of a thread is bounded.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;

use serde_json::json;

use super::{Client, Home, Result, run};

#[test]
fn a_thread_is_read_with_its_newest_thousand_turns() -> Result {
    run(async || {
        let home = Home::new()?;
        let id = home.write("sessions/2026/11/24", 1, "turn 1")?;
        let mut lines = String::new();
        for turn in 2..=1_200 {
            let said = json!({ "timestamp": "2026-11-24T12:00:00.000Z", "type": "event_msg", "payload": {
                "type": "user_message", "message": format!("turn {turn}"),
            } });
            writeln!(lines, "{said}")?;
        }
        let path = home.path().join(format!("sessions/2026/11/24/rollout-2026-11-24T12-00-00-{id}.jsonl"));
        OpenOptions::new().append(true).open(path)?.write_all(lines.as_bytes())?;

        let mut client = Client::start(&home, false).await?;
        let read = client.call("thread/read", json!({ "threadId": id, "includeTurns": true })).await?;
        let turns = read["thread"]["turns"].as_array().ok_or("turns")?;
        let words = |turn: usize| turns[turn]["items"][0]["content"][0]["text"].clone();
        assert_eq!((turns.len(), words(0), words(999)), (1_000, json!("turn 201"), json!("turn 1200")));
        let left_out = "the oldest 200 turns are left out; `thread/turns/list` lists them";
        assert_eq!(read["incomplete"], left_out);
        let without = client.call("thread/read", json!({ "threadId": id })).await?;
        assert_eq!((&without["thread"]["turns"], without.get("incomplete")), (&json!([]), None));
        client.end().await
    })
}
