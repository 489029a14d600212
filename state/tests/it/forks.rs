//! Homes of forks of forks: whatever happens to their files, the index is as a new one would be.

use std::fs;

use fastrand::Rng;
use threadkeep_state::{FileProblem, Thread};
use uuid::Uuid;

use crate::common::{Fixture, Result, id};

/// Line of a rollout, without its time.
#[derive(Clone)]
struct Line {
    line_type: &'static str,
    payload: String,
}

/// File of a home. It need not be there, or not all of it.
struct File {
    thread: Uuid,
    /// Id that other files name.
    id: Uuid,
    name: String,
    archived: bool,
    /// Lines with their times in seconds.
    lines: Vec<(u32, Line)>,
    /// Lines of the files that it builds on, as far as they count.
    inherited: Vec<Line>,
    /// File that it builds on, and the number of its lines that count.
    base: Option<(usize, usize)>,
    /// Number of lines that another file has copied: an agent copies lines that are there.
    least: usize,
    /// Number of lines that are there; `None` if the file is not.
    there: Option<usize>,
}

impl File {
    /// Returns the history up to a line.
    fn history(&self, end: usize) -> Vec<Line> {
        let own = self.lines[1..end].iter().map(|(_, line)| line.clone());
        self.inherited.iter().cloned().chain(own).collect()
    }

    fn text(&self, end: usize) -> String {
        let line = |(second, Line { line_type, payload }): &(u32, Line)| {
            let (minute, second) = (second / 60, second % 60);
            format!(
                "{{\"timestamp\":\"2026-11-22T10:{minute:02}:{second:02}.000Z\",\"type\":\"{line_type}\",\
                 \"payload\":{{{payload}}}}}\n"
            )
        };
        self.lines[..end].iter().map(line).collect()
    }

    fn path(&self) -> String {
        let folder = if self.archived { "archived_sessions" } else { "sessions/2026/11/22" };
        format!("{folder}/{}", self.name)
    }
}

/// A home, and everything that may be in it.
struct Home {
    rng: Rng,
    files: Vec<File>,
    /// True if turns have ids.
    has_ids: bool,
    second: u32,
    words: u32,
}

