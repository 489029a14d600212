//! `cargo xtask bench digest`: digests the items of 1,000 sessions of 88 MB, and compares it with
//! counting the newlines of the same texts. Reading them is measured by `cargo xtask bench
//! memories`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;
use threadkeep_memories::{ExtractionRequest, MemoryItem, StageOneModel, ThreadFacts, ThreadText};
use threadkeep_memory_runners::DigestModel;
use uuid::Uuid;

const SESSIONS: usize = 1_000;
/// Bytes of a session's texts.
const BYTES: usize = 88_000;
const ROUNDS: usize = 7;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let sessions: Vec<ThreadText> = (0..SESSIONS).map(session).collect();
    let thread = ThreadFacts {
        id: Uuid::nil(),
        title: Some("Make the parser faster".to_owned()),
        cwd: Some("/home/me/project".to_owned()),
        git_branch: None,
        rollout_path: String::new(),
        updated_at: Timestamp::UNIX_EPOCH,
    };
    let bytes: usize = sessions.iter().flat_map(ThreadText::items).map(MemoryItem::len).sum();
    let (mut counts, mut digests) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let lines: usize = sessions.iter().flat_map(ThreadText::items).map(newlines).sum();
        counts.push(begun.elapsed().as_secs_f64() * 1e3);
        assert!(lines > SESSIONS);
        let begun = Instant::now();
        for text in &sessions {
            let (instructions, input, schema) = ("", "", &Value::Null);
            let request = ExtractionRequest { thread: &thread, instructions, input, text, schema };
            let answer = DigestModel.extract(request).await.expect("a digest");
            assert!(answer.len() > 100);
        }
        digests.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let best = |times: &[f64]| times.iter().copied().fold(f64::MAX, f64::min);
    let (count, digest) = (best(&counts), best(&digests));
    println!("{SESSIONS} sessions, {:.0} MB of items", bytes as f64 / 1e6);
    println!("count newlines {count:>9.1} ms");
    println!("digest         {digest:>9.1} ms  ratio {:.2}", digest / count);
}

/// Makes the items of a session: turns of a message, commands, a change and an answer.
fn session(n: usize) -> ThreadText {
    let prose = "The parser reads each line twice, because the lexer cannot look ahead. ".repeat(8);
    let output = "   Compiling parser v0.1.0 (/home/me/project)\nwarning: unused variable: `x`\n".repeat(25);
    let mut head = Vec::new();
    let mut bytes = 0;
    for turn in 0.. {
        let command = |command: String, exit_code: i64| MemoryItem::Command {
            command,
            exit_code: Some(exit_code),
            failed: exit_code != 0,
            output: output.clone(),
        };
        let items = [
            MemoryItem::User {
                text: format!("{turn}: now make it read them once. {prose}\n\nNever skip tests."),
            },
            command(format!("cargo test --package parser-{turn}"), i64::from(turn % 3 == 0) * 101),
            command(format!("sed -n {turn},200p src/lexer.rs"), 0),
            command(format!("cargo clippy --package parser-{turn}"), 0),
            MemoryItem::Files { paths: vec![format!("/home/me/project/src/file{}.rs", (n + turn) % 40)] },
            MemoryItem::Agent { text: format!("{prose}\n\n{prose}\n") },
        ];
        bytes += items.iter().map(MemoryItem::len).sum::<usize>();
        head.extend(items);
        if bytes >= BYTES {
            break;
        }
    }
    ThreadText { head, ..ThreadText::default() }
}

fn newlines(item: &MemoryItem) -> usize {
    let count = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    match item {
        MemoryItem::User { text } | MemoryItem::Agent { text } => count(text),
        MemoryItem::Command { command, output, .. } => count(command) + count(output),
        MemoryItem::Files { paths } => paths.iter().map(|path| count(path)).sum(),
        _ => 0,
    }
}
