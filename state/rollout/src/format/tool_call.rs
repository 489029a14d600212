//! `response_item`: what went to the model and came from it. Only calls of tools are typed.

use std::borrow::Cow;

use serde::Deserialize;

use crate::json::{self, Raw};

/// One side of a tool's call, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolCall<'a> {
    /// The model calls a tool: `function_call`, `custom_tool_call`, `local_shell_call`.
    Made {
        /// The call's id.
        call_id: String,
        /// The tool's name.
        name: String,
        /// JSON or text.
        arguments: Cow<'a, str>,
    },
    /// The tool returns: `function_call_output`, `custom_tool_call_output`.
    Answered {
        /// Id of the call.
        call_id: String,
        /// Text, or compact JSON.
        output: Cow<'a, str>,
    },
}

impl<'a> ToolCall<'a> {
    /// Reads the payload of a `response_item`; `None` if it is no call.
    pub(super) fn read(payload: &'a str) -> serde_json::Result<Option<Self>> {
        let item = json::read::<RawItem<'_>>(payload)?;
        let (Some(call_id), Some(item_type)) = (json::owned(item.call_id), json::text(item.item_type)) else {
            return Ok(None);
        };
        Ok(match &*item_type {
            "function_call" | "custom_tool_call" | "local_shell_call" => Some(Self::Made {
                call_id,
                name: json::owned(item.name).unwrap_or_default(),
                arguments: json::text(item.arguments.or(item.input)).unwrap_or_default(),
            }),
            "function_call_output" | "custom_tool_call_output" => Some(Self::Answered {
                call_id,
                output: json::plain_or_compact(item.output).unwrap_or_default(),
            }),
            _ => None,
        })
    }
}

/// Payload as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawItem<'a> {
    #[serde(borrow, rename = "type")]
    item_type: Raw<'a>,
    #[serde(borrow)]
    call_id: Raw<'a>,
    #[serde(borrow)]
    name: Raw<'a>,
    #[serde(borrow)]
    arguments: Raw<'a>,
    #[serde(borrow)]
    input: Raw<'a>,
    #[serde(borrow)]
    output: Raw<'a>,
}
