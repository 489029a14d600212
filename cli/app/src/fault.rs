//! Faults: the reason why a command could not run, as a message, a hint and a kind.

use std::error::Error;
use std::fmt;

use threadkeep_redact::redact;
use uuid::Uuid;

use crate::message::Message;

/// Error for people. [`messages`](crate::messages) makes one of each library error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// Failure, in words.
    pub message: Message,
    /// Remedy.
    pub hint: Option<Message>,
    /// Messages of the errors behind it, from the outermost.
    pub causes: Vec<String>,
    /// Kind of trouble.
    pub kind: FaultKind,
    /// Thread that it is about, unless that was deleted or is unknown: nothing is logged about
    /// those.
    pub thread: Option<Uuid>,
}

/// Kind of trouble, for callers that act on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// A database is damaged.
    Damaged,
    /// A file belongs to another program, so its folder may not be ours.
    Foreign,
    /// Another process has locked a database for too long.
    Locked,
    /// No thread has the id, or an id that begins like this.
    UnknownThread,
    /// The user deleted the thread.
    DeletedThread,
    /// Anything else.
    #[default]
    Other,
}

impl Fault {
    /// Makes an error with a hint about what to do.
    pub fn new(message: impl Into<Message>, hint: impl Into<Message>) -> Fault {
        Fault { hint: Some(hint.into()), ..Fault::without_hint(message) }
    }

    /// Makes an error about which the user can do nothing in particular.
    pub fn without_hint(message: impl Into<Message>) -> Fault {
        Fault { message: message.into(), ..Fault::default() }
    }

    /// Makes an error in the library's own words.
    pub fn plain(error: &(dyn Error + 'static)) -> Fault {
        Fault::without_hint(error.to_string())
    }

    /// Sets the kind.
    #[must_use]
    pub fn of_kind(self, kind: FaultKind) -> Fault {
        Fault { kind, ..self }
    }

    /// Records the errors behind it.
    #[must_use]
    pub fn because(self, error: &(dyn Error + 'static)) -> Fault {
        let causes = chain(error).iter().map(|cause| redact(cause).into_owned()).collect();
        Fault { causes, ..self }
    }

    /// Records which thread it is about, if the thread exists.
    #[must_use]
    pub fn about(self, thread: Uuid) -> Fault {
        let is_gone = matches!(self.kind, FaultKind::UnknownThread | FaultKind::DeletedThread);
        Fault { thread: Some(thread).filter(|_| !is_gone), ..self }
    }

    /// Returns message and hint in one sentence, for a note.
    pub fn sentence(self) -> Message {
        match self.hint {
            Some(hint) => self.message.append("; ").append(hint),
            None => self.message,
        }
    }
}

/// Returns the messages of an error and its causes, from the outermost.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    messages.extend(error.source().map(chain).unwrap_or_default());
    messages
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl Error for Fault {}
