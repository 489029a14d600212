//! Words that name a thread: its first message and its title.

use serde::{Deserialize, Serialize};

use crate::format::user_message::{IMAGE_PLACEHOLDER, UserMessage};
use crate::text::{MAX_FIRST_USER_MESSAGE, MAX_TITLE, bounded, safe};

/// Words so far, each without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Words {
    /// The first message, or the placeholder of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Said>,
    /// Better words for the title, while the first message is only an attachment.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Said>,
    /// Words that only the model has heard so far in this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard: Option<Said>,
    /// A sub-agent's task.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Said>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    text: String,
    /// Number of turns that had begun.
    turns: usize,
    /// True for the name of an attachment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    attached: bool,
}

impl Words {
    /// Takes a message of the user's.
    pub(crate) fn say(&mut self, message: &UserMessage, turns: usize) {
        // Whatever the model heard in this turn was this message.
        self.heard = None;
        let said =
            |text: &str, attached| Some(Said { text: safe(text, MAX_FIRST_USER_MESSAGE), turns, attached });
        if let Some(request) = message.request() {
            if self.first.is_none() {
                self.first = said(request, false);
            } else if self.first.as_ref().is_some_and(|first| first.attached)
                && self.title.as_ref().is_none_or(|title| title.attached)
            {
                self.title = said(request, false);
            }
        } else if self.first.is_none()
            && let Some(name) = message.attachment()
        {
            let is_image = message.images > 0;
            self.first = said(if is_image { IMAGE_PLACEHOLDER } else { &name }, true);
            self.title = said(&name, true).filter(|_| is_image);
        }
    }

    /// Takes words that the model heard in the user's name.
    pub(crate) fn hear(&mut self, message: &UserMessage, turns: usize) {
        if let Some(request) = message.request()
            && self.want_words()
        {
            self.heard = Some(Said { text: safe(request, MAX_FIRST_USER_MESSAGE), turns, attached: false });
        }
    }

    /// Takes a sub-agent's task.
    pub(crate) fn give_task(&mut self, task: &str, turns: usize) {
        if self.first().is_none() && self.task.is_none() {
            self.task = Some(Said { text: safe(task, MAX_TITLE), turns, attached: false });
        }
    }

    /// Ends a turn: words that no event had in it were the user's all the same.
    pub(crate) fn end_turn(&mut self) {
        let Some(heard) = self.heard.take() else { return };
        if self.first.is_none() {
            self.first = Some(heard);
        } else {
            self.title = Some(heard);
        }
    }

    /// Takes back what was said after the first `turns` turns.
    pub(crate) fn roll_back(&mut self, turns: usize) {
        for said in [&mut self.first, &mut self.title, &mut self.heard, &mut self.task] {
            said.take_if(|said| said.turns > turns);
        }
    }

    /// Returns true if words of the user's would still name the thread.
    pub(crate) fn want_words(&self) -> bool {
        self.first.as_ref().is_none_or(|first| first.attached)
            && self.title.as_ref().is_none_or(|title| title.attached)
            && self.heard.is_none()
    }

    /// Returns true if the words so far may have to make room for a message.
    pub(crate) fn may_change(&self) -> bool {
        self.heard.is_some() || self.want_words()
    }

    /// Returns the first message.
    pub(crate) fn first(&self) -> Option<&str> {
        self.first.as_ref().or(self.heard.as_ref()).map(|said| &*said.text)
    }

    /// Returns the title.
    pub(crate) fn title(&self) -> Option<String> {
        let heard = self.heard.as_ref();
        let said = self.task.as_ref().or(heard).or(self.title.as_ref()).or(self.first.as_ref());
        said.map(|said| bounded(&said.text, MAX_TITLE))
    }
}
