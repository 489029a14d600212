#!/usr/bin/env bash
# serde_json 1.0.154, serde 1.0.229: an adjacently tagged enum with a RawValue depends on key order.
#
# `{"type": …, "payload": …}` parses. The same object with the payload first is an error, because serde
# then buffers the payload in a form that a RawValue cannot be read from. In a struct with
# `#[serde(flatten)]` it is the same: a map of RawValues parses until the first extra key arrives. Both
# compile without a warning, and pass every test whose input comes from a writer with the usual order.
#
# Matters for: envelopes of rollout lines (`timestamp`, `type`, `payload`). They are structs with a
# RawValue field, and the type is looked at afterwards.
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
serde = { version = "=1.0.229", features = ["derive"] }
serde_json = { version = "=1.0.154", features = ["raw_value"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
#![allow(dead_code)]
use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "payload")]
enum Tagged {
    #[serde(rename = "note")]
    Note(Box<RawValue>),
}

#[derive(Debug, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    payload: Box<RawValue>,
}

fn show<T: for<'de> Deserialize<'de>>(what: &str, json: &str) {
    let outcome = match serde_json::from_str::<T>(json) {
        Ok(_) => "parsed".to_owned(),
        Err(error) => error.to_string(),
    };
    println!("{what} {json}: {outcome}");
}

fn main() {
    let (usual, other) = (r#"{"type":"note","payload":[1]}"#, r#"{"payload":[1],"type":"note"}"#);
    show::<Tagged>("tagged", usual);
    show::<Tagged>("tagged", other);
    show::<Flat>("flatten", r#"{"id":1}"#);
    show::<Flat>("flatten", r#"{"id":1,"more":2}"#);
    show::<Envelope>("struct", usual);
    show::<Envelope>("struct", other);
}
RUST
(cd "$folder" && CARGO_TARGET_DIR="$folder/target" cargo run --quiet) >"$folder/seen"
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
tagged {"type":"note","payload":[1]}: parsed
tagged {"payload":[1],"type":"note"}: invalid type: newtype struct, expected any valid JSON value at line 1 column 29
flatten {"id":1}: parsed
flatten {"id":1,"more":2}: invalid type: newtype struct, expected any valid JSON value at line 1 column 17
struct {"type":"note","payload":[1]}: parsed
struct {"payload":[1],"type":"note"}: parsed
SEEN
echo "as recorded"
