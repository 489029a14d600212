//! From an event to a row: fields, spans, thread, and omitted content.

use insta::assert_json_snapshot;
use serde_json::json;
use threadkeep_state_logs::{Level, LogFilter, LogOptions};
use tracing::{debug, error, info, info_span, trace, trace_span, warn};
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::support::{Lab, Result, messages, patient, with};

const THREAD: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
const OTHER: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba62);

fn filter(text: &str) -> Result<LogOptions> {
    Ok(LogOptions { filter: text.parse()?, ..patient() })
}

#[tokio::test]
async fn a_row_has_what_the_event_and_its_spans_had() -> Result {
    let lab = Lab::new()?;
    let before = jiff::Timestamp::now();
    let rows = lab
        .log(patient(), || {
            let session = info_span!("session", thread_id = %THREAD, model = "m-5", turns = tracing::field::Empty);
            session.record("turns", 3);
            let _session = session.enter();
            let _turn = trace_span!("turn", number = 7).entered();
            warn!(target: "agent::exec", code = 2, ok = false, ratio = 0.5, path = ?"/a b", huge = u128::MAX, nan = f64::NAN, "command {}", "failed");
        })
        .await?;
    let row = &rows[0];
    assert_json_snapshot!(row, {
        ".id" => "[id]", ".at" => "[at]", ".process_id" => "[process]", ".line" => "[line]",
    }, @r#"
    {
      "id": "[id]",
      "at": "[at]",
      "level": "warn",
      "target": "agent::exec",
      "message": "command failed",
      "fields": {
        "code": 2,
        "ok": false,
        "ratio": 0.5,
        "path": "\"/a b\"",
        "huge": "340282366920938463463374607431768211455",
        "nan": "NaN"
      },
      "spans": [
        {
          "name": "session",
          "fields": {
            "model": "m-5",
            "turns": 3
          }
        },
        {
          "name": "turn",
          "fields": {
            "number": 7
          }
        }
      ],
      "thread_id": "01a2036c-de71-77f1-a9e3-3c28701bba61",
      "process_id": "[process]",
      "module": "it::capture",
      "file": "state-logs/tests/it/capture.rs",
      "line": "[line]",
      "is_cut": false
    }
    "#);
    assert!(row.at.as_millisecond() >= before.as_millisecond() && row.at <= jiff::Timestamp::now());
    assert!(row.line.is_some() && row.process_id.is_some());
    Ok(())
}

#[tokio::test]
async fn the_nearest_thread_wins_and_what_is_none_stays_a_field() -> Result {
    let lab = Lab::new()?;
    let rows = lab
        .log(patient(), || {
            let _outer = info_span!("outer", thread_id = %THREAD).entered();
            info!("of the span");
            let inner = info_span!("inner", thread_id = ?OTHER);
            inner.in_scope(|| info!("of the inner span"));
            inner.in_scope(|| info!(thread_id = THREAD.to_string(), "of the event"));
            info!(thread_id = "none of ours", "odd");
            info!(parent: None, "of nobody");
            info!(parent: &inner, "of a parent");
        })
        .await?;
    let threads: Vec<_> = rows.iter().map(|row| row.thread_id).collect();
    assert_eq!(threads, [Some(THREAD), Some(OTHER), Some(THREAD), Some(THREAD), None, Some(OTHER)]);
    assert_eq!(rows[3].fields["thread_id"], json!("none of ours"));
    // Deleting one thread leaves no trace of it in the rows of another.
    assert!(!serde_json::to_string(&rows[1].spans)?.contains(&THREAD.to_string()));
    Ok(())
}

#[tokio::test]
async fn info_and_above_are_kept_unless_something_else_is_said() -> Result {
    let say = || {
        error!("an error");
        info!("an info");
        debug!("a debug");
        trace!(target: "deep::below", "a trace");
        info!(target: "sqlx::query", "a statement");
    };
    for (options, kept) in [
        (patient(), &["an error", "an info"][..]),
        (filter("warn,deep=trace")?, &["an error", "a trace"]),
        (filter("off")?, &[]),
        (filter("trace,it::capture=off")?, &["a trace", "a statement"]),
    ] {
        let lab = Lab::new()?;
        assert_eq!(messages(&lab.log(options.clone(), say).await?), kept, "{}", options.filter);
        assert_eq!(lab.path().exists(), !kept.is_empty(), "what logs nothing makes no file");
    }
    Ok(())
}

#[tokio::test]
async fn other_layers_get_what_the_logs_leave_out() -> Result {
    for is_filtered in [false, true] {
        let (lab, other) = (Lab::new()?, Lab::new()?);
        let (layer, writer) = lab.start(filter("warn")?)?;
        let (everything, second) = other.start(filter("trace")?)?;
        let say = || {
            // A span below the filter's level still gives its events the thread.
            let _span = trace_span!("turn", thread_id = %THREAD).entered();
            trace!("fine");
            warn!("severe");
        };
        let registry = tracing_subscriber::registry();
        if is_filtered {
            tracing::subscriber::with_default(registry.with(layer.filtered()).with(everything), say);
        } else {
            tracing::subscriber::with_default(registry.with(layer).with(everything), say);
        }
        writer.close().await?;
        second.close().await?;
        let rows = lab.rows().await?;
        assert_eq!(messages(&rows), ["severe"]);
        assert_eq!(rows[0].thread_id, Some(THREAD), "filtered: {is_filtered}");
        assert_eq!(messages(&other.rows().await?), ["fine", "severe"]);
    }
    Ok(())
}

#[tokio::test]
async fn events_of_the_log_crate_have_their_own_place() -> Result {
    let lab = Lab::new()?;
    let say = || {
        info!(target: "log", { log.target = "hyper::client", log.module_path = "hyper::client::pool", log.file = "pool.rs",
            log.line = 12_u64 }, "put back");
        info!(target: "log", { log.target = "sqlx" }, "of the driver");
    };
    let rows = lab.log(LogOptions { filter: LogFilter::default(), ..patient() }, say).await?;
    assert_eq!(messages(&rows), ["put back"]);
    let row = &rows[0];
    assert_eq!((row.target.as_str(), row.module.as_deref()), ("hyper::client", Some("hyper::client::pool")));
    assert_eq!((row.file.as_deref(), row.line, row.fields.len()), (Some("pool.rs"), Some(12), 0));
    Ok(())
}

#[tokio::test]
async fn bodies_are_stored_as_their_length() -> Result {
    const BODY: &str = "the whole prompt, word by word: ä";
    let lab = Lab::new()?;
    let rows = lab
        .log(patient(), || {
            let _span = info_span!("call", request = BODY).entered();
            let bytes = BODY.as_bytes();
            info!(prompt = BODY, http.response.body = %BODY, tool_output = ?BODY, raw = bytes, output_tokens = 12, input = 3,
                "said");
        })
        .await?;
    assert_json_snapshot!(&rows[0].fields, @r#"
    {
      "prompt": "[34 bytes]",
      "http.response.body": "[34 bytes]",
      "tool_output": "[36 bytes]",
      "raw": "[34 bytes]",
      "output_tokens": 12,
      "input": 3
    }
    "#);
    assert_eq!(rows[0].spans[0].fields["request"], json!("[34 bytes]"));
    assert_eq!(rows[0].message, "said");
    Ok(())
}

#[tokio::test]
async fn an_error_is_stored_with_its_causes() -> Result {
    let lab = Lab::new()?;
    let rows = lab
        .log(patient(), || {
            let inner = std::io::Error::other("no space");
            let outer = threadkeep_state_logs::LogError::NoThread(inner);
            error!(error = &outer as &(dyn std::error::Error + 'static), "failed");
        })
        .await?;
    let text = rows[0].fields["error"].as_str().ok_or("no text")?;
    assert_eq!(text, "cannot start the log writer: no space: no space");
    Ok(())
}

#[tokio::test]
async fn long_rows_are_cut_and_marked() -> Result {
    let lab = Lab::new()?;
    let options = LogOptions { row_bytes: 1_000, ..patient() };
    let rows = lab
        .log(options, || {
            info!("{}", "ö".repeat(5_000));
            info!(long = "\"".repeat(900), after = "it", "short");
            info!("{}", "x".repeat(50_000_000));
            info!("\0 a zero, and \u{1b}[31m an escape");
        })
        .await?;
    assert_eq!(rows.iter().map(|row| row.is_cut).collect::<Vec<_>>(), [true, true, true, false]);
    assert!(rows[0].message.len() > 800 && rows[0].message.chars().all(|character| character == 'ö'));
    assert!(rows[1].fields.get("after").is_none(), "{:?}", rows[1].fields.keys());
    assert_eq!(rows[3].message, "\0 a zero, and \u{1b}[31m an escape");
    assert_eq!(rows[3].level, Level::Info);
    // Also what is looked at is bounded: the file did not grow with the text.
    with_small_file(&lab)
}

fn with_small_file(lab: &Lab) -> Result {
    assert!(std::fs::metadata(lab.path())?.len() < 1 << 20);
    with(lab.start(patient())?.0, || {});
    Ok(())
}
