//! `cargo xtask bench history`: indexes a home of many rollouts, compares that with counting their
//! newlines, and searches it, next to ripgrep if it is installed.
//!
//! Every measurement of an index run is a process of its own, and so is its peak memory. The page
//! cache is warm in all of them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

#[path = "../../benches/common/mod.rs"]
mod common;
#[path = "../../benches/home/mod.rs"]
mod home;
#[path = "../../benches/common/passes.rs"]
mod passes;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
use passes::{child, count_newlines, peak_kib};
use threadkeep_history::{
    AgentHome, HistoryStore, ItemsView, OpenOptions, Said, SearchQuery, TurnsQuery, UsageQuery,
};
use threadkeep_rollout::Projector;

/// Searches of which the percentiles are taken.
const SEARCHES: usize = 400;
/// Hits that are shown of each.
const SHOWN: usize = 10;
/// Words of which ripgrep finds the files.
const GREPPED: usize = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let args = Args::parse();
    if let [role, home, sqlite_home] = &args.child[..] {
        return measure(role, Path::new(home), Path::new(sqlite_home)).await;
    }
    let (files, rounds) = (args.size.unwrap_or(10_000), args.rounds.unwrap_or(3));
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let (bytes, some_file) = home::make(&home, files)?;
    println!("{files} rollouts, {:.0} MB\n", bytes as f64 / 1e6);

    child("count", &home, folder.path())?;
    let mut measured: [Vec<(f64, f64)>; 4] = Default::default();
    let sqlite_home = folder.path().join("sqlite");
    for _ in 0..rounds {
        _ = std::fs::remove_dir_all(&sqlite_home);
        std::fs::create_dir(&sqlite_home)?;
        measured[0].push(child("count", &home, &sqlite_home)?);
        measured[1].push(child("index", &home, &sqlite_home)?);
        measured[2].push(child("index", &home, &sqlite_home)?);
        append_a_line(&some_file)?;
        measured[3].push(child("index", &home, &sqlite_home)?);
    }
    let medians = measured.map(median);
    row("", ["ms", "ratio", "peak MiB"]);
    let names = ["count newlines (limit)", "first indexing", "nothing changed", "one file appended"];
    for (name, (seconds, peak_kib)) in names.into_iter().zip(medians) {
        let figures = [seconds * 1e3, seconds / medians[0].0, peak_kib / 1024.0];
        row(name, figures.map(|figure| format!("{figure:.1}")));
    }
    let home = AgentHome::open(&home)?;
    let history = HistoryStore::new(&sqlite_home, &OpenOptions::new());
    let (text, words) = text_of(&home)?;
    let size = std::fs::metadata(history.database().path())?.len() as f64;
    println!(
        "\nindexed text {:.1} MB, database {:.1} MB: {:.1} %",
        text / 1e6,
        size / 1e6,
        size * 100.0 / text
    );
    search(&history, &home, words).await?;
    add_up(&history).await?;
    delete(&history, &home).await?;
    history.close().await?;
    page(folder.path()).await
}

