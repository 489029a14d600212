//! The history of threads, as a user of the crate works with it.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use threadkeep_history::{
    AgentHome, HISTORY_DB, HistoryStore, ItemsView, OpenOptions, Said, SearchQuery, TurnsQuery, UsageQuery,
};
use uuid::Uuid;

use super::{DELETED, KEPT, Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-history",
    spec: &HISTORY_DB,
    queues: &[],
    statements: threadkeep_history::statements,
    exercise,
};

/// Thread of which a checkpoint is stored, because its rollout is long.
const UNCHANGED: Uuid = Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba63);

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(async move {
        // A home that stays from one exercise to the next: one rollout changes, and one does not.
        let place = &folder.join("home");
        if !place.exists() {
            write(place, UNCHANGED, &"Long words. ".repeat(20_000))?;
            write(place, KEPT, "Please keep it")?;
            append(
                place,
                KEPT,
                &[
                    r#"{"type":"task_started","turn_id":"2"}"#,
                    r#"{"type":"user_message","message":"And this, too"}"#,
                ],
            )?;
        }
        write(place, DELETED, "Please delete it")?;
        let (home, history) = (AgentHome::open(place)?, HistoryStore::new(folder, &OpenOptions::new()));
        index(&history, &home).await?;
        // Again from the end of what was read, and once more without a change.
        append(place, KEPT, &[r#"{"type":"agent_message","message":"On it"}"#])?;
        index(&history, &home).await?;
        index(&history, &home).await?;
        read(&history, &home).await?;
        delete(&history, &home).await?;
        std::fs::remove_file(place.join(path(DELETED)))?;
        index(&history, &home).await?;
        history.close().await?;
        Ok(())
    })
}

/// Path of a thread's rollout.
fn path(thread: Uuid) -> String {
    format!("sessions/2026/11/22/rollout-2026-11-22T13-23-16-{thread}.jsonl")
}

fn line(kind: &str, payload: &str) -> String {
    format!("{{\"timestamp\":\"2026-11-22T13:23:16.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n")
}

fn write(home: &Path, thread: Uuid, words: &str) -> Result<()> {
    let file = home.join(path(thread));
    std::fs::create_dir_all(file.parent().context("a file has a folder")?)?;
    let mut text =
        line("session_meta", &format!("{{\"id\":\"{thread}\",\"timestamp\":\"2026-11-22T13:23:16Z\"}}"));
    text += &line("event_msg", r#"{"type":"task_started","turn_id":"1"}"#);
    text += &line("event_msg", &format!("{{\"type\":\"user_message\",\"message\":\"{words}\"}}"));
    text += &line("event_msg", r#"{"type":"agent_message","message":"It is done"}"#);
    let usage = r#"{"input_tokens":7,"output_tokens":3,"total_tokens":10}"#;
    let info = format!("{{\"total_token_usage\":{usage},\"last_token_usage\":{usage}}}");
    text += &line("event_msg", &format!("{{\"type\":\"token_count\",\"info\":{info}}}"));
    text += &line("event_msg", r#"{"type":"task_complete","turn_id":"1"}"#);
    text += &line("other_usage_record", &format!("{{\"purpose\":\"hidden\",\"usage\":{usage}}}"));
    Ok(std::fs::write(file, text)?)
}

fn append(home: &Path, thread: Uuid, events: &[&str]) -> Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(home.join(path(thread)))?;
    let lines: String = events.iter().map(|event| line("event_msg", event)).collect();
    Ok(file.write_all(lines.as_bytes())?)
}

async fn index(history: &HistoryStore, home: &AgentHome) -> Result<()> {
    let report = history.ports(home).await?.engine().run(|_| {}).await?;
    ensure!(report.failed == 0, "a rollout could not be read: {report:?}");
    Ok(())
}

async fn found(history: &HistoryStore, text: &str, thread: Uuid) -> Result<usize> {
    let page = history.search(&SearchQuery::new(text)).await?;
    Ok(page.threads.iter().filter(|found| found.thread_id == thread).map(|found| found.hits.len()).sum())
}

async fn read(history: &HistoryStore, home: &AgentHome) -> Result<()> {
    let mut query = SearchQuery::new("please \"keep it\"");
    (query.said, query.since) = (vec![Said::User], Some("2026-11-01T00:00:00Z".parse()?));
    let page = history.search(&query).await?;
    let thread = page.threads.iter().find(|found| found.thread_id == KEPT).context("the words are found")?;
    let shown = history.show(home, &query, &thread.hits).await?;
    ensure!(shown[0].turn_number == Some(1), "{shown:?}");
    ensure!(shown[0].snippet.as_ref().is_some_and(|snippet| snippet.marks.len() == 2), "{shown:?}");
    let turns = history.turns(home, KEPT, &TurnsQuery::default()).await?;
    ensure!(turns.total == 2, "{turns:?}");
    let items = history.read_turns(home, &turns.turns, ItemsView::Full).await?;
    ensure!(items.iter().flatten().map(|turn| turn.items.len()).sum::<usize>() >= 4, "{items:?}");
    let figures = history.figures(KEPT).await?.context("the thread has figures")?;
    ensure!((figures.turns, figures.tokens.total) == (2, 10), "{figures:?}");
    ensure!(figures.others.iter().map(|row| row.tokens.total).eq([10]), "{figures:?}");
    let usage = UsageQuery { by_day: true, by_model: true, by_thread: true, ..UsageQuery::default() };
    let usage = history.usage(&usage).await?;
    ensure!(usage.iter().any(|row| row.thread_id == Some(KEPT) && row.tokens.input == 7), "{usage:?}");
    ensure!(history.indexed().await?.last_success_at.is_some(), "a pass went through");
    Ok(())
}

async fn delete(history: &HistoryStore, home: &AgentHome) -> Result<()> {
    let threads = history.deleted_threads();
    ensure!(found(history, "delete", DELETED).await? == 1, "the words are found");
    ensure!(threads.erase(DELETED, "2026-11-23T00:00:00Z".parse()?).await?, "something is left");
    index(history, home).await?;
    ensure!(found(history, "delete", DELETED).await? == 0, "a deleted thread is found");
    ensure!(!threads.list().await?.is_empty(), "a deleted thread has no tombstone");
    threads.restore(DELETED).await?;
    index(history, home).await?;
    ensure!(found(history, "delete", DELETED).await? == 1, "a restored thread is not found");
    Ok(())
}
