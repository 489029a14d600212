//! `cargo xtask bench list`: compares a page of 50 of 100,000 threads with one of 1,000 threads,
//! and measures opening.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod common;
mod threads;

use std::time::Instant;

use common::{Args, Parser as _, Result, median, row};
use threadkeep_state::{ListThreads, SortDirection, SortKey, StateOptions, StateRuntime};
use threads::index;

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
    ("provider", 1, |list| list.providers = vec!["openai".to_owned()]),
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
