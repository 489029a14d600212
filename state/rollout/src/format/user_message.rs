//! A user's message, and what an editor or the agent put around the user's own words.

use crate::json::{self, Raw};
use crate::text::{MAX_NAME, MAX_PATH, bounded};

/// First user message of a thread that begins with images and no words.
pub const IMAGE_PLACEHOLDER: &str = "[Image]";

/// An editor puts its context before this line.
const REQUEST_MARK: &str = "## My request for Codex:";
/// First lines of an editor's context. Without the mark after it there is no request.
const EDITOR_CONTEXT: &str = "# Context from my IDE setup:";
const MENTIONED_FILES: &str = "# Files mentioned by the user:";
/// First words of the messages that the agent itself sends in the user's name.
const INJECTED: &[&str] = &[
    "<environment_context",
    "<user_instructions>",
    "<permissions instructions>",
    "<turn_aborted>",
    "<user_action>",
    "<user_shell_command>",
    "<subagent_notification>",
    "<codex_internal_context",
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
    /// Name of the first image, file or mention that has one.
    pub attachment_name: Option<String>,
    /// True if the agent wrote this message in the user's name.
    pub injected: bool,
}

impl UserMessage {
    /// Returns true if the message may be an image that a tool has read (`view_image` of Codex
    /// 0.99): such a message has neither words nor a name. At the beginning of a turn, the image is
    /// the user's own.
    pub(crate) fn is_bare_image(&self) -> bool {
        self.images > 0 && self.text.is_empty() && self.attachment_name.is_none()
    }

    /// Returns a message of these words.
    pub(crate) fn new(text: String) -> Self {
        let injected = is_injected(text.trim_start().as_bytes());
        Self { text, injected, ..Self::default() }
    }

    /// Reads a list of parts: `{"type":"text","text":…}`, `{"type":"input_image",…}`, …
    pub(crate) fn of_content(content: Raw<'_>) -> Self {
        let (mut words, mut context, mut images, mut attachment_name) =
            (String::new(), String::new(), 0, None);
        for part in json::items(content) {
            let [part_type, text, name, path] = json::object(Some(part), ["type", "text", "name", "path"]);
            let part_type = json::text(part_type).unwrap_or_default();
            let is_image = part_type.to_ascii_lowercase().contains("image");
            images += usize::from(is_image);
            let text = json::text(text).filter(|_| !is_image);
            if text.is_none() {
                let of_path = || json::text(path).and_then(|path| file_name(&path));
                attachment_name = attachment_name.or_else(|| json::name(name)).or_else(of_path);
            }
            if let Some(text) = text {
                // The model gets an image between two tags.
                if !(text.starts_with("<image ") && text.ends_with('>')) && text != "</image>" {
                    let injected = is_injected(text.trim_start().as_bytes());
                    if injected { &mut context } else { &mut words }.push_str(&text);
                }
            }
        }
        Self { images, attachment_name, ..Self::new(if words.is_empty() { context } else { words }) }
    }

    /// Returns the user's own words; `None` if there are none.
    pub fn request(&self) -> Option<&str> {
        request(&self.text).filter(|_| !self.injected)
    }

    /// Returns the name of the first file or image of a message, or a placeholder for an image
    /// without a name; `None` if there is neither.
    pub fn attachment(&self) -> Option<String> {
        let mentioned = self.text.split_once(MENTIONED_FILES).and_then(|(_, files)| {
            let file = files.lines().find_map(|line| line.strip_prefix("## "))?;
            let name = file.split_once(": ").map_or(file, |(name, _)| name).trim();
            Some(bounded(name, MAX_NAME)).filter(|name| !name.is_empty() && !line_is_mark(file))
        });
        mentioned
            .or_else(|| self.attachment_name.clone())
            .or_else(|| (self.images > 0).then(|| IMAGE_PLACEHOLDER.to_owned()))
            .filter(|_| !self.injected)
    }
}

/// Returns the user's own words in the text of a message; `None` if there are none.
pub(crate) fn request(text: &str) -> Option<&str> {
    let begins_with = |words| text.trim_start().starts_with(words);
    let words = match after_mark(text) {
        Some(request) => request,
        None if begins_with(EDITOR_CONTEXT) || begins_with(MENTIONED_FILES) => "",
        None => text,
    };
    Some(words.trim()).filter(|words| !words.is_empty())
}

/// Returns true if the agent begins its own messages in the user's name like this text.
pub(super) fn is_injected(text: &[u8]) -> bool {
    let begins_with = |words: &&str| {
        text.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words.as_bytes()))
    };
    INJECTED.iter().any(begins_with)
}

/// Returns the text after the line that an editor puts before the request.
fn after_mark(text: &str) -> Option<&str> {
    let mut found = text.match_indices(REQUEST_MARK);
    let (at, _) = found.find(|(at, _)| *at == 0 || text.as_bytes()[at - 1] == b'\n')?;
    Some(&text[at + REQUEST_MARK.len()..])
}

fn line_is_mark(heading: &str) -> bool {
    REQUEST_MARK.strip_prefix("## ").is_some_and(|mark| heading.starts_with(mark))
}

/// Returns the last part of a path of any system.
pub(super) fn file_name(path: &str) -> Option<String> {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next()?;
    Some(bounded(name, MAX_NAME)).filter(|name| !name.is_empty())
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
