//! Makes a home of any size out of the bundled one: seeded, with fresh ids and times.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Share of rollouts that are longer than their original.
const LONG: f64 = 0.19;
/// Length of those in bytes: log-uniform between the two. With the rest, the average is 87 KB.
const LONG_BYTES: (f64, f64) = (40e3, 1e6);

/// A home that was made.
pub(crate) struct Made {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// One of its rollouts, to append to.
    pub(crate) some_file: PathBuf,
}

/// Makes a home of `files` rollouts in a folder, or measures an existing one.
pub(crate) fn make(home: &Path, files: usize, seed: u64) -> io::Result<Made> {
    let corpus = corpus(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/home/sessions")))?;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut made = Made { files, bytes: 0, some_file: PathBuf::new() };
    for n in 0..files {
        let (id, text) = &corpus[random.usize(..corpus.len())];
        // One thread every ten minutes, as a version 7 id says it.
        let ms = 1_767_225_600_000 + n as u64 * 600_000;
        let fresh = uuid::Builder::from_unix_timestamp_millis(
            ms,
            &random.u128(..).to_be_bytes()[..10].try_into().unwrap_or([0; 10]),
        )
        .into_uuid()
        .to_string();
        let time = jiff::Timestamp::from_millisecond(ms as i64).unwrap_or_default().to_string();
        let (date, clock) = time.trim_end_matches('Z').split_once('T').unwrap_or_default();
        let folder = home.join("sessions").join(date.replace('-', "/"));
        let file = folder.join(format!("rollout-{date}T{}-{fresh}.jsonl", clock.replace(':', "-")));
        let wanted = if random.f64() < LONG {
            (LONG_BYTES.0.ln() + random.f64() * (LONG_BYTES.1 / LONG_BYTES.0).ln()).exp() as usize
        } else {
            0
        };
        if !file.exists() {
            fs::create_dir_all(&folder)?;
            fs::write(&file, rollout(&text.replace(id, &fresh), date, wanted))?;
        }
        made.bytes += file.metadata()?.len();
        made.some_file = file;
    }
    Ok(made)
}

/// A rollout of at least `wanted` bytes: the session, and then its turns again and again, from the
/// day it was moved to.
fn rollout(text: &str, date: &str, wanted: usize) -> String {
    let text = text.replace("2026-11-22T", &format!("{date}T"));
    let turns = text.find('\n').map_or("", |first| &text[first + 1..]).to_owned();
    let mut text = text;
    while text.len() < wanted && !turns.is_empty() {
        for line in turns.split_inclusive('\n') {
            if text.len() >= wanted {
                break;
            }
            text.push_str(line);
        }
    }
    text
}

/// The bundled rollouts, each with its thread's id.
fn corpus(folder: &Path) -> io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(corpus(&path)?);
        } else if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
            let id = stem.get(stem.len().saturating_sub(36)..).unwrap_or_default().to_owned();
            found.push((id, fs::read_to_string(&path)?));
        }
    }
    found.sort();
    Ok(found)
}
