//! Any line leaves the connection usable, and a client that does not read stops only itself.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::client::Client;
use crate::fixture::{Fixture, Result};

#[test]
fn the_first_request_is_initialize() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::raw(&fixture)?;
    let (code, message) = client.refused("thread/list", json!({}))?;
    assert_eq!((code, message.as_str()), (-32600, "Not initialized"));
    assert_eq!(client.refused("initialize", json!({}))?.1, "Invalid request: missing field `clientInfo`");
    let hello = client.initialize()?;
    assert_eq!(hello["codexHome"], fixture.home().to_str().unwrap_or_default());
    assert_eq!(hello["platformFamily"], "unix");
    let again = client.refused("initialize", json!({ "clientInfo": { "name": "it", "version": "1" } }))?;
    assert_eq!(again.1, "Already initialized");
    client.call("thread/list", json!({}))?;
    assert_eq!(client.end()?, Some(0));
    Ok(())
}

#[test]
fn a_bad_line_gets_an_error_and_the_next_one_an_answer() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let long =
        format!(r#"{{"id":1,"method":"thread/list","params":{{"searchTerm":"{}"}}}}"#, "x".repeat(17 << 20));
    let cases: [(&[u8], i64, Value); 15] = [
        (b"not json", -32700, Value::Null),
        (b"{\"id\": 1", -32700, Value::Null),
        (b"\xff\xfe", -32700, Value::Null),
        (b"[]", -32600, Value::Null),
        (b"[{\"id\": 1, \"method\": \"thread/list\"}]", -32600, Value::Null),
        (b"null", -32600, Value::Null),
        (b"{}", -32600, Value::Null),
        (b"{\"id\": {}, \"method\": \"thread/list\"}", -32600, Value::Null),
        (b"{\"id\": 1.5, \"method\": \"thread/list\"}", -32600, Value::Null),
        (b"{\"id\": \"a\", \"method\": 7}", -32600, json!("a")),
        (b"{\"id\": \"d\", \"params\": {}}", -32600, json!("d")),
        (b"{\"id\": \"e\", \"method\": \"thread/archive\", \"params\": [\"x\"]}", -32600, json!("e")),
        (b"{\"id\": \"b\", \"method\": \"nope\"}", -32601, json!("b")),
        (b"{\"id\": \"c\", \"method\": \"thread/list\", \"params\": [1]}", -32600, json!("c")),
        (long.as_bytes(), -32600, Value::Null),
    ];
    for (line, code, id) in cases {
        client.write(line)?;
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]).into_owned();
        let answer = loop {
            let answer = client.line()?;
            if answer.get("id").is_some() {
                break answer;
            }
        };
        assert_eq!((answer["error"]["code"].as_i64(), &answer["id"]), (Some(code), &id), "{shown}: {answer}");
        client.call("thread/goal/get", json!({ "threadId": "01a2036c-de71-77f1-a9e3-3c28701bba61" }))?;
    }
    Ok(())
}

#[test]
fn an_answer_has_the_version_if_its_request_has_it() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    client.write(r#"{"jsonrpc":"2.0","id":77,"method":"thread/goal/get","params":{"threadId":"01a2036c-de71-77f1-a9e3-3c28701bba61"}}"#)?;
    assert_eq!(client.answer(77)?["jsonrpc"], "2.0");
    let id = client.send("thread/goal/get", json!({ "threadId": "01a2036c-de71-77f1-a9e3-3c28701bba61" }))?;
    assert_eq!(client.answer(id)?.get("jsonrpc"), None);
    Ok(())
}