/// Searches for random words, pairs, phrases and beginnings, shows the best hits, and compares the
/// first words with ripgrep.
async fn search(history: &HistoryStore, home: &AgentHome, words: Vec<String>) -> Result {
    let (mut plain, mut shown, mut slowest) = (Vec::new(), Vec::new(), (0.0, String::new()));
    for text in &words {
        let query = SearchQuery::new(text);
        let begun = Instant::now();
        let page = history.search(&query).await?;
        let elapsed = begun.elapsed().as_secs_f64() * 1e3;
        if elapsed > slowest.0 {
            slowest = (elapsed, text.clone());
        }
        plain.push(elapsed);
        let hits: Vec<_> = page.threads.iter().map(|thread| thread.hits[0].clone()).take(SHOWN).collect();
        std::hint::black_box(history.show(home, &query, &hits).await?);
        shown.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    println!();
    row("ms", ["p50", "p99", "max"]);
    for (name, mut times) in [("search", plain), ("search, 10 hits shown", shown.clone())] {
        times.sort_by(f64::total_cmp);
        let last = times.len() - 1;
        row(name, [times[last / 2], times[last * 99 / 100], times[last]].map(|ms| format!("{ms:.2}")));
    }
    println!("slowest: {:?}", slowest.1);
    let (mut ours, mut theirs) = (0.0, 0.0);
    for (text, ms) in words.iter().zip(shown).filter(|(text, _)| !text.contains([' ', '"'])).take(GREPPED) {
        let begun = Instant::now();
        let mut command = Command::new("rg");
        command.args(["-l", "-i", "-F", text]).arg(home.root()).stdout(Stdio::null());
        if command.status().is_err() {
            println!("ripgrep is not installed");
            return Ok(());
        }
        (ours, theirs) = (ours + ms, theirs + begun.elapsed().as_secs_f64() * 1e3);
    }
    println!("rg -l: {:.0} ms a word, {:.0} times as long", theirs / GREPPED as f64, theirs / ours);
    Ok(())
}

async fn add_up(history: &HistoryStore) -> Result {
    let queries = [
        ("usage by day", UsageQuery { by_day: true, ..UsageQuery::default() }),
        ("usage by day and model", UsageQuery { by_day: true, by_model: true, ..UsageQuery::default() }),
        ("usage by thread", UsageQuery { by_thread: true, ..UsageQuery::default() }),
    ];
    for (name, query) in queries {
        let mut times = Vec::new();
        for _ in 0..9 {
            let begun = Instant::now();
            std::hint::black_box(history.usage(&query).await?);
            times.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        println!("{name}: {:.1} ms", median(times));
    }
    Ok(())
}

/// Deletes threads, one after the other.
async fn delete(history: &HistoryStore, home: &AgentHome) -> Result {
    let threads = history.deleted_threads();
    let mut times = Vec::new();
    for name in home.discover().files.into_iter().filter_map(|file| file.name).step_by(97).take(5) {
        let begun = Instant::now();
        threads.erase(name.thread_id, jiff::Timestamp::UNIX_EPOCH).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    println!("a thread deleted: {:.0} ms", median(times));
    Ok(())
}

/// Reads 20 turns from the middle of a rollout of 100 MB.
async fn page(folder: &Path) -> Result {
    let (place, sqlite_home) = (folder.join("large"), folder.join("large-sqlite"));
    let path = place
        .join("sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl");
    std::fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
    std::fs::create_dir_all(&sqlite_home)?;
    let mut text = String::new();
    let line = |kind: &str, payload: &str| {
        format!("{{\"timestamp\":\"2026-11-22T13:23:16.000Z\",\"type\":\"{kind}\",\"payload\":{payload}}}\n")
    };
    text += &line("session_meta", r#"{"id":"01a2036c-de71-77f1-a9e3-3c28701bba61"}"#);
    let output = "an output of a command\\n".repeat(400);
    let mut number = 0;
    while text.len() < 100_000_000 {
        number += 1;
        text += &line("event_msg", &format!(r#"{{"type":"task_started","turn_id":"{number}"}}"#));
        text += &line("event_msg", &format!(r#"{{"type":"user_message","message":"Do number {number}"}}"#));
        for call in 0..4 {
            let call = format!(r#""call_id":"{number}-{call}""#);
            let made = format!(r#"{{"type":"function_call",{call},"name":"shell","arguments":"{{}}"}}"#);
            let answered = format!(r#"{{"type":"function_call_output",{call},"output":"{output}"}}"#);
            text += &(line("response_item", &made) + &line("response_item", &answered));
        }
        text += &line("event_msg", r#"{"type":"agent_message","message":"It is done"}"#);
        text += &line("event_msg", &format!(r#"{{"type":"task_complete","turn_id":"{number}"}}"#));
    }
    std::fs::write(&path, text)?;
    let home = AgentHome::open(&place)?;
    let history = HistoryStore::new(&sqlite_home, &OpenOptions::new());
    history.ports(&home).await?.engine().run(|_| ()).await?;
    let thread = "01a2036c-de71-77f1-a9e3-3c28701bba61".parse()?;
    let middle = TurnsQuery { from: number / 2, limit: 20, ..TurnsQuery::default() };
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        let turns = history.turns(&home, thread, &middle).await?;
        let read = history.read_turns(&home, &turns.turns, ItemsView::Full).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        if read.iter().flatten().map(|turn| turn.items.len()).sum::<usize>() != 20 * 6 {
            return Err("a page lacks items".into());
        }
    }
    println!("20 turns from the middle of {number} in 100 MB: {:.1} ms", median(times));
    Ok(history.close().await?)
}

/// Returns the bytes of the text that can be searched, and texts to search for.
fn text_of(home: &AgentHome) -> Result<(f64, Vec<String>)> {
    let (mut bytes, mut texts) = (0, Vec::new());
    let mut random = fastrand::Rng::with_seed(1);
    let mut projector = Projector::of_home(home);
    for file in home.discover().files {
        let path = home.absolute(&file.path);
        let projection = projector.project(&path, file.compressed, file.name.as_ref(), None)?;
        for passage in projection.passages {
            bytes += passage.text.len();
            if passage.said == Said::Tool && random.u8(..4) > 0 || random.u16(..300) > 0 {
                continue;
            }
            let is_word = |word: &&str| word.chars().all(char::is_alphanumeric);
            let words: Vec<&str> = passage.text.split_whitespace().filter(is_word).collect();
            let Some(at) = words.len().checked_sub(3).map(|most| random.usize(..=most)) else { continue };
            let other = words[random.usize(..words.len())];
            texts.push(match random.u8(..4) {
                0 => words[at].to_owned(),
                1 => format!("{} {other}", words[at]),
                2 => format!("\"{} {}\"", words[at], words[at + 1]),
                _ => words[at].chars().take(4).collect(),
            });
        }
    }
    random.shuffle(&mut texts);
    texts.truncate(SEARCHES);
    Ok((bytes as f64, texts))
}

async fn measure(role: &str, home: &Path, sqlite_home: &Path) -> Result {
    let begun = Instant::now();
    if role == "count" {
        std::hint::black_box(count_newlines(home)?);
    } else {
        let home = AgentHome::open(home)?;
        let history = HistoryStore::new(sqlite_home, &OpenOptions::new());
        let report = history.ports(&home).await?.engine().run(|_| ()).await?;
        history.close().await?;
        eprintln!("  {} indexed, {} unchanged, {} failed", report.indexed, report.unchanged, report.failed);
    }
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_kib());
    Ok(())
}

fn append_a_line(file: &Path) -> Result {
    let line = br#"{"timestamp":"2026-11-22T14:00:00.000Z","type":"event_msg","payload":{"type":"agent_message","message":"one more"}}"#;
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    file.write_all(line)?;
    Ok(file.write_all(b"\n")?)
}
