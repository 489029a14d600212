//! The memory-relevant items of a thread.

use std::collections::VecDeque;

/// Item of a thread that a memory can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryItem {
    /// The user spoke.
    User {
        /// Words.
        text: String,
    },
    /// The agent spoke.
    Agent {
        /// Words.
        text: String,
    },
    /// The agent ran a command, or called a tool that works like one.
    Command {
        /// The command line.
        command: String,
        /// Exit code, where it is known.
        exit_code: Option<i64>,
        /// True if it failed, by exit code or status.
        failed: bool,
        /// End of the output.
        output: String,
    },
    /// The agent changed files.
    Files {
        /// Their paths.
        paths: Vec<String>,
    },
}

impl MemoryItem {
    /// Returns the bytes of its texts.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::User { text } | Self::Agent { text } => text.len(),
            Self::Command { command, output, .. } => command.len() + output.len(),
            Self::Files { paths } => paths.iter().map(String::len).sum(),
        }
    }

    /// Returns true if it has no text at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Replaces each text by what `edit` makes of it.
    pub fn edit(&mut self, mut edit: impl FnMut(&str) -> String) {
        match self {
            Self::User { text } | Self::Agent { text } => *text = edit(text),
            Self::Command { command, output, .. } => {
                *command = edit(command);
                *output = edit(output);
            }
            Self::Files { paths } => paths.iter_mut().for_each(|path| *path = edit(path)),
        }
    }
}

/// The items of a thread, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadText {
    /// The first items.
    pub head: Vec<MemoryItem>,
    /// Number of items left out between head and tail, because of the limit.
    pub omitted: u64,
    /// The last items; empty if none was left out.
    pub tail: Vec<MemoryItem>,
}

impl ThreadText {
    /// Returns all items in their order.
    pub fn items(&self) -> impl Iterator<Item = &MemoryItem> {
        self.head.iter().chain(&self.tail)
    }

    /// Returns all items in their order.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut MemoryItem> {
        self.head.iter_mut().chain(&mut self.tail)
    }
}

/// Collects items within a limit of bytes: the first ones up to half of it, and the last ones up to
/// the other half. A reader of a huge rollout so holds no more than the limit and one item.
#[derive(Debug)]
pub struct HeadAndTail {
    half: usize,
    head: Vec<MemoryItem>,
    head_bytes: usize,
    tail: VecDeque<MemoryItem>,
    tail_bytes: usize,
    omitted: u64,
}

impl HeadAndTail {
    /// Makes an empty collection with a limit of bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            half: limit / 2,
            head: Vec::new(),
            head_bytes: 0,
            tail: VecDeque::new(),
            tail_bytes: 0,
            omitted: 0,
        }
    }

    /// Adds the next item.
    pub fn push(&mut self, item: MemoryItem) {
        if item.is_empty() {
            return;
        }
        if self.tail.is_empty() && self.head_bytes + item.len() <= self.half {
            self.head_bytes += item.len();
            self.head.push(item);
            return;
        }
        self.tail_bytes += item.len();
        self.tail.push_back(item);
        // The last item stays, however long it is: the model's input is cut again by characters.
        while self.tail_bytes > self.half && self.tail.len() > 1 {
            if let Some(first) = self.tail.pop_front() {
                self.tail_bytes -= first.len();
                self.omitted += 1;
            }
        }
    }

    /// Returns what was kept.
    #[must_use]
    pub fn finish(mut self) -> ThreadText {
        if self.omitted == 0 {
            self.head.extend(self.tail.drain(..));
        }
        ThreadText { head: self.head, omitted: self.omitted, tail: self.tail.into() }
    }
}
