//! Folders and files of a store.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::de::{DeserializeOwned, IgnoredAny};
use threadkeep_rollout::{ExtractError, Lines, MAX_LINE, SkippedLines, untouched};

use crate::error::StoreError;

/// Reason for a folder in place of a file.
pub(crate) const NOT_A_FILE: &str = "it is not a regular file";

/// Lists the folders in a folder, sorted; none of a folder that cannot be read.
pub(crate) fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder, untouched::Kind::Folder)
}

/// Lists the regular files in a folder, sorted; none of a folder that cannot be read.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder, untouched::Kind::File)
}

/// Lists the regular files of an extension (`jsonl`) in a folder, sorted.
pub(crate) fn files_with(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found
}

fn entries(folder: &Path, kind: untouched::Kind) -> Vec<PathBuf> {
    let listed = untouched::entries(folder).unwrap_or_default();
    let mut found: Vec<_> =
        listed.into_iter().filter(|entry| entry.kind == kind).map(|entry| folder.join(entry.name)).collect();
    found.sort();
    found
}

/// Returns a file's name without its extension; empty if it is not UTF-8.
pub(crate) fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}

/// Returns the name of a file or folder; empty if it is not UTF-8.
pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Gives each line of a file to `take`, in its order, with the byte where it starts. Stops when
/// `take` returns false. Returns the number of damaged lines, which are no JSON object. A line
/// whose fields have another form is not damaged.
///
/// A last line without a newline may not be finished.
pub(crate) fn each_line(
    path: &Path,
    take: impl FnMut(u64, &str) -> serde_json::Result<bool>,
) -> Result<u64, StoreError> {
    Ok(lines(path, take)?.count)
}

/// Place between two lines of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Byte after the last newline.
    pub(crate) offset: u64,
    /// Number of damaged lines that were passed.
    pub(crate) skipped: u64,
}

/// End of a reading.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// Number of damaged lines.
    pub(crate) skipped: u64,
    /// Number of bytes up to the last byte that was read, and their CRC-32.
    pub(crate) bytes: u64,
    pub(crate) checksum: u32,
}

/// Gives each line from a byte on to `take`, as [`each_line`], with the place before it. `before`
/// is the CRC-32 of the bytes before.
pub(crate) fn each_line_from(
    path: &Path,
    offset: u64,
    before: u32,
    mut take: impl FnMut(Place, u64, &str) -> serde_json::Result<bool>,
) -> Result<End, StoreError> {
    let mut lines = Lines::open_summing(path, offset, before).map_err(failed(path))?;
    loop {
        let before = Place { offset: lines.offset(), skipped: lines.skipped().count };
        let next = lines.next_with(|offset, json| goes_on(take(before, offset, json), json));
        if matches!(next.map_err(failed(path))?, None | Some(Ok(false))) {
            let (bytes, checksum) = lines.bytes_read().unwrap_or_default();
            return Ok(End { skipped: lines.skipped().count, bytes, checksum });
        }
    }
}

/// Looks for something in a file's lines. Gives each line to `take`, as [`each_line`], with what
/// was found before it.
///
/// # Errors
///
/// Also [`StoreError::Malformed`], if nothing was found and a line is damaged: it may have been in
/// that line.
pub(crate) fn find<T>(
    path: &Path,
    mut take: impl FnMut(&mut Option<T>, &str) -> serde_json::Result<bool>,
) -> Result<Option<T>, StoreError> {
    let mut found = None;
    let skipped = lines(path, |_, json| take(&mut found, json))?;
    match skipped.first.first() {
        Some(bad) if found.is_none() => Err(StoreError::malformed(path, bad.to_string())),
        _ => Ok(found),
    }
}

/// Returns true if one of a file's lines is the wanted one, up to which the file is read.
///
/// # Errors
///
/// As [`find`].
pub(crate) fn has(
    path: &Path,
    mut is_wanted: impl FnMut(&str) -> serde_json::Result<bool>,
) -> Result<bool, StoreError> {
    let found = find(path, |found, json| {
        *found = is_wanted(json)?.then_some(());
        Ok(found.is_none())
    });
    Ok(found?.is_some())
}

fn lines(
    path: &Path,
    mut take: impl FnMut(u64, &str) -> serde_json::Result<bool>,
) -> Result<SkippedLines, StoreError> {
    let mut lines = Lines::open(path, false).map_err(failed(path))?;
    while let Some(taken) =
        lines.next_with(|offset, json| goes_on(take(offset, json), json)).map_err(failed(path))?
    {
        if taken == Ok(false) {
            break;
        }
    }
    Ok(lines.skipped().clone())
}

fn failed(path: &Path) -> impl Fn(ExtractError) -> StoreError {
    move |error| match error {
        ExtractError::Io(source) => StoreError::Io { path: path.to_owned(), source },
        other => StoreError::malformed(path, other),
    }
}

/// Returns the answer of `take` to a line; `None` if the line is damaged.
fn goes_on(taken: serde_json::Result<bool>, json: &str) -> Option<bool> {
    match taken {
        Ok(goes_on) => Some(goes_on),
        // The parser stops at the first field that has another form.
        Err(error) if error.is_data() && serde_json::from_str::<IgnoredAny>(json).is_ok() => Some(true),
        Err(_) => None,
    }
}

/// Reads a JSON document; `None` if there is no such file.
pub(crate) fn document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(bytes) = contents(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| StoreError::malformed(path, error))
}

/// Reads a file of at most [`MAX_LINE`] bytes; `None` if there is no such file.
pub(crate) fn contents(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let limit = MAX_LINE as u64;
    let file = match untouched::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path)(error)),
    };
    let metadata = file.metadata().map_err(StoreError::io(path))?;
    if !metadata.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, NOT_A_FILE);
        return Err(StoreError::io(path)(error));
    }
    let bytes = metadata.len();
    if bytes > limit {
        return Err(StoreError::TooLarge { path: path.to_owned(), bytes, limit });
    }
    // Without the length, the standard library would read 32 bytes at first, and then twice as many
    // each time.
    let mut contents = Vec::with_capacity(bytes as usize);
    file.take(limit).read_to_end(&mut contents).map_err(StoreError::io(path))?;
    Ok(Some(contents))
}

/// Returns the lines of a file that a function wants, as they are.
pub(crate) fn lines_with(path: &Path, wants: impl Fn(&str) -> bool) -> Result<Vec<u8>, StoreError> {
    let mut lines = Vec::new();
    each_line(path, |_, json| {
        if wants(json) {
            lines.extend_from_slice(json.as_bytes());
            lines.push(b'\n');
        }
        Ok(true)
    })?;
    Ok(lines)
}
