//! One large session that grows by a turn at a time.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::json;
use threadkeep_sessions::{Mirror, store};

use crate::common::{Result, median};

/// Bytes of the session.
const BYTES: u64 = 100 << 20;
/// Calls of a turn.
const CALLS: usize = 20;

/// Returns the milliseconds that a mirror takes to read the session whole after each turn, and on
/// from its last turn.
pub(crate) fn measure(folder: &Path, rounds: usize) -> Result<[f64; 2]> {
    let place = folder.join("grown/.claude");
    let project = place.join("projects/p");
    fs::create_dir_all(&project)?;
    let mut file = File::create(project.join("11111111-2222-4333-8444-555555555555.jsonl"))?;
    let mut turns = 0;
    while file.metadata()?.len() < BYTES {
        file.write_all(turn(turns).as_bytes())?;
        turns += 1;
    }
    let claude = store("claude").ok_or("an agent that this build knows")?;
    let whole = Mirror::new(folder.join("grown/whole")).with_checkpoints_from(u64::MAX);
    let mirrors = [whole, Mirror::new(folder.join("grown/on"))];
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for (mirror, times) in mirrors.iter().zip(&mut times) {
            let begun = Instant::now();
            let report = mirror.sync(claude, &place)?.ok_or("another process has the mirror")?;
            if report.written != 1 {
                return Err("the session was not read".into());
            }
            // Both read it whole at first.
            if round > 0 {
                times.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
        file.write_all(turn(turns + round).as_bytes())?;
    }
    Ok(times.map(median))
}

/// Returns the lines of a turn: a prompt, calls with results of about 2 KiB, and an answer.
fn turn(number: usize) -> String {
    let mut lines = String::new();
    let mut add = |part: usize, kind: &str, message: serde_json::Value| {
        let uuid = format!("{number:08x}-0000-4000-8000-{part:012x}");
        let at = format!(
            "2026-11-{:02}T{:02}:{:02}:{:02}Z",
            1 + number / 1440 % 28,
            number / 60 % 24,
            number % 60,
            part
        );
        let line = json!({ "type": kind, "uuid": uuid, "timestamp": at, "cwd": "/p", "message": message });
        lines.push_str(&line.to_string());
        lines.push('\n');
    };
    let answer = |part: usize, stop: &str, content: serde_json::Value| {
        let usage = json!({ "input_tokens": 900, "output_tokens": 80 });
        json!({ "id": format!("m{number}-{part}"), "model": "m", "stop_reason": stop, "usage": usage, "content": [content] })
    };
    add(0, "user", json!({ "role": "user", "content": format!("Look at part {number}.") }));
    for call in 0..CALLS {
        let (id, part) = (format!("call-{number}-{call}"), 1 + 2 * call);
        let input = json!({ "command": format!("cat src/part_{number}/file_{call}.rs") });
        let call = json!({ "type": "tool_use", "id": id, "name": "Bash", "input": input });
        add(part, "assistant", answer(part, "tool_use", call));
        let output = format!("let value_{number} = read(&path, {part})?;\n").repeat(50);
        let result = json!({ "type": "tool_result", "tool_use_id": id, "content": output });
        add(part + 1, "user", json!({ "role": "user", "content": [result] }));
    }
    let words = json!({ "type": "text", "text": "It reads values, and nothing else." });
    add(2 * CALLS + 1, "assistant", answer(2 * CALLS + 1, "end_turn", words));
    lines
}
