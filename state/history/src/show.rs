//! Turns and snippets of found passages.

use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_rollout::{AgentHome, read_passage};
use threadkeep_sqlite::RowReader;

use crate::blocking::blocking;
use crate::chain::{ThreadTurns, parts};
use crate::error::HistoryError;
use crate::numbers::int;
use crate::search::{Hit, SearchQuery};
use crate::snippet::Snippet;
use crate::store::HistoryStore;
use crate::turns::{failed, locate};

/// Turn and text of a passage.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShownHit {
    /// Number of the turn in its thread, from 1. `None` if the turn no longer counts.
    pub turn_number: Option<u64>,
    /// The agent's id of the turn.
    pub turn_id: Option<String>,
    /// Start of the turn.
    pub at: Option<Timestamp>,
    /// Text around the words. `None` if the rollout is gone, or was rewritten since.
    pub snippet: Option<Snippet>,
}

impl HistoryStore {
    /// Adds turns and snippets to passages that a query found. Reads their lines from the rollouts.
    ///
    /// # Errors
    ///
    /// As for [`search`](Self::search).
    pub async fn show(
        &self,
        home: &AgentHome,
        query: &SearchQuery,
        hits: &[Hit],
    ) -> Result<Vec<ShownHit>, HistoryError> {
        let terms = query.terms()?;
        let Some(db) = self.database.existing().await? else { return Ok(Vec::new()) };
        let shown = db.read(async |conn| {
            let mut shown = Vec::with_capacity(hits.len());
            for hit in hits {
                shown.push(turn_of(conn, hit).await?);
            }
            Ok(shown)
        });
        let mut shown: Vec<ShownHit> = shown.await?;
        let (home, hits) = (home.clone(), hits.to_vec());
        blocking(move || {
            for (shown, hit) in shown.iter_mut().zip(&hits) {
                let (path, compressed) = locate(&home, &hit.path, hit.file_id);
                // A rollout that is gone, or cannot be read, keeps no other from being shown.
                let text = read_passage(&path, compressed, hit.offset, hit.end).map_err(failed(&hit.path));
                let text = text.ok().flatten();
                shown.snippet = text.and_then(|(_, text)| Snippet::cut(&text, &terms));
            }
            Ok(shown)
        })
        .await
    }
}

async fn turn_of(conn: &mut SqliteConnection, hit: &Hit) -> Result<ShownHit, sqlx::Error> {
    let turn = sqlx::query(
        "SELECT start_offset, number, turn_id, started_at_ms FROM history_turns \
         WHERE file = ?1 AND start_offset <= ?2 ORDER BY start_offset DESC LIMIT 1",
    );
    let turn = turn.bind(hit.file).bind(int(hit.offset)).fetch_optional(&mut *conn).await?;
    let Some(turn) = turn else {
        return Ok(ShownHit { turn_number: None, turn_id: None, at: None, snippet: None });
    };
    let mut turn = RowReader::new(&turn);
    let (start, number): (i64, i64) = (turn.column()?, turn.column()?);
    let (turn_id, at) = (turn.column()?, turn.optional_time()?);
    let turn_number = match &parts(&mut *conn, hit.thread_id).await?[..] {
        [only] if only.is_plain() && only.file == hit.file => u64::try_from(number).ok(),
        _ => {
            let turns = ThreadTurns::load(conn, hit.thread_id).await?;
            turns.position(hit.file, start.unsigned_abs()).map(|position| position as u64 + 1)
        }
    };
    Ok(ShownHit { turn_number, turn_id, at, snippet: None })
}
