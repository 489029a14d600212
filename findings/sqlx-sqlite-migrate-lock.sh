#!/usr/bin/env bash
# sqlx 0.9.0 with SQLite: `Migrate::lock()` locks nothing.
#
# Two processes call it on one database file, and both have "the lock" at once. `Migrator::run` relies
# on it, so processes that start together on a new file race: some fail on a table that the other has
# just created, or on SQLITE_BUSY. The same calls on PostgreSQL and MySQL take an advisory lock.
#
# Matters for: opening a database in state/sqlite, which takes a file lock of its own first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/src" "$folder/migrations"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
sqlx = { version = "=0.9.0", default-features = false, features = ["sqlite", "migrate", "runtime-tokio"] }
tokio = { version = "1", features = ["rt", "time", "macros"] }

[profile.dev]
debug = false
TOML
for number in 1 2 3 4 5 6; do
    echo "CREATE TABLE table_$number (id INTEGER PRIMARY KEY, text TEXT);" >"$folder/migrations/000${number}_table.sql"
done
cat >"$folder/src/main.rs" <<'RUST'
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Has sixteen processes migrate one new file at once; returns the number that failed.
fn race(file: &Path) -> Result<usize> {
    let mut children = Vec::new();
    for _ in 0..16 {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("migrate").arg(file).stdin(Stdio::piped()).stderr(Stdio::null());
        children.push(command.spawn()?);
    }
    for child in &mut children {
        drop(child.stdin.take());
    }
    let mut failed = 0;
    for mut child in children {
        failed += usize::from(!child.wait()?.success());
    }
    Ok(failed)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let open = |file: &Path| {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        options.busy_timeout(Duration::from_secs(5))
    };
    match arguments.get(1).map(String::as_str) {
        Some("lock") => {
            let mut connection = open(Path::new(&arguments[2])).connect().await?;
            connection.lock().await?;
            println!("a second process: locked");
            connection.close().await?;
        }
        Some("migrate") => {
            std::io::stdin().read_to_end(&mut Vec::new())?;
            let mut connection = open(Path::new(&arguments[2])).connect().await?;
            Migrator::new(folder.join("migrations")).await?.run(&mut connection).await?;
            connection.close().await?;
        }
        _ => {
            let file = folder.join("locked.sqlite");
            let mut connection = open(&file).connect().await?;
            connection.lock().await?;
            println!("the first process: locked");
            Command::new(std::env::current_exe()?).arg("lock").arg(&file).status()?;
            connection.unlock().await?;
            println!("the first process: unlocked");
            let mut failed = 0;
            for round in 0..20 {
                failed += race(&folder.join(format!("race-{round}.sqlite")))?;
            }
            eprintln!("{failed} of 320 processes failed to migrate");
            println!("some of 320 processes failed to migrate: {}", failed > 0);
        }
    }
    Ok(())
}
RUST
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet) >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
the first process: locked
a second process: locked
the first process: unlocked
some of 320 processes failed to migrate: true
SEEN
echo "as recorded"