impl Home {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let has_ids = rng.bool();
        let mut home = Self { rng, files: Vec::new(), has_ids, second: 0, words: 0 };
        for number in 0..home.rng.u128(3..8) {
            home.add(id(number + 1));
        }
        home
    }

    /// Adds a file: a thread of its own, a part of one, or a fork.
    fn add(&mut self, new: Uuid) {
        self.second += 10;
        let source = (!self.files.is_empty()).then(|| self.rng.usize(..self.files.len()));
        let kind = if source.is_some() { self.rng.u8(..8) } else { 0 };
        let (mut thread, mut more, mut inherited, mut copied) = (new, String::new(), Vec::new(), Vec::new());
        let (mut segment, mut builds_on) = (String::new(), None);
        if let Some(place) = source.filter(|_| kind > 0) {
            let source = &self.files[place];
            let end = self.rng.usize(1..=source.lines.len());
            let base = format!(
                ",\"history_base\":{{\"thread_id\":\"{}\",\"end_byte_offset\":{}}}",
                source.id,
                source.text(end).len()
            );
            let forked = format!(",\"forked_from_id\":\"{}\"", source.thread);
            match kind {
                1 => (thread, segment, more) = (source.thread, format!("_{new}"), base),
                2 | 3 => more = forked + &base,
                _ => more = forked,
            }
            if kind < 4 {
                inherited = source.history(end);
                builds_on = Some((place, end));
            } else {
                copied.push(source.lines[0].1.clone());
                copied.extend(source.history(end));
                let mut next = Some((place, end));
                while let Some((place, end)) = next {
                    self.files[place].least = self.files[place].least.max(end);
                    next = self.files[place].base;
                }
            }
        }
        let header = format!(
            "\"id\":\"{thread}\",\"timestamp\":\"2026-11-22T10:{:02}:{:02}.000Z\",\"cwd\":\"/w\",\"source\":\"cli\"{more}",
            self.second / 60,
            self.second % 60
        );
        let second = self.second;
        let header = Line { line_type: "session_meta", payload: header };
        let lines = [header].into_iter().chain(copied).map(|line| (second, line)).collect();
        let name =
            format!("rollout-2026-11-22T10-{:02}-{:02}-{thread}{segment}.jsonl", second / 60, second % 60);
        let mut file = File {
            thread,
            id: new,
            name,
            archived: false,
            lines,
            inherited,
            base: builds_on,
            least: 1,
            there: None,
        };
        for _ in 0..self.rng.u8(..3) {
            self.say(&mut file);
        }
        self.files.push(file);
    }

    /// Adds a turn.
    fn say(&mut self, file: &mut File) {
        self.second += 3;
        self.words += 1;
        let words = self.words;
        // Each turn uses 10 tokens. A counter goes on in forks.
        let is_count = |line: &Line| line.payload.contains("token_count");
        let turns = file.history(file.lines.len()).into_iter().filter(is_count).count() + 1;
        let id = self.has_ids.then(|| format!("\"type\":\"task_started\",\"turn_id\":\"t{words}\""));
        let payloads = id.into_iter().chain([
            format!("\"type\":\"user_message\",\"message\":\"words {words}\""),
            format!(
                "\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{{\"total_tokens\":{}}}}}",
                10 * turns
            ),
        ]);
        let line = |payload| (self.second, Line { line_type: "event_msg", payload });
        file.lines.extend(payloads.map(line));
    }

    /// Changes the files that are there: they come, grow, move and go.
    fn change(&mut self, fixture: &Fixture) -> Result {
        let some = self.rng.usize(1..4);
        for place in self.rng.choose_multiple(0..self.files.len(), some) {
            let (grows, moves) = (self.rng.bool(), self.rng.u8(..4) == 0);
            let file = &mut self.files[place];
            let path = fixture.path(&file.path());
            let (least, all) = (file.least, file.lines.len());
            match file.there {
                Some(_) if moves => {
                    file.archived = !file.archived;
                    fs::rename(path, fixture.path(&file.path()))?;
                    continue;
                }
                Some(lines) if grows && lines < all => file.there = Some(self.rng.usize(lines + 1..=all)),
                Some(_) => {
                    file.there = None;
                    fs::remove_file(path)?;
                    continue;
                }
                None if grows => file.there = Some(self.rng.usize(least..=all)),
                None => file.there = Some(all),
            }
            fs::write(path, file.text(file.there.unwrap_or_default()))?;
        }
        Ok(())
    }
}

async fn indexed(fixture: &Fixture, batch: usize) -> Result<(Vec<Thread>, Vec<FileProblem>)> {
    let engine = fixture.engine(Default::default())?.with(|it| it.batch_items = batch);
    engine.run(|_| ()).await?;
    Ok((fixture.threads().await?, fixture.state.file_problems(100).await?))
}

async fn empty() -> Result<Fixture> {
    let fixture = Fixture::empty().await?;
    for folder in ["sessions/2026/11/22", "archived_sessions"] {
        fs::create_dir_all(fixture.path(folder))?;
    }
    Ok(fixture)
}

/// Makes a home, changes it several times, and compares its index with a new one each time.
async fn follows(seed: u64) -> Result {
    let (mut home, fixture) = (Home::new(seed), empty().await?);
    for step in 0..5 {
        home.change(&fixture)?;
        let batch = home.rng.usize(1..4);
        let found = indexed(&fixture, batch).await?;
        let fresh = empty().await?;
        for file in &home.files {
            if let Some(lines) = file.there {
                fresh.write(&file.path(), file.text(lines))?;
            }
        }
        assert_eq!(found, indexed(&fresh, 400).await?, "home {seed}, step {step}");
    }
    Ok(())
}

#[tokio::test]
async fn an_index_follows_any_change_of_forks_of_forks() -> Result {
    // The first ones were not followed before.
    let few = || [22, 47, 112, 142, 178].into_iter().chain(0..8).collect();
    let rounds = std::env::var("THREADKEEP_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let seeds: Vec<u64> = rounds.map_or_else(few, |rounds| (0..rounds).collect());
    for seed in seeds {
        follows(seed).await?;
    }
    Ok(())
}
