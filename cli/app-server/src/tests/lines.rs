//! Any line leaves the connection usable: no panic, no hang.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::{Client, Home, Result};
use crate::schema::JSON_SCHEMA;

/// A line: any bytes, or a request with any method and any parameters.
fn line(methods: Vec<String>, fields: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let text = prop_oneof![
        Just("01a20500-0000-7000-8000-000000000001".to_owned()),
        Just("2026-11-22T13:24:58Z|01a20500-0000-7000-8000-000000000001".to_owned()),
        Just(String::new()),
        "\\PC{0,40}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{0,8}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    let field = prop_oneof![prop::sample::select(fields), "[a-zA-Z_]{1,12}"];
    let params = prop_oneof![
        value.clone(),
        prop::collection::hash_map(field, value.clone(), 0..6)
            .prop_map(|fields| Value::Object(fields.into_iter().collect())),
    ];
    let method = prop_oneof![prop::sample::select(methods), "[a-z/]{0,20}"];
    let request = (value, method, params).prop_map(|(id, method, params)| {
        json!({ "id": id, "method": method, "params": params }).to_string().into_bytes()
    });
    // A line that was cut, or that has one more line's beginning in it.
    let cut = (request.clone(), any::<prop::sample::Index>()).prop_map(|(mut line, at)| {
        line.truncate(at.index(line.len()));
        line
    });
    prop_oneof![1 => bytes, 6 => request, 2 => cut].prop_map(|mut line| {
        line.retain(|byte| *byte != b'\n');
        line
    })
}

#[test]
fn any_line_leaves_the_connection_usable() -> Result {
    let schema: Value = serde_json::from_str(JSON_SCHEMA)?;
    let known = schema["methods"].as_object().ok_or("methods")?;
    // The ones that delete or make something would only change the home.
    let methods = known.keys().filter(|name| *name != "device/key/create").cloned().collect();
    let types = schema["$defs"].as_object().ok_or("types")?.values();
    let fields =
        types.flat_map(|kind| kind["properties"].as_object()).flat_map(|fields| fields.keys()).cloned();
    let strategy = prop::collection::vec(line(methods, fields.collect()), 1..12);

    let home = Home::new()?;
    home.write("sessions/2026/11/24", 1, "one")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = LocalSet::new();
    let client = RefCell::new(runtime.block_on(tasks.run_until(Client::start(&home, true)))?);
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(256) });
    runner.run(&strategy, |lines| {
        let mut client = client.borrow_mut();
        let sent: Result<Value> = runtime.block_on(tasks.run_until(async {
            for line in &lines {
                client.write(line).await?;
            }
            client.call("thread/list", json!({})).await
        }));
        sent.map(drop).map_err(|error| TestCaseError::fail(error.to_string()))
    })?;
    runtime.block_on(tasks.run_until(client.into_inner().end()))
}
