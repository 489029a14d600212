//! Stores the passages of a batch.

use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_sqlite::{MOST_ROWS, RowReader, value_columns, values_of};

use crate::passages::{MOST, Place, decode, encode};

/// Number of the first passage of all. Older ones have higher numbers, newer ones lower ones: a
/// first pass goes from the newest to the oldest, and rows that are appended fill their pages.
const FIRST: i64 = 1 << 27;

/// Passage to store.
#[derive(Debug)]
pub(crate) struct NewPassage {
    pub(crate) place: Place,
    /// Its words, each after a space but the first.
    pub(crate) words: String,
}

/// Passages of a batch that wait to be stored, of one file after the other, the oldest first.
#[derive(Default)]
pub(crate) struct Pending {
    /// Of files that are older than all that are stored.
    pub(crate) older: Vec<(i64, Vec<NewPassage>)>,
    /// Of all others.
    pub(crate) newer: Vec<(i64, Vec<NewPassage>)>,
}

/// Stores the passages of a batch, in the order of their numbers: FTS5 writes a segment whenever a
/// number is lower than the one before.
pub(crate) async fn store_passages(conn: &mut SqliteConnection, pending: Pending) -> Result<(), sqlx::Error> {
    let Pending { older, newer } = pending;
    let (lowest, next) = bounds(conn).await?;
    let newer_count: usize = newer.iter().map(|(_, passages)| passages.len()).sum();
    let starts = [(lowest - i64::try_from(newer_count).unwrap_or(0), newer), (next, older)];
    for (mut id, files) in starts {
        let mut blocks = Vec::new();
        let mut rows = Vec::with_capacity(MOST_ROWS);
        for (file, passages) in files.into_iter().rev() {
            let mut passages = passages.into_iter().peekable();
            while passages.peek().is_some() {
                let (first, mut places) = (id, Vec::with_capacity(MOST));
                for passage in passages.by_ref().take(MOST) {
                    places.push(passage.place);
                    rows.push((id, passage.words));
                    id += 1;
                    if rows.len() == MOST_ROWS {
                        store_words(conn, &mut rows).await?;
                    }
                }
                blocks.push((first, file, encode(&places)));
            }
        }
        store_words(conn, &mut rows).await?;
        store_blocks(conn, blocks).await?;
    }
    Ok(())
}

/// Returns the lowest number of a passage, and the one after the highest.
async fn bounds(conn: &mut SqliteConnection) -> Result<(i64, i64), sqlx::Error> {
    let ends = sqlx::query(
        "SELECT (SELECT min(first_id) FROM history_blocks), first_id, places FROM history_blocks \
         ORDER BY first_id DESC LIMIT 1",
    );
    let Some(row) = ends.fetch_optional(conn).await? else { return Ok((FIRST, FIRST)) };
    let mut row = RowReader::new(&row);
    let (lowest, last, places): (_, i64, &[u8]) = (row.column()?, row.column()?, row.column()?);
    Ok((lowest, last + i64::try_from(decode(places).len()).unwrap_or(0)))
}

async fn store_words(conn: &mut SqliteConnection, rows: &mut Vec<(i64, String)>) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut query = sqlx::query(AssertSqlSafe(words_sql(rows.len())));
    for (id, words) in rows.drain(..) {
        query = query.bind(id).bind(words);
    }
    query.execute(conn).await.map(drop)
}

async fn store_blocks(
    conn: &mut SqliteConnection,
    blocks: Vec<(i64, i64, Vec<u8>)>,
) -> Result<(), sqlx::Error> {
    let mut blocks = blocks.into_iter();
    while blocks.len() > 0 {
        let mut query = sqlx::query(AssertSqlSafe(blocks_sql(blocks.len().min(MOST_ROWS))));
        for (first_id, file, places) in blocks.by_ref().take(MOST_ROWS) {
            query = query.bind(first_id).bind(file).bind(places);
        }
        query.execute(&mut *conn).await?;
    }
    Ok(())
}

/// Makes the statement that stores the words of so many passages.
pub(crate) fn words_sql(rows: usize) -> String {
    format!(
        "INSERT INTO history_words (rowid, words) SELECT {} FROM ({}) WHERE column1 IS NOT NULL",
        value_columns(2),
        values_of(rows, 2)
    )
}

/// Makes the statement that stores so many blocks.
pub(crate) fn blocks_sql(rows: usize) -> String {
    format!(
        "INSERT INTO history_blocks (first_id, file, places) SELECT {} FROM ({}) WHERE column1 IS NOT NULL",
        value_columns(3),
        values_of(rows, 3)
    )
}
