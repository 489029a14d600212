//! Places of passages, and their words in the full-text index.
//!
//! Passages have consecutive numbers, the rows of `history_words`. A block is a run of up to 64 of
//! them from one file, and its places are one value: a row for each passage would take as much space
//! as the words of a short one.

use sqlx::{AssertSqlSafe, SqliteConnection};
use threadkeep_rollout::Said;
use threadkeep_sqlite::{MOST_ROWS, RowReader, value_columns, values_of};

/// The most passages of a block.
const MOST: usize = 64;
/// Number of the first passage of all. Older ones have higher numbers, newer ones lower ones: a first
/// pass goes from the newest to the oldest, and rows that are appended fill their pages.
const FIRST: i64 = 1 << 27;

/// Place of a passage in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) said: Said,
    pub(crate) offset: u64,
    pub(crate) end: u64,
}

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

/// Removes a file's passages at and after a byte. Returns true if there were any.
pub(crate) async fn remove_passages(
    conn: &mut SqliteConnection,
    file: i64,
    from: u64,
) -> Result<bool, sqlx::Error> {
    let blocks = sqlx::query("SELECT first_id, places FROM history_blocks WHERE file = ?1");
    let blocks = blocks.bind(file).fetch_all(&mut *conn).await?;
    let mut removed = false;
    for row in &blocks {
        let mut row = RowReader::new(row);
        let (first, places): (i64, &[u8]) = (row.column()?, row.column()?);
        let places = decode(places);
        let kept = places.partition_point(|place| place.offset < from);
        if kept == places.len() {
            continue;
        }
        let words = sqlx::query("DELETE FROM history_words WHERE rowid BETWEEN ?1 AND ?2");
        let ends = [kept, places.len()].map(|count| first + i64::try_from(count).unwrap_or(0));
        words.bind(ends[0]).bind(ends[1] - 1).execute(&mut *conn).await?;
        let block = if kept == 0 {
            sqlx::query("DELETE FROM history_blocks WHERE first_id = ?1").bind(first)
        } else {
            let cut = sqlx::query("UPDATE history_blocks SET places = ?2 WHERE first_id = ?1");
            cut.bind(first).bind(encode(&places[..kept]))
        };
        block.execute(&mut *conn).await?;
        removed = true;
    }
    Ok(removed)
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

/// Returns the number of a speaker.
fn number_of(said: Said) -> u64 {
    match said {
        Said::User => 2,
        Said::Agent => 1,
        // A speaker of a later version counts as little as a tool.
        _ => 0,
    }
}

fn said(number: u64) -> Said {
    match number {
        2 => Said::User,
        1 => Said::Agent,
        _ => Said::Tool,
    }
}

/// Encodes places in their order: for each the bytes since the end of the one before with the
/// speaker, and its length.
fn encode(places: &[Place]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len() * 5);
    let mut at = 0;
    for place in places {
        let since = place.offset.saturating_sub(at);
        push(&mut bytes, since << 2 | number_of(place.said));
        push(&mut bytes, place.end.saturating_sub(place.offset));
        at = place.end;
    }
    bytes
}

/// Decodes places. What cannot be decoded is left out.
pub(crate) fn decode(mut bytes: &[u8]) -> Vec<Place> {
    let (mut places, mut at) = (Vec::with_capacity(MOST), 0_u64);
    while let (Some(since), Some(length)) = (take(&mut bytes), take(&mut bytes)) {
        let offset = at.saturating_add(since >> 2);
        let end = offset.saturating_add(length);
        places.push(Place { said: said(since & 3), offset, end });
        at = end;
    }
    places
}

/// Adds a number, seven bits a byte, the lowest first.
fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive() {
        let place = |said, offset, end| Place { said, offset, end };
        let places = [
            place(Said::User, 0, 1),
            place(Said::Tool, 1, 300),
            place(Said::Agent, 70_000, 70_001),
            place(Said::Tool, 1 << 50, (1 << 50) + 9),
        ];
        assert_eq!(decode(&encode(&places)), places);
        assert_eq!(decode(&encode(&places)[..6]), places[..2], "a torn value keeps what is whole");
    }
}
