//! The consolidated text: lines of all memories by folder and subject, within a budget.

use std::collections::HashMap;

use threadkeep_memories::Memory;

use super::entries::entries;
use super::text::one_line;

/// Most ids behind a line.
const MAX_IDS: usize = 3;
/// Shortest id.
const MIN_ID: usize = 8;
/// Most characters of a folder's or a thread's name.
const MAX_NAME: usize = 200;
/// Bytes that stay free for the note about lines that were left out.
const NOTE: usize = 64;

const TITLE: &str = "# Memory\n";
const EVERYWHERE: &str = "All folders";
const NO_FOLDER: &str = "Without a folder";
const PREFERENCES: &str = "Preferences";
const COMMANDS: &str = "Commands";
const FILES: &str = "Files";
const THREADS: &str = "Past threads";

/// Line of the summary.
#[derive(Debug)]
struct Line {
    folder: String,
    subject: String,
    text: String,
    /// Places of its threads in the order of the memories.
    threads: Vec<usize>,
}

impl Line {
    /// Returns the key by which lines of one folder are the same.
    fn key(&self) -> String {
        key(&self.text)
    }

    fn is_preference(&self) -> bool {
        self.subject == PREFERENCES
    }

    /// Returns the place of its subject within a folder.
    fn rank(&self) -> u8 {
        match self.subject.as_str() {
            PREFERENCES => 0,
            COMMANDS => 1,
            FILES => 3,
            THREADS => 4,
            _ => 2,
        }
    }
}

/// Renders the memories, the most used first, in at most `budget` bytes. Lines that do not fit are
/// left out.
pub(crate) fn summary(memories: &[Memory], budget: usize) -> String {
    let ids = short_ids(memories);
    let mut lines = merged(collected(memories));
    let used = |line: &Line| line.threads.iter().map(|at| memories[*at].usage_count).sum::<u64>();
    // Stable, and the memories come the most used first.
    lines.sort_by_key(|line| (line.subject == THREADS, std::cmp::Reverse((used(line), line.threads.len()))));
    let total = lines.len();
    let lines = fitting(lines, &ids, budget.saturating_sub(TITLE.len() + NOTE));
    if total == 0 {
        return String::new();
    }
    let mut text = TITLE.to_owned() + &rendered(&lines, &ids);
    if lines.len() < total {
        text += &format!("\n<!-- {} more lines did not fit. -->\n", total - lines.len());
    }
    text
}

/// Shortens each id to a beginning that no other one has.
fn short_ids(memories: &[Memory]) -> Vec<String> {
    let whole: Vec<String> = memories.iter().map(|memory| memory.thread.id.to_string()).collect();
    let mut sorted: Vec<&String> = whole.iter().collect();
    sorted.sort_unstable();
    let common = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let mut length: HashMap<&str, usize> = HashMap::new();
    for pair in sorted.windows(2).filter(|pair| pair[0] != pair[1]) {
        let unique = common(pair[0], pair[1]) + 1;
        for id in pair {
            let length = length.entry(id).or_insert(MIN_ID);
            *length = unique.max(*length);
        }
    }
    whole.iter().map(|id| id[..length.get(id.as_str()).copied().unwrap_or(MIN_ID)].to_owned()).collect()
}

/// Collects the lines of every memory; lines that a folder has twice become one.
fn collected(memories: &[Memory]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    for (at, memory) in memories.iter().enumerate() {
        let folder =
            memory.thread.cwd.as_deref().map(|cwd| one_line(cwd, MAX_NAME)).filter(|cwd| !cwd.is_empty());
        let folder = folder.unwrap_or_else(|| NO_FOLDER.to_owned());
        let entries = entries(&memory.output.raw_memory).into_iter();
        let entries = entries.map(|entry| (known_subject(entry.subject), entry.text));
        let thread = past_thread(memory).map(|text| (THREADS.to_owned(), text));
        for (subject, text) in entries.chain(thread) {
            let line = Line { folder: folder.clone(), subject, text, threads: vec![at] };
            match known.get(&(folder.clone(), line.key())) {
                Some(known) => {
                    let threads = &mut lines[*known].threads;
                    if threads.last() != Some(&at) {
                        threads.push(at);
                    }
                }
                None => {
                    known.insert((folder.clone(), line.key()), lines.len());
                    lines.push(line);
                }
            }
        }
    }
    lines
}

