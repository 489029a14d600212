//! A home of many small rollouts, and one large one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::Result;

/// Turns of the large rollout, and bytes of each.
const TURNS: usize = 1_000;
const TURN_BYTES: usize = 100 * 1024;

/// Makes a home of rollouts with ids of their own, made of the bundled ones in turn.
pub(crate) fn rollouts(home: &Path, number: usize) -> Result<Vec<String>> {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home/sessions/2026/11/22");
    let mut templates = Vec::new();
    for entry in fs::read_dir(bundled)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a rollout has a name")?;
        let id = stem[stem.len() - 36..].to_owned();
        templates.push((id, fs::read_to_string(&path)?));
    }
    templates.sort();
    fs::create_dir_all(home)?;
    fs::write(home.join("config.toml"), "model_provider = \"mock\"\n")?;
    let mut ids = Vec::with_capacity(number);
    for n in 0..number {
        let (old, text) = &templates[n % templates.len()];
        let (day, second) = (n * 28 / number + 1, n % 86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let time = format!("2026-10-{day:02}T{hour:02}:{minute:02}:{second:02}");
        let ms = time
            .parse::<jiff::civil::DateTime>()?
            .to_zoned(jiff::tz::TimeZone::UTC)?
            .timestamp()
            .as_millisecond();
        let id = format!("{:08x}-{:04x}-7000-8000-{n:012x}", ms >> 16, ms & 0xffff);
        let folder = home.join(format!("sessions/2026/10/{day:02}"));
        fs::create_dir_all(&folder)?;
        let name = format!("rollout-{}-{id}.jsonl", time.replace(':', "-"));
        let text = moved(&text.replace(old.as_str(), &id), &time);
        fs::write(folder.join(name), text)?;
        ids.push(id);
    }
    Ok(ids)
}

/// Moves all lines to the second in which the thread began, as its id has it.
fn moved(text: &str, time: &str) -> String {
    let day = "2026-11-22T";
    let mut parts = text.split(day);
    let mut moved = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.get("hh:mm:ss".len()..).unwrap_or_default();
        moved.extend([time, rest]);
    }
    moved
}

/// Makes a rollout of 100 MB, and returns its thread.
pub(crate) fn large(home: &Path) -> Result<String> {
    let id = "01a30000-0000-7000-8000-000000000001";
    let folder = home.join("sessions/2026/12/01");
    fs::create_dir_all(&folder)?;
    let mut text = String::new();
    let mut line = |at: usize, kind: &str, payload: Value| {
        let (minute, second) = (at / 60 % 60, at % 60);
        let time = format!("2026-12-01T{:02}:{minute:02}:{second:02}.000Z", at / 3_600);
        text += &(json!({ "timestamp": time, "type": kind, "payload": payload }).to_string() + "\n");
    };
    let meta = json!({
        "id": id, "timestamp": "2026-12-01T00:00:00.000Z", "cwd": "/project", "originator": "bench",
        "cli_version": "0.171.0", "source": "cli", "model_provider": "mock",
    });
    line(0, "session_meta", meta);
    for turn in 0..TURNS {
        let turn_id = format!("turn-{turn}");
        let item = |item: Value| json!({ "type": "item_completed", "turn_id": turn_id, "item": item });
        line(turn, "event_msg", json!({ "type": "task_started", "turn_id": turn_id }));
        let said = json!({ "type": "UserMessage", "id": format!("u{turn}"), "content": [{ "type": "text", "text": "Go on" }] });
        line(turn, "event_msg", item(said));
        let output = "a line of output\n".repeat(TURN_BYTES / 17);
        let ran = json!({
            "type": "CommandExecution", "id": format!("c{turn}"), "command": ["cat", "file"], "status": "completed",
            "aggregated_output": output,
        });
        line(turn, "event_msg", item(ran));
        let done = json!({ "type": "AgentMessage", "id": format!("a{turn}"), "content": [{ "type": "Text", "text": "Done" }] });
        line(turn, "event_msg", item(done));
        line(turn, "event_msg", json!({ "type": "task_complete", "turn_id": turn_id }));
    }
    fs::write(folder.join(format!("rollout-2026-12-01T00-00-00-{id}.jsonl")), text)?;
    Ok(id.to_owned())
}

pub(crate) fn size(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
