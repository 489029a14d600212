//! Contents in the form of Anthropic's API, which several agents write.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::tolerant::or_default;

/// Block of a content. Its fields depend on its type. Kimi's agents and pi have other names for
/// some of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(deserialize_with = "or_default")]
    pub(super) text: String,
    #[serde(alias = "think", deserialize_with = "or_default")]
    pub(super) thinking: String,
    /// Of a call.
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(borrow, alias = "arguments")]
    pub(super) input: Option<&'a RawValue>,
    /// Of a result.
    #[serde(deserialize_with = "or_default")]
    pub(super) tool_use_id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) is_error: bool,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

/// Reads the blocks of a content, which may be one text.
pub(super) fn blocks(content: Option<&RawValue>) -> Vec<Block<'_>> {
    let Some(json) = content.map(RawValue::get) else { return Vec::new() };
    if let Ok(text) = serde_json::from_str(json) {
        return vec![Block { kind: "text".into(), text, ..Block::default() }];
    }
    let blocks: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    blocks.into_iter().filter_map(|block| serde_json::from_str(block.get()).ok()).collect()
}

/// Returns the texts of a content.
pub(super) fn text(content: Option<&RawValue>) -> String {
    let texts = blocks(content).into_iter().filter(|block| block.kind == "text").map(|block| block.text);
    texts.collect::<Vec<_>>().join("\n")
}

/// Returns the number of blocks of a type in a content.
pub(super) fn count(content: Option<&RawValue>, kind: &str) -> usize {
    blocks(content).iter().filter(|block| block.kind == kind).count()
}
