//! Makes a home of any size out of the bundled one: seeded, with fresh ids and times.

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_rollout::AgentHome;

use super::common::Result;

/// Share of rollouts that are longer than their original.
const LONG: f64 = 0.19;
/// Length of those in bytes: log-uniform between the two. With the rest, the average is 87 KB.
const LONG_BYTES: (f64, f64) = (40e3, 1e6);

/// Makes a home of `files` rollouts. Returns their bytes, and one of them.
pub(crate) fn make(home: &Path, files: usize) -> Result<(u64, PathBuf)> {
    // The crate of the bench may be any of the workspace.
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let example = folders.find_map(|folder| Some(folder.join("examples/home")).filter(|home| home.is_dir()));
    let bundled = AgentHome::open(example.ok_or("there is no bundled home")?)?;
    let mut corpus = Vec::new();
    for file in bundled.discover().files {
        let id = file.name.ok_or("a bundled rollout has no id")?.thread_id.to_string();
        corpus.push((id, fs::read_to_string(bundled.absolute(&file.path))?));
    }
    corpus.sort();
    let mut random = fastrand::Rng::with_seed(1);
    let (mut bytes, mut file) = (0, PathBuf::new());
    for n in 0..files {
        let (id, text) = &corpus[random.usize(..corpus.len())];
        // One thread every ten minutes, as a version 7 id says it.
        let ms = 1_767_225_600_000 + n as u64 * 600_000;
        let noise = random.u128(..).to_be_bytes()[..10].try_into()?;
        let fresh = uuid::Builder::from_unix_timestamp_millis(ms, &noise).into_uuid().to_string();
        let time = jiff::Timestamp::from_millisecond(ms as i64)?;
        let date = time.strftime("%F").to_string();
        let folder = home.join("sessions").join(date.replace('-', "/"));
        file = folder.join(format!("rollout-{}-{fresh}.jsonl", time.strftime("%FT%H-%M-%S")));
        let (from, to) = LONG_BYTES;
        let is_long = random.f64() < LONG;
        let wanted = if is_long { from * (to / from).powf(random.f64()) } else { 0.0 };
        let text = rollout(&text.replace(id, &fresh), &date, wanted as usize);
        bytes += text.len() as u64;
        fs::create_dir_all(&folder)?;
        fs::write(&file, text)?;
    }
    Ok((bytes, file))
}

/// Makes a rollout of at least `wanted` bytes: the session, and then its turns again and again,
/// from the day it was moved to.
fn rollout(text: &str, date: &str, wanted: usize) -> String {
    let mut text = text.replace("2026-11-22T", &format!("{date}T"));
    let turns: Vec<String> = text.split_inclusive('\n').skip(1).map(str::to_owned).collect();
    let mut turns = turns.iter().cycle();
    while text.len() < wanted
        && let Some(line) = turns.next()
    {
        text.push_str(line);
    }
    text
}
