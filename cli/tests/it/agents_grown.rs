//! A large session of another agent whose early part changes is shown as it is now.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::agents::{user, with_claude};
use crate::fixture::{Fixture, Result};

const ID: &str = "5a1d2c3b-0f4e-4a6b-8c7d-9e0f1a2b3c4d";

/// Session with so long answers that the index goes on from a checkpoint behind them.
struct Large {
    fixture: Fixture,
    path: PathBuf,
    lines: Vec<Value>,
}

impl Large {
    fn new() -> Result<Self> {
        let fixture = with_claude()?;
        let path = user(&fixture).join(".claude/projects/-home-user-proj-widget").join(format!("{ID}.jsonl"));
        let mut large = Self { fixture, path, lines: Vec::new() };
        large.lines.push(json!({ "type": "custom-title", "sessionId": ID, "customTitle": "A title" }));
        large.say("Count", "Three apples.");
        for _ in 0..12 {
            large.say("Sum up", &"pear ".repeat(12_000));
        }
        large.write()?;
        large.fixture.json(&["agents", "add", "claude"])?;
        assert_eq!((large.title()?.as_str(), large.finds("apples")?), ("A title", true));
        Ok(large)
    }

    fn say(&mut self, prompt: &str, answer: &str) {
        let mut add = |kind: &str, message: Value| {
            let n = self.lines.len();
            self.lines.push(json!({
                "type": kind, "sessionId": ID, "cwd": "/home/user/proj/widget", "version": "2.1.0",
                "uuid": format!("00000000-0000-4000-8000-{n:012}"),
                "timestamp": format!("2026-11-28T08:{n:02}:00Z"), "message": message,
            }));
        };
        add("user", json!({ "role": "user", "content": prompt }));
        let (usage, content) =
            (json!({ "input_tokens": 10, "output_tokens": 2 }), json!([{ "type": "text", "text": answer }]));
        add(
            "assistant",
            json!({ "id": prompt, "model": "m", "stop_reason": "end_turn", "usage": usage, "content": content }),
        );
    }

    fn write(&self) -> Result {
        let lines: Vec<_> = self.lines.iter().map(Value::to_string).collect();
        Ok(fs::write(&self.path, lines.join("\n") + "\n")?)
    }

    fn title(&self) -> Result<String> {
        let shown = self.fixture.json(&["threads", "show", ID])?;
        Ok(shown["thread"]["name"].as_str().ok_or("a title")?.to_owned())
    }

    fn finds(&self, word: &str) -> Result<bool> {
        Ok(self.fixture.json(&["search", word])?["total"] == 1)
    }
}

#[test]
fn an_early_part_that_changes_and_keeps_its_length_is_indexed_again() -> Result {
    let mut large = Large::new()?;
    // Also when the session grows at the same time.
    for (title, answer, grows) in [("B title", "Three cherry.", false), ("C title", "Three plumes.", true)] {
        large.lines[0]["customTitle"] = title.into();
        large.lines[2]["message"]["content"][0]["text"] = answer.into();
        if grows {
            large.say("Go on", "fig");
        }
        large.write()?;
        let word = answer.trim_start_matches("Three ");
        assert_eq!(
            (large.title()?.as_str(), large.finds(word)?, large.finds("apples")?),
            (title, true, false)
        );
    }
    Ok(())
}
