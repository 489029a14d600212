//! Names that users gave to threads: `session_index.jsonl`.

use std::collections::HashMap;
use std::fs::File;
use std::io;

use jiff::Timestamp;
use uuid::Uuid;

use crate::json;
use crate::lines::block::Buffer;
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::text::{MAX_TITLE, safe};
use crate::time;

/// Name of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadName {
    /// The name: at most [`MAX_TITLE`] characters, without secrets.
    pub name: String,
    /// Time when the user gave it, where the line has one.
    pub updated_at: Option<Timestamp>,
}

/// Names of threads.
///
/// A thread's newest line counts; of lines without a time, and of the same time, the last. An empty
/// name removes the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadNames {
    names: HashMap<Uuid, ThreadName>,
    skipped: SkippedLines,
}

impl ThreadNames {
    /// Returns the thread's name, if it has one.
    pub fn get(&self, thread: Uuid) -> Option<&ThreadName> {
        self.names.get(&thread)
    }

    /// Returns the threads that have a name, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, &ThreadName)> {
        self.names.iter().map(|(thread, name)| (*thread, name))
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
                Ok((thread, name)) => this.set(thread, name),
                Err(reason) => this.skipped.add(line.bad(reason)),
            }
        }
        // A name that was removed counts until the end, so that an older line does not restore it.
        this.names.retain(|_, name| !name.name.is_empty());
        Ok(this)
    }

    fn set(&mut self, thread: Uuid, name: ThreadName) {
        let before = self.names.get(&thread).and_then(|before| before.updated_at);
        if before.zip(name.updated_at).is_none_or(|(before, now)| now >= before) {
            self.names.insert(thread, name);
        }
    }
}

/// Reads a line: a thread and its name.
fn entry(line: &str) -> Option<(Uuid, ThreadName)> {
    let [id, name, updated_at] = json::fields(line, ["id", "thread_name", "updated_at"]).ok()?;
    let thread = Uuid::try_parse(&json::text(id)?).ok()?;
    // A name that is `null` or missing counts as empty.
    let name = json::text(name).map(|name| safe(name.trim(), MAX_TITLE)).unwrap_or_default();
    let updated_at = json::text(updated_at).and_then(|at| time::timestamp(&at));
    Some((thread, ThreadName { name, updated_at }))
}
