//! Text for people in which commands, ids and typed words are values.
//!
//! Rendering gives a command the directories that the user chose, so that it works as it stands.
//! The log leaves out ids and typed words, which belong to a thread.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;

use threadkeep_redact::redact;
use uuid::Uuid;

use crate::given::Given;
use crate::text::{clean, shell_os_word};

/// Text made of parts, written as a tuple: `("set one with ", command("goals set"))`.
///
/// Rendering removes secrets and control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<Part>);

/// Part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, which is one line.
    Text(Cow<'static, str>),
    /// Text that belongs to a thread, or was typed. The log leaves it out.
    Private(String),
    /// Beginning of a new line.
    Line,
    /// Command in backticks.
    Command(Command),
}

/// Command of the tool: the words after `threadkeep`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command(Vec<OsString>);

/// Makes a command of words that are separated by spaces.
pub fn command(words: &str) -> Command {
    Command(words.split(' ').map(OsString::from).collect())
}

/// Makes a part of a typed word, in backticks.
pub fn typed(word: &str) -> Part {
    Part::Private(format!("`{word}`"))
}

/// Makes a part of a text that may belong to a thread, which the log leaves out.
#[must_use]
pub fn private(text: String) -> Part {
    Part::Private(text)
}

impl Command {
    /// Adds one word, whatever is in it: rendering quotes it for a shell.
    #[must_use]
    pub fn arg(mut self, word: impl ToString) -> Command {
        self.0.push(word.to_string().into());
        self
    }

    /// Adds words that are separated by spaces.
    #[must_use]
    pub fn append(mut self, words: &str) -> Command {
        self.0.extend(command(words).0);
        self
    }

    /// Renders the command with the directories that were given.
    pub fn render(&self, given: &Given) -> String {
        let words = self.0.iter().map(|word| match word.to_str() {
            Some(word) => shell_os_word(redact(word).as_ref().as_ref()),
            None => shell_os_word(word),
        });
        let words: Vec<String> = given.options().into_iter().chain(words).collect();
        format!("threadkeep {}", words.join(" "))
    }
}

impl Message {
    /// Adds another message.
    #[must_use]
    pub fn append(mut self, other: impl Into<Message>) -> Message {
        self.0.extend(other.into().0);
        self
    }

    /// Renders the message for people, with the directories that were given in every command.
    pub fn render(&self, given: &Given) -> String {
        self.rendered(given, |private| safe(private).into_owned())
    }

    /// Renders the message for the log, without anything that belongs to a thread or was typed.
    pub fn logged(&self) -> String {
        self.rendered(&Given::default(), |_| "…".to_owned())
    }

    fn rendered(&self, given: &Given, private: impl Fn(&str) -> String) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => safe(text).into_owned(),
            Part::Private(text) => private(text),
            Part::Line => "\n".to_owned(),
            Part::Command(command) => format!("`{}`", command.render(given)),
        };
        self.0.iter().map(part).collect()
    }
}

/// Makes text one harmless line without secrets.
fn safe(text: &str) -> Cow<'_, str> {
    match redact(text) {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => Cow::Owned(clean(&text).into_owned()),
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Given::default()))
    }
}

impl From<&'static str> for Part {
    fn from(text: &'static str) -> Part {
        Part::Text(text.into())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(text.into())
    }
}

impl From<Uuid> for Part {
    fn from(id: Uuid) -> Part {
        Part::Private(id.to_string())
    }
}

impl From<Command> for Part {
    fn from(command: Command) -> Part {
        Part::Command(command)
    }
}

impl<P: Into<Part>> From<P> for Message {
    fn from(part: P) -> Message {
        Message(vec![part.into()])
    }
}

macro_rules! message_of_parts {
    ($($part:ident)+) => {
        impl<$($part: Into<Part>),+> From<($($part,)+)> for Message {
            #[allow(non_snake_case, reason = "one variable a type")]
            fn from(($($part,)+): ($($part,)+)) -> Message {
                Message(vec![$($part.into()),+])
            }
        }
    };
}

message_of_parts!(A B);
message_of_parts!(A B C);
message_of_parts!(A B C D);
message_of_parts!(A B C D E);
message_of_parts!(A B C D E F G);
