//! `response_item`: what went to the model and came from it. Only calls of tools are typed.

use std::borrow::Cow;

use crate::json;

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
    pub(super) fn read(payload: &'a str) -> json::Result<Option<Self>> {
        let [item_type, call_id, name, arguments, input, output] =
            json::fields(payload, ["type", "call_id", "name", "arguments", "input", "output"])?;
        let (Some(call_id), Some(item_type)) = (json::owned(call_id), json::text(item_type)) else {
            return Ok(None);
        };
        Ok(match &*item_type {
            "function_call" | "custom_tool_call" | "local_shell_call" => Some(Self::Made {
                call_id,
                name: json::owned(name).unwrap_or_default(),
                arguments: json::text(arguments.or(input)).unwrap_or_default(),
            }),
            "function_call_output" | "custom_tool_call_output" => {
                Some(Self::Answered { call_id, output: json::plain_or_compact(output).unwrap_or_default() })
            }
            _ => None,
        })
    }
}
