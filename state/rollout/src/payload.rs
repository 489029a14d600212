//! The payloads that say something about a thread. Everything in them is optional and read leniently.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::raw::{self, Raw};
use crate::text;

/// `session_meta`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SessionMeta<'a> {
    #[serde(borrow)]
    pub(crate) id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) timestamp: Raw<'a>,
    #[serde(borrow)]
    pub(crate) cwd: Raw<'a>,
    #[serde(borrow)]
    pub(crate) originator: Raw<'a>,
    #[serde(borrow)]
    pub(crate) source: Raw<'a>,
    #[serde(borrow)]
    pub(crate) thread_source: Raw<'a>,
    #[serde(borrow)]
    pub(crate) model_provider: Raw<'a>,
    #[serde(borrow)]
    pub(crate) cli_version: Raw<'a>,
    #[serde(borrow)]
    pub(crate) parent_thread_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_nickname: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_role: Raw<'a>,
    /// What some versions called the role.
    #[serde(borrow)]
    pub(crate) agent_type: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_path: Raw<'a>,
    #[serde(borrow)]
    pub(crate) memory_mode: Raw<'a>,
    #[serde(borrow)]
    pub(crate) git: Raw<'a>,
}

/// `session_meta.git`, and the `git` of the oldest headers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Git<'a> {
    #[serde(borrow)]
    pub(crate) commit_hash: Raw<'a>,
    #[serde(borrow)]
    pub(crate) branch: Raw<'a>,
    #[serde(borrow)]
    pub(crate) repository_url: Raw<'a>,
}

/// `session_meta.source.subagent.thread_spawn`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ThreadSpawn<'a> {
    #[serde(borrow)]
    pub(crate) parent_thread_id: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_nickname: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_role: Raw<'a>,
    #[serde(borrow)]
    pub(crate) agent_path: Raw<'a>,
}

impl<'a> ThreadSpawn<'a> {
    /// Reads it out of a `source`; empty if the thread was started otherwise.
    pub(crate) fn of(source: Raw<'a>) -> Self {
        #[derive(Deserialize)]
        struct Source<'a> {
            #[serde(borrow, default)]
            subagent: Raw<'a>,
        }
        #[derive(Deserialize)]
        struct Subagent<'a> {
            #[serde(borrow, default)]
            thread_spawn: Raw<'a>,
        }
        let subagent = raw::parse::<Source<'a>>(source).and_then(|source| source.subagent);
        let spawn = raw::parse::<Subagent<'a>>(subagent).and_then(|subagent| subagent.thread_spawn);
        raw::parse(spawn).unwrap_or_default()
    }
}

/// `turn_context`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TurnContext<'a> {
    #[serde(borrow)]
    pub(crate) cwd: Raw<'a>,
    #[serde(borrow)]
    pub(crate) model: Raw<'a>,
    #[serde(borrow)]
    pub(crate) effort: Raw<'a>,
    #[serde(borrow)]
    pub(crate) approval_policy: Raw<'a>,
    #[serde(borrow)]
    pub(crate) permission_profile: Raw<'a>,
    #[serde(borrow)]
    pub(crate) sandbox_policy: Raw<'a>,
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