#[test]
fn a_client_that_does_not_read_does_not_keep_a_server_that_was_asked_to_stop() -> Result {
    let fixture = Fixture::of_many(150)?;
    let mut child = fixture.command(&["app-server"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().ok_or("piped")?;
    writeln!(
        input,
        r#"{{"id":0,"method":"initialize","params":{{"clientInfo":{{"name":"it","version":"1"}}}}}}"#
    )?;
    for id in 1..=20 {
        writeln!(
            input,
            r#"{{"id":{id},"method":"thread/list","params":{{"limit":100,"sortDirection":"asc"}}}}"#
        )?;
    }
    // The first answer shows that it serves, and the rest is more than a pipe has room for.
    let mut output = child.stdout.take().ok_or("piped")?;
    output.read_exact(&mut [0])?;
    kill_process(Pid::from_child(&child), Signal::TERM)?;
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}

/// Lines made of requests by changing, cutting and repeating bytes. No panic, no hang, and the
/// connection goes on.
#[test]
fn no_line_ends_the_server() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    client.call("thread/list", json!({}))?;
    let seeds = [
        r#"{"id":1,"method":"thread/list","params":{"limit":5,"sortKey":"updated_at","cursor":"v2cdf00000000.0.0"}}"#,
        r#"{"id":2,"method":"thread/read","params":{"threadId":"01a2036c-de71-77f1-a9e3-3c28701bba61","includeTurns":true}}"#,
        r#"{"id":3,"method":"thread/turns/list","params":{"threadId":"01a2036c-de71-77f1-a9e3-3c28701bba61","cursor":"{\"requestedThreadId\":\"01a2036c-de71-77f1-a9e3-3c28701bba61\",\"offset\":18446744073709551615,\"includeAnchor\":true}"}}"#,
        r#"{"jsonrpc":"2.0","id":"x","method":"thread/goal/set","params":{"threadId":"01a2036c-de71-77f1-a9e3-3c28701bba61","tokenBudget":-9223372036854775808}}"#,
        r#"{"method":"initialized","params":null}"#,
    ];
    let mut random = fastrand::Rng::with_seed(16);
    for round in 0..600 {
        let mut line = seeds[random.usize(..seeds.len())].as_bytes().to_vec();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..line.len());
            match random.u8(..5) {
                0 => line[at] = random.u8(..),
                1 => line.truncate(at.max(1)),
                2 => drop(line.splice(at..at, seeds[random.usize(..seeds.len())].bytes().take(40))),
                3 => drop(line.remove(at)),
                _ => line.splice(at..at, *b"\"}]{[:,").for_each(drop),
            }
            if line.is_empty() {
                line.push(b' ');
            }
        }
        line.retain(|byte| *byte != b'\n');
        client.write(&line)?;
        if round % 50 == 0 {
            client.call("thread/list", json!({ "limit": 1 }))?;
        }
    }
    client.call("thread/list", json!({}))?;
    assert_eq!(client.end()?, Some(0));
    Ok(())
}

#[test]
fn a_client_that_does_not_read_stops_its_own_requests() -> Result {
    let fixture = Fixture::of_many(300)?;
    fixture.json(&["backfill"])?;
    fixture.json(&["app-server", "start"])?;
    // 100 threads are more than 100 kB: all answers would be more than 200 MB.
    let request = format!(
        "{}\n",
        json!({ "id": 9, "method": "thread/list", "params": { "limit": 100, "sourceKinds": ["exec"] } })
    );
    let mut deaf = std::os::unix::net::UnixStream::connect(fixture.sqlite_home().join("app-server/socket"))?;
    let hello = json!({ "id": 0, "method": "initialize", "params": { "clientInfo": { "name": "deaf", "version": "1" } } });
    std::io::Write::write_all(&mut deaf, format!("{hello}\n").as_bytes())?;
    deaf.set_nonblocking(true)?;
    let mut sent = 0;
    while sent < 2_000 {
        match std::io::Write::write(&mut deaf, request.as_bytes()) {
            Ok(length) if length == request.len() => sent += 1,
            // The server no longer reads: it has as much as it takes.
            _ => break,
        }
        if sent % 100 == 0 {
            Client::socket(&fixture)?.call("thread/list", json!({ "limit": 1 }))?;
        }
    }
    let status = fixture.json(&["app-server", "status"])?;
    let memory = std::fs::read_to_string(format!("/proc/{}/status", status["pid"]))?;
    let peak = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("Linux counts memory")?;
    let peak: u64 = peak.trim().trim_end_matches("kB").trim().parse()?;
    assert!(peak < 150_000, "{peak} kB");
    Client::socket(&fixture)?.call("thread/list", json!({ "limit": 1 }))?;
    drop(deaf);
    fixture.json(&["app-server", "stop"])?;
    Ok(())
}

#[test]
fn requests_in_flight_are_answered_after_the_end_of_the_input() -> Result {
    let fixture = Fixture::bundled()?;
    let mut command = fixture.command(&["app-server"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().ok_or("piped")?;
    let hello = json!({ "id": 0, "method": "initialize", "params": { "clientInfo": { "name": "it", "version": "1" } } });
    let list = json!({ "id": 1, "method": "thread/list", "params": {} });
    // The last line has no end.
    std::io::Write::write_all(&mut input, format!("{hello}\n{list}").as_bytes())?;
    drop(input);
    let mut output = String::new();
    child.stdout.take().ok_or("piped")?.read_to_string(&mut output)?;
    assert!(output.lines().any(|line| line.starts_with(r#"{"id":1,"result""#)), "{output}");
    assert_eq!(child.wait()?.code(), Some(0));
    Ok(())
}
