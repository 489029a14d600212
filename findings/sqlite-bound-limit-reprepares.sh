#!/usr/bin/env bash
# SQLite 3.50.2 and 3.51.3 (rusqlite 0.37.0 and 0.39.0, bundled): a statement with `LIMIT ?` is prepared again at each run.
#
# A cache of prepared statements saves nothing for such a statement. The planner looks at the bound limit, as it
# looks at the pattern of `LIKE ?`, and a new value makes the plan stale, also when it is the same value. The next
# step parses and plans the statement again. The documentation names only parameters in the WHERE clause as
# the cause. In a server of ours, a list of 50 wide rows spent 12 % of its processor time on that. SQLite 3.45.0 (rusqlite 0.31.0) does not look.
# `LIMIT +?` hides the value: the unary plus changes nothing else. A bound OFFSET does no harm.
#
# Matters for: every statement with a limit in `state`, `state-logs`, `state-goals` and `state/history`.
# `cargo xtask migrations check` runs each statement twice and refuses those that are prepared again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/src"
cat >"$folder/src/main.rs" <<'RUST'
use rusqlite::{Connection, StatementStatus, params};

fn main() {
    let database = Connection::open_in_memory().expect("a database");
    database.execute_batch("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)").expect("a table");
    print!("{}", rusqlite::version());
    for clause in ["LIMIT ?1", "LIMIT +?1", "LIMIT 5 OFFSET ?1", "WHERE text LIKE ?1", "WHERE text = ?1"] {
        let mut query = database.prepare(&format!("SELECT id FROM notes {clause}")).expect("a statement");
        for _ in 0..100 {
            query.query(params![5]).expect("bound").next().expect("run");
        }
        print!(" | {clause}: {}", query.get_status(StatementStatus::RePrepare));
    }
    println!();
}
RUST

# with VERSION: runs the program with this version of rusqlite
with() {
    cat >"$folder/Cargo.toml" <<TOML
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[workspace]

[dependencies]
rusqlite = { version = "=$1", features = ["bundled"] }
TOML
    rm -f "$folder/Cargo.lock"
    (cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet)
}

{
    with 0.31.0
    with 0.37.0
    with 0.39.0
} >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
3.45.0 | LIMIT ?1: 0 | LIMIT +?1: 0 | LIMIT 5 OFFSET ?1: 0 | WHERE text LIKE ?1: 100 | WHERE text = ?1: 0
3.50.2 | LIMIT ?1: 100 | LIMIT +?1: 0 | LIMIT 5 OFFSET ?1: 0 | WHERE text LIKE ?1: 100 | WHERE text = ?1: 0
3.51.3 | LIMIT ?1: 100 | LIMIT +?1: 0 | LIMIT 5 OFFSET ?1: 0 | WHERE text LIKE ?1: 100 | WHERE text = ?1: 0
SEEN
echo "as recorded"
