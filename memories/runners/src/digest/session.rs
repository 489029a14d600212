//! A session as a digest sees it: what was asked, done and answered.

use std::collections::HashMap;

use threadkeep_memories::{ExtractionRequest, MemoryItem};

use super::corrections::{is_correction, wishes};
use super::repairs::{Failure, failures};

/// Content of a session, as a digest shows it.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    /// Messages of the user, without repetitions and corrections.
    pub(crate) asked: Vec<&'a str>,
    /// Messages that correct the agent.
    pub(crate) corrections: Vec<&'a str>,
    /// Sentences that say what the user always wants.
    pub(crate) wishes: Vec<&'a str>,
    /// Changed files and the number of changes, the most changed first.
    pub(crate) files: Vec<(&'a str, usize)>,
    /// Commands that failed.
    pub(crate) failures: Vec<Failure<'a>>,
    /// Last words of the agent.
    pub(crate) answer: Option<&'a str>,
    /// Items that were left out before.
    pub(crate) omitted: u64,
}

impl<'a> Session<'a> {
    /// Reads the items of a session.
    pub(crate) fn of(request: &ExtractionRequest<'a>) -> Self {
        let mut session = Self {
            asked: Vec::new(),
            corrections: Vec::new(),
            wishes: Vec::new(),
            files: Vec::new(),
            failures: failures(request.text.items()),
            answer: None,
            omitted: request.text.omitted,
        };
        let mut order: HashMap<&str, usize> = HashMap::new();
        for item in request.text.items() {
            match item {
                MemoryItem::User { text } => session.hear(text.trim()),
                MemoryItem::Agent { text } if !text.trim().is_empty() => session.answer = Some(text),
                MemoryItem::Files { paths } => {
                    for path in paths.iter().map(|path| within(path, request.thread.cwd.as_deref())) {
                        let at = *order.entry(path).or_insert(session.files.len());
                        match session.files.get_mut(at) {
                            Some((_, changes)) => *changes += 1,
                            None => session.files.push((path, 1)),
                        }
                    }
                }
                _ => {}
            }
        }
        // Stable, so that files with as many changes stay in the order of their first one.
        session.files.sort_by_key(|(_, changes)| std::cmp::Reverse(*changes));
        session
    }

    /// Takes a message of the user. Agents repeat messages when a session is resumed.
    fn hear(&mut self, message: &'a str) {
        if message.is_empty() || self.asked.contains(&message) || self.corrections.contains(&message) {
            return;
        }
        if !self.asked.is_empty() && is_correction(message) {
            self.corrections.push(message);
            return;
        }
        self.asked.push(message);
        for wish in wishes(message) {
            if !self.wishes.contains(&wish) {
                self.wishes.push(wish);
            }
        }
    }

    /// Returns true if there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.files.is_empty() && self.failures.is_empty() && self.answer.is_none()
    }
}

/// Returns a path relative to the working directory, if it is in there.
fn within<'a>(path: &'a str, cwd: Option<&str>) -> &'a str {
    let inner = cwd.and_then(|cwd| path.strip_prefix(cwd.trim_end_matches('/'))?.strip_prefix('/'));
    inner.filter(|inner| !inner.is_empty()).unwrap_or(path)
}
