//! The rollouts of April 2025: one JSON document, `{"session":{…},"items":[…]}`, as the lines that
//! the next version wrote.

use std::fs::File;
use std::io::{self, Read};

use super::reader::MAX_LINE;
use crate::json;

/// Reads a document, and returns its header and its items, one a line. Any other content is
/// returned as it is, so that its lines are counted as bad.
pub(super) fn lines(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_LINE as u64).read_to_end(&mut bytes)?;
    let split = std::str::from_utf8(&bytes).ok().and_then(|text| {
        let [session, items] = json::fields(text, ["session", "items"]).ok()?;
        // A line break in JSON is white space: those of a string are escaped.
        let line = |json: &str| json.replace(['\n', '\r'], " ") + "\n";
        Some([session?].into_iter().chain(json::items(items)).map(line).collect::<String>())
    });
    Ok(split.map_or(bytes, String::into_bytes))
}
