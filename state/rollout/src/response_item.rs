//! `response_item`: what went to the model and came from it.

use serde::Deserialize;

use crate::raw::{self, Raw};
use crate::text::bounded;
use crate::turn::MAX_ITEM_TEXT;

/// `response_item`, and the bare items of the oldest files: what went to the model and came from it.
///
/// The same conversation as in the events, as the model has it: with the agent's own blocks in the user's name. What is
/// in it is read when it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseItem<'a> {
    payload: &'a str,
}

/// One side of a tool's call. Texts are cut at [`MAX_ITEM_TEXT`] characters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolCall {
    /// The model calls a tool: `function_call`, `custom_tool_call`, `local_shell_call`.
    Made {
        /// The call's id.
        call_id: String,
        /// The tool.
        name: String,
        /// What it is given: JSON or text.
        arguments: String,
    },
    /// The tool gives back: `function_call_output`, `custom_tool_call_output`.
    Answered {
        /// The id of the call it answers.
        call_id: String,
        /// What it gives back: text, or compact JSON.
        output: String,
    },
}

impl<'a> ResponseItem<'a> {
    pub(crate) fn new(payload: &'a str) -> Self {
        Self { payload }
    }

    /// The call of a tool that it makes or answers.
    pub fn call(&self) -> Option<ToolCall> {
        let item = raw::read::<RawItem<'_>>(self.payload).ok()?;
        let call_id = raw::owned(item.call_id)?;
        match &*raw::text(item.item_type)? {
            "function_call" | "custom_tool_call" | "local_shell_call" => {
                let arguments = raw::text(item.arguments.or(item.input)).unwrap_or_default();
                Some(ToolCall::Made {
                    call_id,
                    name: raw::owned(item.name).unwrap_or_default(),
                    arguments: bounded(&arguments, MAX_ITEM_TEXT),
                })
            }
            "function_call_output" | "custom_tool_call_output" => {
                let output = raw::plain_or_compact(item.output).unwrap_or_default();
                Some(ToolCall::Answered { call_id, output: bounded(&output, MAX_ITEM_TEXT) })
            }
            _ => None,
        }
    }
}

/// The payload as it is written.
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
