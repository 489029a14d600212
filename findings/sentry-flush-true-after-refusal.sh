#!/usr/bin/env bash
# sentry 0.49.5: `flush` answers true although the server has refused the event.
#
# A server on the loopback interface reads the event and answers 400, 413 or 500. The event is lost. `flush`
# then answers true, as it does after 200. So no caller can learn whether a report has arrived.
#
# Matters for: `threadkeep feedback --upload`. cli/app/src/feedback/upload.rs takes only the types of the library,
# sends the envelope itself, and goes by the server's status.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
sentry = { version = "=0.49.5", default-features = false, features = ["ureq"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Answers every request with a status. Returns a DSN for it, and the number of its answers.
fn server(answer: &'static str) -> std::io::Result<(String, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let dsn = format!("http://public@{}/42", listener.local_addr()?);
    let answers = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&answers);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut request, mut part) = (Vec::new(), [0; 4096]);
            // An envelope with one event ends with the event's object, and a line break.
            while !request.ends_with(b"}\n") {
                let Ok(length) = stream.read(&mut part) else { return };
                request.extend_from_slice(&part[..length]);
            }
            counted.fetch_add(1, Ordering::SeqCst);
            let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
        }
    });
    Ok((dsn, answers))
}

fn main() -> std::io::Result<()> {
    for answer in ["200 OK", "400 Bad Request", "413 Payload Too Large", "500 Internal Server Error"] {
        let (dsn, answers) = server(answer)?;
        let client = sentry::init((dsn.as_str(), sentry::ClientOptions::default()));
        sentry::capture_message("a report", sentry::Level::Info);
        let flushed = client.flush(Some(Duration::from_secs(30)));
        println!("{answer}: {} answer, flush {flushed}", answers.load(Ordering::SeqCst));
    }
    Ok(())
}
RUST
# The loopback interface needs no proxy.
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet) >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
200 OK: 1 answer, flush true
400 Bad Request: 1 answer, flush true
413 Payload Too Large: 1 answer, flush true
500 Internal Server Error: 1 answer, flush true
SEEN
echo "as recorded"