/// Returns a subject that several models name differently by one name.
fn known_subject(subject: String) -> String {
    let lower = subject.to_lowercase();
    match lower.as_str() {
        _ if lower.contains("preference") => PREFERENCES.to_owned(),
        "commands" => COMMANDS.to_owned(),
        "files" => FILES.to_owned(),
        _ => subject,
    }
}

/// Describes a thread itself: date, name and branch.
fn past_thread(memory: &Memory) -> Option<String> {
    let slug = memory.output.slug.as_ref().map(|slug| slug.replace('_', " "));
    let name = one_line(&memory.thread.title.clone().or(slug)?, MAX_NAME);
    let branch =
        memory.thread.git_branch.as_ref().map(|branch| format!(" (branch {})", one_line(branch, MAX_NAME)));
    Some(format!("{}: {name}{}", memory.thread.updated_at.strftime("%Y-%m-%d"), branch.unwrap_or_default()))
}

/// Returns the key by which texts are the same: letters and digits, in lower case.
fn key(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Moves preferences that several folders have to the section for all folders.
fn merged(lines: Vec<Line>) -> Vec<Line> {
    let mut folders: HashMap<String, usize> = HashMap::new();
    for line in lines.iter().filter(|line| line.is_preference()) {
        *folders.entry(line.key()).or_default() += 1;
    }
    let mut merged: Vec<Line> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for mut line in lines {
        let key = line.key();
        if !line.is_preference() || folders[&key] < 2 {
            merged.push(line);
        } else if let Some(known) = known.get(&key) {
            let threads = &mut merged[*known].threads;
            threads.append(&mut line.threads);
            threads.sort_unstable();
        } else {
            known.insert(key, merged.len());
            line.folder = EVERYWHERE.to_owned();
            merged.push(line);
        }
    }
    merged
}

/// Keeps the lines that fit, the first ones first.
fn fitting(lines: Vec<Line>, ids: &[String], budget: usize) -> Vec<Line> {
    let mut headings: HashMap<String, Vec<String>> = HashMap::new();
    let mut left = budget;
    let fits = |line: &Line| {
        let subjects = headings.get(&line.folder);
        let mut cost = with_ids(line, ids).len();
        cost += if subjects.is_none() { folder_heading(&line.folder).len() } else { 0 };
        let subject = line.subject.to_lowercase();
        let has_subject = subjects.is_some_and(|subjects| subjects.contains(&subject));
        cost += if has_subject { 0 } else { subject_heading(&line.subject).len() };
        let fits = cost <= left;
        if fits {
            left -= cost;
            let subjects = headings.entry(line.folder.clone()).or_default();
            if !has_subject {
                subjects.push(subject);
            }
        }
        fits
    };
    lines.into_iter().filter(fits).collect()
}

fn folder_heading(folder: &str) -> String {
    format!("\n## {folder}\n")
}

fn subject_heading(subject: &str) -> String {
    format!("\n### {subject}\n\n")
}

/// Renders a line with the ids of its threads.
fn with_ids(line: &Line, ids: &[String]) -> String {
    let shown: Vec<&str> = line.threads.iter().take(MAX_IDS).map(|at| ids[*at].as_str()).collect();
    let more = line.threads.len().saturating_sub(MAX_IDS);
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    format!("- {} [{}{more}]\n", line.text, shown.join(", "))
}

/// Renders the lines by folder, those with the most important line first, and by subject.
fn rendered(lines: &[Line], ids: &[String]) -> String {
    let mut text = String::new();
    let mut folders: Vec<&str> = vec![EVERYWHERE];
    for line in lines.iter().filter(|line| line.folder != EVERYWHERE) {
        if !folders.contains(&line.folder.as_str()) {
            folders.push(&line.folder);
        }
    }
    for folder in folders {
        let mut here: Vec<(u8, usize, &Line)> = Vec::new();
        let mut subjects: Vec<String> = Vec::new();
        for line in lines.iter().filter(|line| line.folder == folder) {
            let subject = line.subject.to_lowercase();
            let place = subjects.iter().position(|known| *known == subject).unwrap_or_else(|| {
                subjects.push(subject);
                subjects.len() - 1
            });
            here.push((line.rank(), place, line));
        }
        here.sort_by_key(|(rank, place, _)| (*rank, *place));
        let mut last = None;
        for (_, place, line) in here {
            if last.is_none() {
                text += &folder_heading(folder);
            }
            if last != Some(place) {
                text += &subject_heading(&line.subject);
            }
            last = Some(place);
            text += &with_ids(line, ids);
        }
    }
    text
}
