//! Places of passages, and their words in the full-text index.
//!
//! Passages have consecutive numbers, the rows of `history_words`. A block is a run of up to 64 of
//! them from one file, and its places are one value: a row for each passage would take as much
//! space as the words of a short one.

use sqlx::SqliteConnection;
use threadkeep_rollout::Said;
use threadkeep_sqlite::RowReader;

/// The most passages of a block.
pub(crate) const MOST: usize = 64;
/// Place of a passage in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) said: Said,
    pub(crate) offset: u64,
    pub(crate) end: u64,
}

/// Removes a file's passages at and after a byte.
pub(crate) async fn remove_passages(
    conn: &mut SqliteConnection,
    file: i64,
    from: u64,
) -> Result<(), sqlx::Error> {
    let blocks = sqlx::query("SELECT first_id, places FROM history_blocks WHERE file = ?1");
    let blocks = blocks.bind(file).fetch_all(&mut *conn).await?;
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
    }
    Ok(())
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
pub(crate) fn encode(places: &[Place]) -> Vec<u8> {
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

/// Returns the bytes of a text in hexadecimal.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    text.as_bytes().chunks_exact(2).map_while(byte).collect()
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
        let hex: String = encode(&places).iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(unhex(&hex), encode(&places));
        assert_eq!(decode(&encode(&places)[..6]), places[..2], "a torn value keeps what is whole");
    }
}
