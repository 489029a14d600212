//! `cargo xtask bench list`: compares a page of 50 of 100,000 threads with one of 1,000 threads,
//! and measures opening.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod common;

use std::path::Path;
use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
use jiff::Timestamp;
use threadkeep_state::{
    ListThreads, SortDirection, SortKey, StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert,
};
use uuid::Uuid;

/// Threads of the small index: the limit.
const SMALL: usize = 1_000;

/// Name, number of the page, and filters.
type List = (&'static str, usize, fn(&mut ListThreads));

/// Lists that people ask for.
const LISTS: [List; 8] = [
    ("updated, newest first", 1, |_| ()),
    ("created, oldest first", 1, |list| {
        (list.sort, list.direction) = (Some(SortKey::Created), SortDirection::Ascending);
    }),
    ("source", 1, |list| list.sources = vec!["cli".into()]),
    ("provider", 1, |list| list.provider = Some("openai".to_owned())),
    ("folder", 1, |list| list.folders = Some(vec!["/home/user/project-3".to_owned()])),
    ("search, common", 1, |list| list.search = Some("parser".to_owned())),
    ("search, one match", 1, |list| list.search = Some("needle in the hay".to_owned())),
    ("updated, the tenth page", 10, |_| ()),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let args = Args::parse();
    let (threads, rounds) = (args.size.unwrap_or(100_000), args.rounds.unwrap_or(301));
    let (few, many) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let indexes = [index(few.path(), SMALL).await?, index(many.path(), threads).await?];
    println!("a page of 50, median of {rounds} calls\n");
    row("", [format!("{SMALL} (µs)"), format!("{threads} (µs)"), "ratio".to_owned()]);
    for (name, page, change) in LISTS {
        let mut medians = Vec::new();
        for state in &indexes {
            let mut list = ListThreads { limit: Some(50), ..ListThreads::default() };
            change(&mut list);
            for _ in 1..page {
                list.cursor = state.threads().list(&list).await?.next_cursor;
            }
            let mut times = Vec::new();
            for _ in 0..rounds {
                let begun = Instant::now();
                std::hint::black_box(state.threads().list(&list).await?);
                times.push(begun.elapsed());
            }
            medians.push(median(times).as_secs_f64() * 1e6);
        }
        let ratio = format!("{:.2}", medians[1] / medians[0]);
        row(name, [format!("{:.0}", medians[0]), format!("{:.0}", medians[1]), ratio]);
    }

    let mut opened = Vec::new();
    for _ in 0..rounds.min(101) {
        let begun = Instant::now();
        let state = StateRuntime::open(&StateOptions::new(many.path())).await?;
        opened.push(begun.elapsed());
        state.close().await?;
    }
    let opened = median(opened).as_secs_f64() * 1e3;
    println!("\nopen the {threads} threads' StateRuntime: {opened:.2} ms");
    Ok(())
}

/// Indexes threads as a heavy user has them: a few folders, sources, providers, short titles.
async fn index(folder: &Path, threads: usize) -> Result<StateRuntime> {
    let state = StateRuntime::open(&StateOptions::new(folder)).await?;
    let mut random = fastrand::Rng::with_seed(1);
    let mut batch = Vec::new();
    for n in 0..threads {
        let ms = 1_780_000_000_000_i64 + n as i64 * 600;
        let id = Uuid::from_u128(0x01a2_036c_0000_7000_8000_0000_0000_0000 + n as u128);
        let mut metadata = ThreadMetadata::new(id);
        metadata.created_at = Some(Timestamp::from_millisecond(ms)?);
        metadata.updated_at = Some(Timestamp::from_millisecond(ms + random.i64(0..86_400_000))?);
        metadata.cwd = Some(format!("/home/user/project-{}", n % 20));
        metadata.source = Some(if n % 3 == 0 { "exec" } else { "cli" }.to_owned());
        metadata.model_provider = Some(if n % 5 == 0 { "azure" } else { "openai" }.to_owned());
        let topic = ["the parser", "a flaky test", "the release notes", "an index"][n % 4];
        let rare = if n == threads / 2 { ", a needle in the haystack" } else { "" };
        let text = format!("Please have a look at {topic}{rare} and say what you would do about it ({n})");
        metadata.title = Some(text.clone());
        metadata.first_user_message = Some(text);
        metadata.git_branch = Some("main".to_owned());
        let path = format!("sessions/2026/11/22/rollout-2026-11-22T13-00-00-{id}.jsonl");
        batch.push(ThreadUpsert::new(metadata, &path, false, "openai"));
        if batch.len() == 500 || n + 1 == threads {
            state.threads().upsert(&batch).await?;
            batch.clear();
        }
    }
    Ok(state)
}
