//! Rendering memories as files.

use std::fmt::Write as _;

use crate::Memory;

const SEAL: &str = "<!-- written by threadkeep, checksum ";
const SEAL_END: &str = " -->\n";

/// Renders `raw_memories.md`: an entry for each memory, the latest thread first.
#[must_use]
pub fn raw_memories(memories: &[Memory]) -> String {
    let mut latest: Vec<&Memory> = memories.iter().collect();
    latest.sort_by_key(|memory| std::cmp::Reverse((memory.thread.updated_at, memory.thread.id)));
    let mut text =
        String::from("# Raw memories\n\nOne entry for each remembered thread, the latest first.\n");
    for memory in latest {
        let (thread, output) = (&memory.thread, &memory.output);
        let name = output.slug.as_deref().or(thread.title.as_deref()).unwrap_or("thread");
        let _ = write!(
            text,
            "\n## {}\n\n- thread: {}\n- updated: {}\n",
            one_line(name),
            thread.id,
            thread.updated_at
        );
        if let Some(cwd) = &thread.cwd {
            let _ = writeln!(text, "- folder: {}", one_line(cwd));
        }
        let _ = write!(
            text,
            "- summary: {}/{}.md\n\n{}\n",
            super::ROLLOUT_SUMMARIES,
            thread.id,
            below(&output.raw_memory)
        );
    }
    sealed(text)
}

/// Renders the file of a memory's summary.
#[must_use]
pub fn rollout_summary(memory: &Memory) -> String {
    let thread = &memory.thread;
    let mut text = format!("thread_id: {}\nupdated_at: {}\n", thread.id, thread.updated_at);
    let _ = writeln!(text, "rollout_path: {}", one_line(&thread.rollout_path));
    for (name, value) in [("cwd", &thread.cwd), ("git_branch", &thread.git_branch)] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {}", one_line(value));
        }
    }
    let _ = write!(text, "\n{}\n", memory.output.rollout_summary.trim());
    sealed(text)
}

/// Returns true if a file is as it was rendered.
#[must_use]
pub fn is_unedited(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let sealed = text.strip_suffix(SEAL_END).and_then(|rest| rest.rsplit_once(SEAL));
    sealed.is_some_and(|(rest, checksum)| checksum == checksum_of(rest))
}

fn sealed(text: String) -> String {
    let checksum = checksum_of(&text);
    text + SEAL + &checksum + SEAL_END
}

fn checksum_of(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

/// Returns a text on one line: a head must not have a line that its value made.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns an entry whose headings are below the entry's own.
fn below(text: &str) -> String {
    let lines = text
        .trim()
        .lines()
        .map(|line| if line.starts_with('#') { format!("##{line}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}
