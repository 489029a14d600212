//! Metrics as a receiver gets them, and what switches them off.
//!
//! The variables and the sink belong to a process, so each test starts its own.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, metric::Data};
use prost::Message as _;
use threadkeep_app::telemetry::{self, Owner, Wanted};
use threadkeep_sqlite::telemetry::names::{self, METRICS};
use threadkeep_sqlite::telemetry::{count, report};
use threadkeep_state::{StateOptions, StateRuntime};

type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

const CHILD: &str = "metrics::a_process_that_reports";
const FOLDER: &str = "THREADKEEP_TEST_METRICS";

/// The process that reports: it opens an index, counts, ends its telemetry, says so, and waits.
#[test]
fn a_process_that_reports() -> Result {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let telemetry = telemetry::start(Owner::Cli);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        StateRuntime::open(&StateOptions::new(folder)).await?.close().await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    count(names::LOG_DROPS, 7, &[("db", "logs")]);
    count(names::LOG_DROPS, 3, &[("db", "logs")]);
    report(names::BACKFILL_GATE, std::time::Duration::from_millis(20), &[("phase", "complete")]);
    count("threadkeep.unknown", 1, &[]);
    telemetry.end();
    println!("\nended");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

/// Starts the process with these variables of the environment.
fn start(folder: &tempfile::TempDir, variables: &[(&str, String)]) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env_clear().env(FOLDER, folder.path()).envs(variables.iter().map(|(name, value)| (name, value)));
    command.args([CHILD, "--exact", "--nocapture"]);
    Ok(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

/// Waits until the process has ended its telemetry. It still lives then.
fn ended(child: &mut Child) -> Result<BufReader<ChildStdout>> {
    let mut stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
    let mut line = String::new();
    while line.trim_end() != "ended" {
        line.clear();
        assert!(stdout.read_line(&mut line)? > 0, "it did not end its telemetry");
    }
    Ok(stdout)
}

/// Lets the process go, and waits for it.
fn finish(mut child: Child, mut stdout: BufReader<ChildStdout>) -> Result {
    drop(child.stdin.take());
    stdout.read_to_end(&mut Vec::new())?;
    assert!(child.wait()?.success());
    Ok(())
}

/// Head and body of a request.
type Request = (String, Vec<u8>);

/// Reads one request: its head, and its body.
fn request(stream: &TcpStream) -> Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head)? > 0, "the request is whole: {head}");
    }
    let head = head.to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.ok_or("a length")?.parse()?];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

/// Receives one request, and answers it.
fn receiver() -> Result<(String, JoinHandle<Result<Request>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let receiving = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let request = request(&stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        Ok(request)
    });
    Ok((endpoint, receiving))
}

fn tags(attributes: &[KeyValue]) -> String {
    let text = |tag: &KeyValue| match tag.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => format!("{}={text}", tag.key),
        other => format!("{}={other:?}", tag.key),
    };
    let mut tags: Vec<String> = attributes.iter().map(text).collect();
    tags.sort();
    tags.join(" ")
}

#[test]
fn a_receiver_gets_counts_durations_and_tags() -> Result {
    let (endpoint, receiving) = receiver()?;
    let folder = tempfile::tempdir()?;
    let mut child = start(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)])?;
    let stdout = ended(&mut child)?;
    finish(child, stdout)?;
    let (head, body) = receiving.join().map_err(|_| "the receiver panicked")??;
    assert!(head.starts_with("post /v1/metrics http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-protobuf\r\n"), "{head}");
    let received = ExportMetricsServiceRequest::decode(body.as_slice())?;
    let [of_resource] = received.resource_metrics.as_slice() else { return Err("one resource".into()) };
    let resource = tags(&of_resource.resource.as_ref().ok_or("a resource")?.attributes);
    assert!(resource.contains("service.name=threadkeep service.version="), "{resource}");
    assert!(!resource.contains("host"), "{resource}");

    let delta = AggregationTemporality::Delta as i32;
    let (mut sums, mut histograms) = (BTreeMap::new(), BTreeMap::new());
    for metric in of_resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
        match metric.data.as_ref() {
            Some(Data::Sum(sum)) => {
                assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (delta, true));
                for point in &sum.data_points {
                    sums.insert(format!("{} {}", metric.name, tags(&point.attributes)), point.value);
                }
            }
            Some(Data::Histogram(histogram)) => {
                assert_eq!((histogram.aggregation_temporality, metric.unit.as_str()), (delta, "s"));
                for point in &histogram.data_points {
                    histograms.insert(format!("{} {}", metric.name, tags(&point.attributes)), point.count);
                }
            }
            other => return Err(format!("{}: {other:?}", metric.name).into()),
        }
    }
    use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value::AsInt;
    let sum = |name: &str| sums.get(name).copied().flatten();
    assert_eq!(sum("threadkeep.process.start owner=cli status=ok"), Some(AsInt(1)));
    assert_eq!(
        sum("threadkeep.db.open db=state error=none phase=done status=ok"),
        Some(AsInt(1)),
        "{sums:?}"
    );
    assert_eq!(sum("threadkeep.logs.dropped db=logs"), Some(AsInt(10)));
    assert_eq!(
        histograms.get("threadkeep.db.open.duration db=state error=none phase=done status=ok"),
        Some(&1)
    );
    assert_eq!(histograms.get("threadkeep.db.backfill_gate.duration phase=complete"), Some(&1));
    assert!(!sums.keys().any(|name| name.contains("unknown") || name.contains("memories")), "{sums:?}");
    Ok(())
}

