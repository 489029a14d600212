//! `response_item`: what went to the model and came from it. Only calls of tools are typed.

use std::borrow::Cow;

use super::call::PLAN;
use crate::json;

/// One side of a tool's call, in full.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolCall<'a> {
    /// The model calls a tool: `function_call`, `custom_tool_call`, `local_shell_call`; or one of
    /// the provider's: `web_search_call`, `image_generation_call`, named without `_call`.
    Made {
        /// The call's id; empty for a tool that gives no answer.
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
    /// Returns true if the model makes or changes its plan.
    pub(crate) fn is_plan(&self) -> bool {
        matches!(self, Self::Made { name, .. } if name == PLAN)
    }

    /// Reads the payload of a `response_item`; `None` if it is no call.
    pub(super) fn read(payload: &'a str) -> json::Result<Option<Self>> {
        #[rustfmt::skip]
        let [item_type, call_id, name, arguments, input, output, action, prompt] = json::fields(payload, [
            "type", "call_id", "name", "arguments", "input", "output", "action", "revised_prompt",
        ])?;
        // These have no answer, and need no id.
        let made = |name: &str, arguments| {
            let arguments = json::plain_or_compact(arguments).unwrap_or_default();
            Ok(Some(Self::Made { call_id: String::new(), name: name.to_owned(), arguments }))
        };
        match json::text(item_type).as_deref() {
            Some("web_search_call") => return made("web_search", action),
            Some("image_generation_call") => return made("image_generation", prompt),
            _ => {}
        }
        let (Some(call_id), Some(item_type)) = (json::owned(call_id), json::text(item_type)) else {
            return Ok(None);
        };
        Ok(match &*item_type {
            "local_shell_call" => Some(Self::Made {
                call_id,
                name: "local_shell".to_owned(),
                arguments: json::plain_or_compact(action).unwrap_or_default(),
            }),
            "function_call" | "custom_tool_call" => Some(Self::Made {
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
