//! `cargo xtask bench list`: compares a page of 50 of 100,000 threads with one of 1,000 threads,
//! and measures opening.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use clap::Parser;
use jiff::Timestamp;
use threadkeep_state::{
    ListThreads, SortDirection, SortKey, StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert,
};
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Lists pages of a small and of a large index, and opens the large one.
#[derive(Parser)]
struct Args {
    /// The threads of the large index.
    #[arg(long, default_value_t = 100_000)]
    threads: usize,
    /// The threads of the small one: the limit.
    #[arg(long, default_value_t = 1_000)]
    small: usize,
    /// Number of measurements of each; the median is printed.
    #[arg(long, default_value_t = 301)]
    rounds: usize,
    /// Given by `cargo bench`, and of no meaning here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&args))
}

async fn run(args: &Args) -> Result<()> {
    let small = Index::make(args.small).await?;
    let large = Index::make(args.threads).await?;
    println!("a page of 50, median of {} calls\n", args.rounds);
    println!(
        "{:<36} {:>12} {:>12} {:>8}",
        "",
        format!("{} (µs)", args.small),
        format!("{} (µs)", args.threads),
        "ratio"
    );
    for (name, query) in queries() {
        print_row(name, small.time(&query, args.rounds).await?, large.time(&query, args.rounds).await?);
    }
    let (few, many) = (small.tenth_page().await?, large.tenth_page().await?);
    print_row(
        "updated, the tenth page",
        small.time(&few, args.rounds).await?,
        large.time(&many, args.rounds).await?,
    );

    let mut opened = Vec::new();
    for _ in 0..args.rounds.min(101) {
        let start = Instant::now();
        let state = StateRuntime::open(&StateOptions::new(large.folder.path())).await?;
        opened.push(start.elapsed());
        state.close().await?;
    }
    println!("\nopen the {} threads' StateRuntime: {:.2} ms", args.threads, micros(median(opened)) / 1e3);
    Ok(())
}

fn print_row(name: &str, few: Duration, many: Duration) {
    let (few, many) = (micros(few), micros(many));
    println!("{name:<36} {few:>12.0} {many:>12.0} {:>8.2}", many / few);
}

/// The lists that people ask for; the first page of each.
fn queries() -> Vec<(&'static str, ListThreads)> {
    let base = ListThreads { limit: Some(50), ..ListThreads::default() };
    let with = |change: fn(&mut ListThreads)| {
        let mut query = base.clone();
        change(&mut query);
        query
    };
    vec![
        ("updated, newest first", base.clone()),
        (
            "created, oldest first",
            with(|q| (q.sort, q.direction) = (Some(SortKey::Created), SortDirection::Ascending)),
        ),
        ("source", with(|q| q.source = Some("cli".to_owned()))),
        ("provider", with(|q| q.provider = Some("openai".to_owned()))),
        ("folder", with(|q| q.cwd = Some("/home/user/project-3".to_owned()))),
        ("search, common", with(|q| q.search = Some("parser".to_owned()))),
        ("search, one match", with(|q| q.search = Some("needle in the hay".to_owned()))),
    ]
}

struct Index {
    folder: tempfile::TempDir,
    state: StateRuntime,
}

impl Index {
    /// Threads as a heavy user has them: a few folders, sources and providers, titles of a line.
    async fn make(threads: usize) -> Result<Index> {
        let folder = tempfile::tempdir()?;
        let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
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
            let text =
                format!("Please have a look at {topic}{rare} and say what you would do about it ({n})");
            metadata.title = Some(text.clone());
            metadata.preview = Some(text.clone());
            metadata.first_user_message = Some(text);
            metadata.git_branch = Some("main".to_owned());
            let path = format!("sessions/2026/11/22/rollout-2026-11-22T13-00-00-{id}.jsonl");
            batch.push(ThreadUpsert::new(metadata, &path, false, "openai"));
            if batch.len() == 500 || n + 1 == threads {
                state.threads().upsert(&batch).await?;
                batch.clear();
            }
        }
        Ok(Index { folder, state })
    }

    /// The default list, from the cursor that nine full pages lead to.
    async fn tenth_page(&self) -> Result<ListThreads> {
        let mut query = ListThreads { limit: Some(50), ..ListThreads::default() };
        for _ in 1..10 {
            query.cursor = self.state.threads().list(&query).await?.next_cursor;
        }
        Ok(query)
    }

    async fn time(&self, query: &ListThreads, rounds: usize) -> Result<Duration> {
        let mut times = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start = Instant::now();
            std::hint::black_box(self.state.threads().list(query).await?);
            times.push(start.elapsed());
        }
        Ok(median(times))
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}
