//! Names that users gave to threads: `session_index.jsonl`.

use std::collections::HashMap;
use std::fs::File;
use std::io;

use uuid::Uuid;

use crate::json;
use crate::lines::block::Buffer;
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::text::{MAX_TITLE, safe};

/// Names of threads.
///
/// Agents only append to the file: a thread's last line counts, and an empty name removes the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadNames {
    names: HashMap<Uuid, String>,
    skipped: SkippedLines,
}

impl ThreadNames {
    /// Returns the thread's name, if it has one: at most [`MAX_TITLE`] characters, without secrets.
    pub fn get(&self, thread: Uuid) -> Option<&str> {
        self.names.get(&thread).map(String::as_str)
    }

    /// Returns the threads that have a name, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &str)> {
        self.names.iter().map(|(thread, name)| (*thread, name.as_str()))
    }

    /// Returns the number of threads with a name.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns true if no thread has a name.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns the lines that could not be read.
    pub fn skipped(&self) -> &SkippedLines {
        &self.skipped
    }

    pub(crate) fn read(file: File) -> io::Result<Self> {
        let mut this = Self::default();
        let mut lines = LineReader::new(file, Buffer::default(), 0, 0, &[]);
        while let Some(line) = lines.next(|_| true)? {
            if line.is_blank() {
                continue;
            }
            match line.parse(entry) {
                Ok((thread, name)) => this.set(thread, &name),
                Err(reason) => this.skipped.add(line.bad(reason)),
            }
        }
        Ok(this)
    }

    fn set(&mut self, thread: Uuid, name: &str) {
        match name.trim() {
            "" => self.names.remove(&thread),
            name => self.names.insert(thread, safe(name, MAX_TITLE)),
        };
    }
}

/// Reads a line: a thread and its name.
fn entry(line: &str) -> Option<(Uuid, String)> {
    let [id, name] = json::fields(line, ["id", "thread_name"]).ok()?;
    let thread = Uuid::try_parse(&json::text(id)?).ok()?;
    // A name that is `null` or missing counts as empty.
    Some((thread, json::text(name).unwrap_or_default().into_owned()))
}
