//! A user's message, and what an editor or the agent put around the user's own words.

use crate::json::{self, Raw};
use crate::text::{MAX_PATH, bounded};

/// Title of a message that has images and no words.
pub const IMAGE_PLACEHOLDER: &str = "[Image]";

/// An editor puts its context before this line.
const REQUEST_MARK: &str = "## My request for Codex:";
/// First words of the messages that the agent itself sends in the user's name.
const INJECTED: &[&str] = &[
    "<environment_context>",
    "<user_instructions>",
    "<permissions instructions>",
    "<turn_aborted>",
    "<user_action>",
    "<user_shell_command>",
    "<subagent_notification>",
    "<skill>",
    "<INSTRUCTIONS>",
    "# AGENTS.md instructions",
];

/// Message of the user's: `event_msg` / `user_message` or `item_completed`, and bare messages of
/// the oldest files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserMessage {
    /// The agent's id of the message, where it has one.
    pub id: Option<String>,
    /// The words, in full, with the context that an editor put before them.
    pub text: String,
    /// Number of images.
    pub images: usize,
}

impl UserMessage {
    /// Reads a list of parts: `{"type":"text","text":…}`, `{"type":"input_image",…}`, …
    pub(crate) fn of_content(content: Raw<'_>) -> Self {
        let mut message = Self::default();
        for part in json::items(content) {
            let [part_type, text] = json::object(Some(part), ["type", "text"]);
            let part_type = json::text(part_type).unwrap_or_default();
            if part_type.to_ascii_lowercase().contains("image") {
                message.images += 1;
            } else if let Some(text) = json::text(text) {
                message.text.push_str(&text);
            }
        }
        message
    }

    /// Returns the user's own words, or a placeholder for images without words; `None` for an empty
    /// message.
    pub fn request(&self) -> Option<&str> {
        let words = self.text.split_once(REQUEST_MARK).map_or(&*self.text, |(_, request)| request).trim();
        match words {
            "" if self.images > 0 => Some(IMAGE_PLACEHOLDER),
            "" => None,
            words => Some(words),
        }
    }

    /// Returns true if the agent wrote this message, and not its user.
    pub(crate) fn is_injected(&self) -> bool {
        let text = self.text.trim_start();
        let begins_with =
            |start: &&str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        INJECTED.iter().any(begins_with)
    }
}

/// Returns the working directory that an environment context names, in its newer or its oldest
/// form.
pub(crate) fn environment_cwd(text: &str) -> Option<String> {
    let context = text.trim_start().strip_prefix("<environment_context>")?;
    let tagged =
        context.split_once("<cwd>").and_then(|(_, rest)| rest.split_once("</cwd>")).map(|(cwd, _)| cwd);
    let listed =
        || context.split_once("Current working directory:").and_then(|(_, rest)| rest.lines().next());
    let cwd = tagged.or_else(listed).map(str::trim).filter(|cwd| !cwd.is_empty())?;
    Some(bounded(cwd, MAX_PATH))
}
