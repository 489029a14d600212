//! Log rows of a bundle: cleaned, bounded, the newest of them in their order.

use threadkeep_state_logs::{LogOptions, LogWriter, OpenOptions};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

async fn logged(folder: &std::path::Path, what: impl FnOnce()) -> Result<LogStore> {
    let store = LogStore::new(folder, &OpenOptions::new());
    let (layer, writer) = LogWriter::start(&store, LogOptions::default())?;
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), what);
    writer.close().await?;
    Ok(store)
}

fn values(rows: &LogRows) -> Result<Vec<serde_json::Value>> {
    Ok(rows.text.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?)
}

#[tokio::test]
async fn rows_are_those_of_the_thread_or_of_the_tool() -> Result {
    let folder = tempfile::tempdir()?;
    let store = logged(folder.path(), || {
        tracing::info!(target: "threadkeep", "backfill: 3 files");
        tracing::info!(target: "agent", "of the agent");
        tracing::info!(target: "agent", thread_id = ID, "of a thread, at /home/ada/work");
        tracing::warn!(target: "threadkeep_state", "second");
    })
    .await?;
    let clean: Clean<'_> = &|text| text.replace("/home/ada", "~");
    let own = values(&of_own_runs(&store, clean).await?)?;
    assert_eq!(own.iter().map(|row| &row["message"]).collect::<Vec<_>>(), ["backfill: 3 files", "second"]);
    let rows = of_thread(&store, ID.parse()?, clean).await?;
    assert_eq!((rows.rows, rows.left_out), (1, 0));
    assert_eq!(values(&rows)?[0]["message"], "of a thread, at ~/work");
    Ok(())
}

#[test]
fn secrets_go_by_shape_and_by_name() {
    let clean: Clean<'_> = &str::to_owned;
    let key = format!("sk-proj-{}", "a1B2".repeat(12));
    let row = serde_json::json!({
        "message": format!("used {key}"),
        "fields": { "db_password": "hunter2", "list": [{ "client_secret": 7 }], "tries": 3 },
    });
    let cleaned = clean::row(&row, clean);
    assert_eq!(cleaned["message"], "used [redacted:openai-key]");
    assert_eq!(cleaned["fields"]["db_password"], "[redacted]");
    assert_eq!(cleaned["fields"]["list"][0]["client_secret"], "[redacted]");
    assert_eq!(cleaned["fields"]["tries"], 3);
}

#[tokio::test]
async fn the_oldest_rows_are_left_out_of_a_large_bundle() -> Result {
    let folder = tempfile::tempdir()?;
    let long = "a word of prose ".repeat(3_000);
    let store = logged(folder.path(), || {
        for number in 0..120 {
            tracing::info!(target: "threadkeep", number, "{long}");
        }
    })
    .await?;
    let rows = of_own_runs(&store, &str::to_owned).await?;
    assert!(rows.text.len() <= BYTES, "{}", rows.text.len());
    assert_eq!(rows.rows + rows.left_out, 120);
    assert!(rows.left_out > 0);
    assert_eq!(values(&rows)?.last().map(|row| row["fields"]["number"].clone()), Some(119.into()));
    Ok(())
}
