//! Redaction of texts as an agent writes them, against a plain scan of the same bytes.
//!
//! The scan counts newlines and colons byte by byte, which the compiler makes vector code of: about
//! what it costs to touch the text at all. Each figure is the best of several rounds, since
//! everything else on a machine only ever adds.

#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

const BYTES: usize = 16 << 20;
const ROUNDS: usize = 7;

fn main() {
    println!("{:28} {:>10} {:>10} {:>8}", "text", "MB/s", "scan MB/s", "ratio");
    for (name, piece) in texts() {
        let text = piece.repeat(BYTES / piece.len() + 1);
        let redact = rate(text.len(), || threadkeep_redact::redact(black_box(&text)).len());
        let scan = rate(text.len(), || scan(black_box(text.as_bytes())));
        println!("{name:28} {redact:>10.0} {scan:>10.0} {:>8.1}", scan / redact);
    }
    titles();
}

/// Redacts short texts one by one, as a list of threads does.
fn titles() {
    const TITLE: &str = "Fix the flaky test in the scheduler and explain why it only failed on two cores";
    const CALLS: usize = 100_000;
    let best = best(|| (0..CALLS).map(|_| threadkeep_redact::redact(black_box(TITLE)).len()).sum());
    println!("a title of {} bytes: {:.0} ns", TITLE.len(), best.as_secs_f64() * 1e9 / CALLS as f64);
}

/// Gives one piece of each sort of text; the last ones are full of findings and of what nearly is
/// one.
fn texts() -> Vec<(&'static str, String)> {
    let rule = include_str!("../src/value_check.rs");
    let readme = include_str!("../../../README.md");
    let line = r#"{"timestamp":"2026-01-02T03:04:05.678Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":12345,"cached_input_tokens":1234,"output_tokens":567,"total_tokens":12912},"model_context_window":272000}}}"#;
    let row = "INFO codex_core::exec: command finished thread=0190b2c4-7d1e-7c3a-9f00-2b6a1d2e3f40 exit=0 duration_ms=1234 cwd=/home/u/src/app\n";
    let names = "api_key: none\ntoken: invalid\npassword: String,\nlet token = self.next_token();\n";
    let secrets = concat!(
        "DB_PASSWORD=hunter2\nOPENAI_API_KEY=sk-",
        "proj-Zq8vB1nX7cL4dR6sY0uH5jG9\nhttps://u:p4ss@h/\n"
    );
    vec![
        ("prose (README)", readme.to_owned()),
        ("code (this crate's)", rule.to_owned()),
        ("token counts (rollout)", format!("{line}\n")),
        ("log rows", row.to_owned()),
        ("dense: names, no secrets", names.to_owned()),
        ("dense: secrets", secrets.to_owned()),
    ]
}

fn scan(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| matches!(byte, b'\n' | b':')).count()
}

/// Gives megabytes a second.
fn rate(bytes: usize, work: impl Fn() -> usize) -> f64 {
    bytes as f64 / 1e6 / best(work).as_secs_f64()
}

fn best(work: impl Fn() -> usize) -> Duration {
    let round = || {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    (0..ROUNDS).map(|_| round()).min().expect("there are rounds")
}
