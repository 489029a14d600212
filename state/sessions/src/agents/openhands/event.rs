//! Events of `OpenHands`, as far as they are read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;

/// First words of the line that names the working directory, in the context of the first event.
const CWD: &str = "Your current working directory is: ";

/// `events/event-<number>-<id>.json`. Its fields depend on its kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    pub(super) kind: String,
    pub(super) id: Option<String>,
    pub(super) source: String,
    timestamp: Option<String>,
    pub(super) llm_message: Option<Message>,
    pub(super) llm_response_id: Option<String>,
    /// Of a call.
    pub(super) thought: Vec<Part>,
    pub(super) reasoning_content: Option<String>,
    pub(super) thinking_blocks: Vec<Part>,
    pub(super) tool_name: Option<String>,
    pub(super) tool_call_id: Option<String>,
    pub(super) tool_call: Option<Call>,
    pub(super) action: Option<Box<RawValue>>,
    /// Of a result.
    pub(super) observation: Option<Observation>,
    pub(super) rejection_reason: Option<String>,
    pub(super) error: Option<String>,
    /// Of the end of a turn by an error.
    pub(super) detail: Option<String>,
    dynamic_context: Option<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub(super) content: Vec<Part>,
    pub(super) reasoning_content: Option<String>,
    pub(super) thinking_blocks: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Part {
    text: Option<String>,
    thinking: Option<String>,
    image_urls: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) name: Option<String>,
    pub(super) arguments: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Observation {
    pub(super) content: Vec<Part>,
    is_error: bool,
    pub(super) exit_code: Option<i64>,
}

impl Observation {
    pub(super) fn succeeded(&self) -> bool {
        !self.is_error && self.exit_code.is_none_or(|code| code == 0)
    }
}

/// Action with which the agent ends its work.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Finish {
    pub(super) message: String,
}

impl Event {
    /// Returns the time. Without a zone it is a time of this machine's.
    pub(super) fn at(&self) -> Option<Timestamp> {
        let text = self.timestamp.as_deref()?;
        let local = |local: DateTime| local.to_zoned(TimeZone::system()).ok();
        text.parse().ok().or_else(|| Some(local(text.parse().ok()?)?.timestamp()))
    }

    /// Returns the working directory that the agent was given in the first event.
    pub(super) fn cwd(&self) -> Option<&str> {
        self.dynamic_context.as_ref()?.text.as_ref()?.lines().find_map(|line| line.strip_prefix(CWD))
    }

    pub(super) fn reasoning(&self) -> String {
        let message = self.llm_message.as_ref();
        let content = self.reasoning_content.as_ref();
        let content = content.or_else(|| message.and_then(|message| message.reasoning_content.as_ref()));
        if let Some(content) = content {
            return content.clone();
        }
        let blocks = message.map_or(&self.thinking_blocks, |message| &message.thinking_blocks);
        join(blocks.iter().filter_map(|block| block.thinking.as_deref()))
    }
}

/// Returns the texts of parts.
pub(super) fn texts(parts: &[Part]) -> String {
    join(parts.iter().filter_map(|part| part.text.as_deref()))
}

/// Returns the number of images of parts.
pub(super) fn images(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.image_urls.len()).sum()
}

fn join<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}