#[test]
fn a_silent_receiver_is_given_up() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let folder = tempfile::tempdir()?;
    let mut child = start(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)])?;
    let (mut stream, _) = listener.accept()?;
    request(&stream)?;
    let stdout = ended(&mut child)?;
    // The request is not over: the process went on without it.
    stream.set_nonblocking(true)?;
    let state = stream.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(state, Err(io::ErrorKind::WouldBlock), "it waited until the request was over");
    finish(child, stdout)
}

#[test]
fn an_absent_receiver_stops_nothing() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    drop(listener);
    for endpoint in [endpoint.as_str(), "not a url", "localhost:4318", "https://127.0.0.1:1", "unix:/none"] {
        let folder = tempfile::tempdir()?;
        let mut child = start(&folder, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned())])?;
        let stdout = ended(&mut child)?;
        finish(child, stdout)?;
    }
    Ok(())
}

#[test]
fn nothing_is_sent_where_it_is_switched_off() -> Result {
    for (name, value) in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_METRICS_EXPORTER", "none")] {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let folder = tempfile::tempdir()?;
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), (name, value.to_owned())];
        let mut child = start(&folder, &variables)?;
        let stdout = ended(&mut child)?;
        finish(child, stdout)?;
        listener.set_nonblocking(true)?;
        let asked = listener.accept().map(|_| ()).map_err(|error| error.kind());
        assert_eq!(asked, Err(io::ErrorKind::WouldBlock), "{name}");
    }
    Ok(())
}

#[test]
fn the_environment_decides() {
    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    let decision = |variables: &[(&str, &str)]| {
        Wanted::of(|name| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(decision(&[]), Wanted::No, "the library would send to localhost");
    assert_eq!(decision(&[(ENDPOINT.0, " ")]), Wanted::No);
    assert_eq!(decision(&[ENDPOINT]), Wanted::Yes);
    assert_eq!(decision(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://h/v1/metrics")]), Wanted::Yes);
    for (variable, wanted) in [
        (("OTEL_SDK_DISABLED", "true"), Wanted::No),
        (("OTEL_SDK_DISABLED", "false"), Wanted::Yes),
        (("OTEL_METRICS_EXPORTER", "none"), Wanted::No),
        (("OTEL_METRICS_EXPORTER", "otlp"), Wanted::Yes),
        (("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), Wanted::Yes),
    ] {
        assert_eq!(decision(&[ENDPOINT, variable]), wanted, "{variable:?}");
    }
    for variable in [("OTEL_METRICS_EXPORTER", "prometheus"), ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc")]
    {
        assert!(matches!(decision(&[ENDPOINT, variable]), Wanted::Unsupported(_)), "{variable:?}");
    }
}

#[test]
fn the_documentation_lists_every_metric() -> Result {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let documented = std::fs::read_to_string(path)?;
    let table: String = METRICS
        .iter()
        .map(|metric| {
            let tags: Vec<String> = metric.tags.iter().map(|tag| format!("`{tag}`")).collect();
            let timed = if metric.is_timed { "yes" } else { "" };
            format!("| `{}` | {timed} | {} | {} |\n", metric.name, tags.join(", "), metric.about.trim())
        })
        .collect();
    let head = "| metric | duration | tags | meaning |\n|---|---|---|---|\n";
    let at = documented.find(head).ok_or("no table of metrics")? + head.len();
    let rest = &documented[at..];
    let end = rest.find("\n\n").map_or(rest.len(), |end| end + 1);
    assert!(rest[..end] == table, "docs/metrics.md is stale; its table is:\n{table}");
    Ok(())
}
