#!/usr/bin/env bash
# rusqlite 0.39.0: its feature `bundled` changes the text of errors, for every crate of the build.
#
# The name says that SQLite comes along. It also turns on `modern_sqlite`, with which an error that has
# a place in its statement, such as a missing column, is another variant: `SqlInputError`, whose text
# repeats the whole statement. Features are united over a build: a crate deep in the tree that wants
# `bundled` changes what all others match on, print and log. A statement with a value written into it then stands in the log. With
# `libsqlite3-sys/bundled` instead, the same SQLite comes along and errors stay as they are.
#
# Matters for: `threadkeep-sessions`, which takes `libsqlite3-sys` with `bundled`, so that those who
# depend on it keep their errors; and for errors in logs, which hold no statements.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/src" "$folder/deep/src"
cat >"$folder/src/main.rs" <<'RUST'
fn main() {
    let database = rusqlite::Connection::open_in_memory().expect("a database");
    let error = database.prepare("SELECT 'private', missing").expect_err("no such column");
    let variant = format!("{error:?}");
    println!("{}: {error}", variant.split([' ', '(']).next().unwrap_or_default());
}
RUST
touch "$folder/deep/src/lib.rs"

# with WHAT DEPENDENCY: runs the program while a crate that it depends on has this dependency
with() {
    cat >"$folder/deep/Cargo.toml" <<TOML
[package]
name = "deep"
version = "0.0.0"
edition = "2024"

[dependencies]
$2
TOML
    cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
deep = { path = "deep" }
rusqlite = { version = "=0.39.0", default-features = false }
TOML
    echo "$1: $(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet)"
}

{
    with 'libsqlite3-sys bundled' 'libsqlite3-sys = { version = "=0.37.0", features = ["bundled"] }'
    with 'rusqlite bundled' 'rusqlite = { version = "=0.39.0", default-features = false, features = ["bundled"] }'
} >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
libsqlite3-sys bundled: SqliteFailure: no such column: missing
rusqlite bundled: SqlInputError: no such column: missing in SELECT 'private', missing at offset 18
SEEN
echo "as recorded"
