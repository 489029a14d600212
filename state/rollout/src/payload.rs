//! The payloads that say something about a thread. Everything in them is optional and read leniently.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::raw::{self, Raw};
use crate::text;

/// `turn_context`: how the agent works in the turn that begins. `None` where it says nothing.
///
/// The directory has at most [`MAX_PATH`](crate::MAX_PATH) characters, JSON has at most [`MAX_JSON`](crate::MAX_JSON)
/// bytes, and everything else at most [`MAX_NAME`](crate::MAX_NAME) characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TurnContext {
    /// The working directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its reasoning effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// The `approval_policy`: a name, or compact JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_mode: Option<String>,
    /// The `permission_profile`, else the `sandbox_policy`: compact JSON, keys as they were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox_policy: Option<String>,
}

/// The payload as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawTurnContext<'a> {
    #[serde(borrow)]
    cwd: Raw<'a>,
    #[serde(borrow)]
    model: Raw<'a>,
    #[serde(borrow)]
    effort: Raw<'a>,
    #[serde(borrow)]
    approval_policy: Raw<'a>,
    #[serde(borrow)]
    permission_profile: Raw<'a>,
    #[serde(borrow)]
    sandbox_policy: Raw<'a>,
}

impl RawTurnContext<'_> {
    pub(crate) fn read(&self) -> TurnContext {
        let profile = raw::name_or_json(self.permission_profile);
        TurnContext {
            cwd: raw::path(self.cwd),
            model: raw::name(self.model),
            reasoning_effort: raw::name(self.effort),
            approval_mode: raw::name_or_json(self.approval_policy),
            sandbox_policy: profile.or_else(|| raw::name_or_json(self.sandbox_policy)),
        }
    }
}

/// `compacted`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawCompacted<'a> {
    #[serde(borrow)]
    message: Raw<'a>,
}

impl RawCompacted<'_> {
    /// The summary.
    pub(crate) fn message(&self) -> Option<String> {
        raw::owned(self.message)
    }
}

/// `event_msg` / `token_count`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenCount<'a> {
    #[serde(borrow)]
    info: Raw<'a>,
}

impl TokenCount<'_> {
    /// The tokens the thread has used so far, if it says. Never negative.
    pub(crate) fn total(&self) -> Option<i64> {
        #[derive(Deserialize)]
        struct Info<'a> {
            #[serde(borrow, default)]
            total_token_usage: Raw<'a>,
        }
        #[derive(Deserialize)]
        struct Usage<'a> {
            #[serde(borrow, default)]
            total_tokens: Raw<'a>,
        }
        let usage = raw::parse::<Info<'_>>(self.info)?.total_token_usage;
        let total = raw::parse::<Usage<'_>>(usage)?.total_tokens;
        raw::parse::<i64>(total).map(|total| total.max(0))
    }
}

/// `event_msg` / `user_message`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct UserEvent<'a> {
    #[serde(borrow)]
    message: Raw<'a>,
    #[serde(borrow)]
    images: Raw<'a>,
    #[serde(borrow)]
    local_images: Raw<'a>,
}

impl UserEvent<'_> {
    pub(crate) fn message(&self) -> UserMessage {
        let count = |list| raw::parse::<Vec<IgnoredAny>>(list).map_or(0, |list| list.len());
        let text = raw::text(self.message).map(Cow::into_owned).unwrap_or_default();
        UserMessage { text, images: count(self.images) + count(self.local_images) }
    }
}

/// `event_msg` / `item_completed`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ItemCompleted<'a> {
    #[serde(borrow)]
    item: Raw<'a>,
}

impl ItemCompleted<'_> {
    /// The message, if the item is a user's.
    pub(crate) fn user_message(&self) -> Option<UserMessage> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow, default, rename = "type")]
            item_type: Raw<'a>,
            #[serde(borrow, default)]
            content: Raw<'a>,
        }
        let item = raw::parse::<Item<'_>>(self.item)?;
        (raw::text(item.item_type)? == "UserMessage").then(|| UserMessage::of_content(item.content))
    }
}

/// What a user has said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UserMessage {
    pub(crate) text: String,
    pub(crate) images: usize,
}

impl UserMessage {
    /// A list of parts: `{"type":"text","text":…}`, `{"type":"input_image",…}`, …
    pub(crate) fn of_content(content: Raw<'_>) -> Self {
        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow, default, rename = "type")]
            part_type: Raw<'a>,
            #[serde(borrow, default)]
            text: Raw<'a>,
        }
        let mut message = Self::default();
        for part in raw::parse::<Vec<Raw<'_>>>(content).unwrap_or_default() {
            let Some(part) = raw::parse::<Part<'_>>(part) else { continue };
            let part_type = raw::text(part.part_type).unwrap_or_default();
            if part_type.to_ascii_lowercase().contains("image") {
                message.images += 1;
            } else if let Some(text) = raw::text(part.text) {
                message.text.push_str(&text);
            }
        }
        message
    }

    /// What names the thread, if these are words of the user's or images.
    pub(crate) fn title(&self) -> Option<&str> {
        match text::request(&self.text) {
            "" if self.images > 0 => Some(text::IMAGE_PLACEHOLDER),
            "" => None,
            request => Some(request),
        }
    }
}
