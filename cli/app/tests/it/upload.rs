//! The envelope on its way: what a server receives, and what each of its answers means.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use threadkeep_app::feedback::{Bundle, Destination, Entry};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Time that no test reaches.
const LONG: Duration = Duration::from_secs(60);

/// Request as a server has read it.
#[derive(Debug)]
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &TcpStream) -> Result<Request> {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let line = lines.remove(0);
        let header = |line: String| {
            let (name, value) = line.split_once(": ").unwrap_or_default();
            (name.to_lowercase(), value.to_owned())
        };
        let headers: Vec<(String, String)> = lines.into_iter().map(header).collect();
        let mut request = Request { line, headers, body: Vec::new() };
        let length = request.header("content-length").ok_or("a length")?.parse()?;
        request.body = vec![0; length];
        reader.read_exact(&mut request.body)?;
        Ok(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// Serves one request on the loopback interface with an answer, and returns what was asked.
fn server(answer: &'static str) -> Result<(Destination, JoinHandle<Option<Request>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let dsn = format!("http://public@{}/42", listener.local_addr()?);
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().ok()?;
        let request = Request::read(&stream).ok()?;
        let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        stream.write_all(head.as_bytes()).ok()?;
        Some(request)
    });
    Ok((destination(&dsn)?, serving))
}

fn destination(dsn: &str) -> Result<Destination> {
    Destination::parse(dsn).map_err(|fault| fault.to_string().into())
}

fn bundle() -> Bundle {
    let tags = json!({
        "overall_status": "warning",
        "failing_count": 0,
        "failing_checks": [],
        "warning_checks": ["state.logs", "git.environment"],
    });
    let entry = |name, bytes: &[u8]| Entry { name, bytes: bytes.to_vec(), about: String::new() };
    let entries = vec![
        entry("codex-doctor-report.json", b"{\n  \"schema_version\": 1\n}\n"),
        entry("logs.jsonl", "{\"message\":\"größer\"}\n{}\n".as_bytes()),
    ];
    Bundle { entries, tags: tags.as_object().cloned().unwrap_or_default() }
}

/// An item of an envelope: its header, and its bytes.
type Item = (Value, Vec<u8>);

/// Cuts an envelope into its header and its items: the item's header and its bytes.
fn items(mut rest: &[u8]) -> Result<(Value, Vec<Item>)> {
    fn line(rest: &mut &[u8]) -> Result<Value> {
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or("a line")?;
        let line = serde_json::from_slice(&rest[..end])?;
        *rest = &rest[end + 1..];
        Ok(line)
    }
    let header = line(&mut rest)?;
    let mut items = Vec::new();
    while !rest.is_empty() {
        let item = line(&mut rest)?;
        let length = usize::try_from(item["length"].as_u64().ok_or("a length")?)?;
        let bytes = rest.get(..length).ok_or("as many bytes as the header says")?.to_vec();
        rest = rest[length..].strip_prefix(b"\n").ok_or("a line break after an item")?;
        items.push((item, bytes));
    }
    Ok((header, items))
}

#[test]
fn the_envelope_has_the_event_its_tags_and_each_file() -> Result {
    let (destination, serving) = server("200 OK")?;
    let sent = destination.send(&bundle(), LONG).map_err(|fault| fault.to_string())?;
    let request = serving.join().ok().flatten().ok_or("a request")?;
    assert_eq!(sent.status, 200);
    assert_eq!(request.line, "POST /api/42/envelope/ HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/x-sentry-envelope"));
    let auth = request.header("x-sentry-auth").ok_or("credentials")?;
    assert!(auth.starts_with("Sentry ") && auth.contains("sentry_key=public"), "{auth}");

    let (header, items) = items(&request.body)?;
    let id = sent.event_id.simple().to_string();
    assert_eq!(header["event_id"].as_str().map(|text| text.replace('-', "")), Some(id.clone()));
    assert_eq!(
        items.iter().map(|(item, _)| &item["type"]).collect::<Vec<_>>(),
        ["event", "attachment", "attachment"]
    );
    let event: Value = serde_json::from_slice(&items[0].1)?;
    assert_eq!(event["event_id"], id);
    let tags = json!({
        "overall_status": "warning",
        "failing_count": "0",
        "warning_checks": "state.logs,git.environment",
    });
    assert_eq!(event["tags"], tags);
    for private in ["server_name", "user", "contexts", "modules", "request"] {
        assert_eq!(event[private], Value::Null, "{private}");
    }
    for ((item, bytes), entry) in items[1..].iter().zip(bundle().entries) {
        assert_eq!((&item["filename"], bytes), (&entry.name.into(), &entry.bytes));
    }
    Ok(())
}

#[test]
fn only_a_2xx_is_success() -> Result {
    for (answer, said) in [
        ("301 Moved Permanently", "HTTP 301 Moved Permanently"),
        ("400 Bad Request", "HTTP 400 Bad Request"),
        ("413 Payload Too Large", "HTTP 413 Payload Too Large"),
        ("429 Too Many Requests\r\nRetry-After: 60", "HTTP 429 Too Many Requests"),
        ("500 Internal Server Error", "HTTP 500 Internal Server Error"),
    ] {
        let (destination, serving) = server(answer)?;
        let refused = destination.send(&bundle(), LONG).err().ok_or("it counted as sent")?;
        assert_eq!(refused.to_string(), format!("127.0.0.1 did not accept the bundle: {said}"));
        assert!(serving.join().ok().flatten().is_some());
    }
    let (destination, _) = server("202 Accepted")?;
    assert_eq!(destination.send(&bundle(), LONG).map(|sent| sent.status).ok(), Some(202));
    Ok(())
}

#[test]
fn a_silent_server_is_given_up() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let destination = destination(&format!("http://public@{}/42", listener.local_addr()?))?;
    let (done, finished) = mpsc::channel::<()>();
    // It takes the request and says nothing, until the client has gone.
    let serving = thread::spawn(move || {
        let stream = listener.accept();
        let _ = finished.recv();
        stream.is_ok()
    });
    let gave_up = destination.send(&bundle(), Duration::from_millis(50)).err().ok_or("it counted as sent")?;
    assert_eq!(gave_up.to_string(), "127.0.0.1 did not answer within 0.05 s");
    drop(done);
    assert!(serving.join().is_ok_and(|accepted| accepted));
    Ok(())
}

#[test]
fn a_closed_port_and_a_bad_dsn_are_named() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let destination = destination(&format!("http://public@{}/42", listener.local_addr()?))?;
    drop(listener);
    let refused = destination.send(&bundle(), LONG).err().ok_or("it counted as sent")?;
    assert!(refused.to_string().starts_with("cannot reach 127.0.0.1: "), "{refused}");
    let bad = Destination::parse("https://s3cr3t-key@host/").err().ok_or("it is a DSN")?;
    assert_eq!(bad.to_string(), "`feedback.sentry_dsn` in the settings is not a DSN");
    assert!(Destination::parse("").is_err());
    Ok(())
}
