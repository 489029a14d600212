//! The agent graph of an index that was lost: as a fresh index has it, with the user's decisions.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use threadkeep_sqlite::{Database, OpenOptions};
use threadkeep_state::STATE_DB;

use crate::common::{Fixture, Result, id, rollout_path, session};

/// A row of `agents`.
type Row = (String, Option<String>, Option<String>, Option<String>, i64, i64);

async fn rows(folder: &Path) -> Result<(Vec<Row>, usize, usize)> {
    const ALL: &str = "SELECT thread_id, parent_thread_id, closed_by, agent_closed_by, created_at_ms, updated_at_ms \
         FROM agents ORDER BY thread_id";
    let options = OpenOptions::new().recover(|_, _| ());
    let db = Database::open(&STATE_DB, folder, &options).await?;
    let rows = db.read(async |conn| sqlx::query_as(ALL).fetch_all(conn).await).await?;
    let decisions = db.decisions().await?;
    db.close().await?;
    Ok((rows, decisions.in_database, decisions.different))
}

/// A session that begins at an hour, of an agent that another session spawned.
fn agent(number: u128, parent: Option<u128>, hour: u8) -> String {
    let head = format!("\"id\":\"{}\",", id(number));
    let spawned = parent.map(|parent| format!("{head}\"parent_thread_id\":\"{}\",", id(parent)));
    let text = session(id(number), "work").replace(&head, &spawned.unwrap_or_else(|| head.clone()));
    text.replace("2026-11-22T13:", &format!("2026-11-22T{hour:02}:"))
}

/// A call that closes an agent, a minute after an hour.
fn closes(number: u128, hour: u8) -> String {
    let item = serde_json::json!({"type": "CollabAgentToolCall", "tool": "close_agent", "status": "completed",
        "receiver_thread_ids": [id(number)]});
    let payload = serde_json::json!({"type": "item_completed", "item": item});
    let at = format!("2026-11-22T{hour:02}:01:00Z");
    format!("{}\n", serde_json::json!({"timestamp": at, "type": "event_msg", "payload": payload}))
}

#[tokio::test]
async fn a_lost_graph_is_made_again_as_it_was() -> Result {
    let fixture = Fixture::empty().await?;
    let files = [
        (1, agent(1, None, 1) + &closes(5, 9)),
        (2, agent(2, Some(1), 4)),
        (3, agent(3, Some(2), 5)),
        (4, agent(4, Some(1), 3)),
        (5, agent(5, Some(1), 6)),
    ];
    // One after the other, so that parents and younger children come first.
    for (number, text) in files {
        fixture.write(&rollout_path(id(number)), text)?;
        fixture.index().await?;
    }
    let folder = fixture.sqlite_home();
    fixture.state.clone().close().await?;
    let (grown, decisions, different) = rows(&folder).await?;
    assert_eq!((decisions, different), (0, 0), "the user has decided nothing");
    fs::remove_file(folder.join(STATE_DB.file_name))?;
    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    fixture.state.clone().close().await?;
    assert_eq!(rows(&folder).await?.0, grown);

    let fixture = fixture.reopened().await?;
    let graph = fixture.state.graph();
    let later: Timestamp = "2026-11-23T00:00:00Z".parse()?;
    graph.close_subtree(id(2), later).await?;
    graph.close_subtree(id(5), later).await?;
    graph.resume_subtree(id(5), later).await?;
    fixture.state.clone().close().await?;
    let (decided, decisions, different) = rows(&folder).await?;
    assert_eq!((decisions, different), (3, 0), "two closed, and one opened after the agent closed it");
    fs::remove_file(folder.join(STATE_DB.file_name))?;
    rows(&folder).await?;
    let fixture = fixture.reopened().await?;
    fixture.index().await?;
    fixture.state.clone().close().await?;
    assert_eq!(rows(&folder).await?, (decided, 3, 0));
    Ok(())
}
