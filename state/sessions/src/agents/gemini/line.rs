//! Records of Gemini CLI, as far as they are read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agents::parts::{FunctionCall, parts};
use crate::session::Tokens;
use crate::tolerant::or_default;

/// First words of messages that Gemini CLI writes in the user's name.
const CONTEXT: [&str; 2] = ["<session_context>", "This is the Gemini CLI. We are setting up the context"];
/// Id of the message with the context, the same in every session: the agent derives it from a
/// fixed name.
pub(super) const CONTEXT_ID: &str = "d04923d38bb0f6017037e74183378ef4";
/// First words to a model that repeats itself. They stand in for the prompt, which is shown.
const LOOP: &str = "System: Potential loop detected. Details: ";
/// First words of the part that begins the content of files that a prompt names.
const ATTACHED: &str = "--- Content from referenced files ---";

/// Words before a command that the user ran in the terminal, and between it and its output.
const RAN: [&str; 2] =
    ["I ran the following shell command:\n```sh\n", "\n```\n\nThis produced the following result:\n```\n"];

/// Tool that runs commands.
pub(super) const SHELL: &str = "run_shell_command";

/// Line of a session, a message, the change in a line, or the one document of older versions.
/// Its fields depend on that.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Record<'a> {
    /// Of a message.
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) timestamp: Option<Timestamp>,
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub(super) role: String,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    /// Words that the user typed, where the content has more.
    #[serde(borrow)]
    pub(super) display_content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) thoughts: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) tokens: Option<Usage>,
    #[serde(deserialize_with = "or_default")]
    pub(super) model: Option<String>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<&'a RawValue>,
    /// Of a session.
    #[serde(deserialize_with = "or_default")]
    pub(super) session_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) project_hash: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub(super) kind: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) directories: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) summary: Option<String>,
    /// The whole conversation: it replaces what came before.
    #[serde(borrow)]
    pub(super) messages: Option<&'a RawValue>,
    /// Change of the session.
    #[serde(borrow, rename = "$set")]
    pub(super) set: Option<Box<Record<'a>>>,
    /// Message that is taken back with all that follow it.
    #[serde(rename = "$rewindTo", deserialize_with = "or_default")]
    pub(super) rewind_to: Option<String>,
}

impl<'a> Record<'a> {
    /// Returns the messages of a document or a change; `None` if it has none.
    pub(super) fn messages(&self) -> Option<Vec<Record<'a>>> {
        Some(list(self.messages?))
    }

    /// Returns the words of the content.
    pub(super) fn text(&self) -> String {
        parts(self.content).into_iter().filter_map(|part| part.text).collect()
    }

    /// Returns the command that the user ran in the terminal.
    pub(super) fn ran(&self) -> Option<Ran> {
        let text = self.text();
        let (command, output) = text.strip_prefix(RAN[0])?.split_once(RAN[1])?;
        let unescaped = |text: &str| text.replace("\\`", "`").replace("\\\\", "\\");
        let id = self.id.clone().filter(|_| self.role == "user")?;
        let output = unescaped(output.strip_suffix("\n```")?);
        Some(Ran { at: self.timestamp, id, command: unescaped(command), output })
    }

    /// Returns true for an answer that was given before. The agent writes it again, with a new id,
    /// when it shortens long outputs in its memory.
    pub(super) fn is_retyped(&self) -> bool {
        let has_no_thoughts = self.thoughts.is_some_and(|thoughts| thoughts.get() == "[]");
        let is_bare = self.model.is_none() && self.tokens.is_none() && self.tool_calls.is_none();
        self.role == "gemini" && has_no_thoughts && is_bare
    }

    /// Returns the words of a prompt that a person typed, and the number of images in it.
    pub(super) fn prompt(&self) -> Option<(String, usize)> {
        self.prompt_after(false)
    }

    /// As [`Self::prompt`], of a line. After the context with its id, such words were typed.
    pub(super) fn prompt_after(&self, has_context: bool) -> Option<(String, usize)> {
        let content = self.display_content.or(self.content).filter(|_| self.role == "user")?;
        if self.display_content.is_some() && self.text().starts_with(LOOP) {
            return None;
        }
        if self.ran().is_some() {
            return None;
        }
        let (mut words, mut images) = (Vec::new(), 0);
        for part in parts(Some(content)) {
            match part.text {
                Some(text) if text.trim_start().starts_with(ATTACHED) => break,
                Some(text) => words.push(text),
                None => images += usize::from(part.inline_data.is_some()),
            }
        }
        let words = words.join("");
        let may_be_context = !has_context || self.id.as_deref() == Some(CONTEXT_ID);
        let is_context = may_be_context && CONTEXT.iter().any(|context| words.starts_with(context));
        (!is_context && (!words.is_empty() || images > 0)).then_some((words, images))
    }
}

/// Command that the user ran in the terminal.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) at: Option<Timestamp>,
    pub(super) id: String,
    pub(super) command: String,
    pub(super) output: String,
}

/// Tokens of an answer.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    #[serde(deserialize_with = "or_default")]
    input: i64,
    #[serde(deserialize_with = "or_default")]
    output: i64,
    #[serde(deserialize_with = "or_default")]
    cached: i64,
    #[serde(deserialize_with = "or_default")]
    thoughts: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    tool: i64,
}

impl From<Usage> for Tokens {
    /// Adds the prompts of built-in tools to the input, and the reasoning to the output, which
    /// leave them out.
    fn from(usage: Usage) -> Self {
        let (cached, thoughts) = (usage.cached.max(0), usage.thoughts.map(|thoughts| thoughts.max(0)));
        Self {
            input: usage.input.max(cached).saturating_add(usage.tool.max(0)),
            cached_input: cached,
            cache_write: 0,
            output: usage.output.max(0).saturating_add(thoughts.unwrap_or(0)),
            reasoning: thoughts,
        }
    }
}

/// Call of a tool, with its result once it has one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Call<'a> {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Option<String>,
    /// Result as the user sees it: a text, rows of a terminal, or a diff.
    #[serde(deserialize_with = "or_default")]
    result_display: Option<String>,
}

impl<'a> From<&FunctionCall<'a>> for Call<'a> {
    fn from(call: &FunctionCall<'a>) -> Self {
        Self { id: call.id.clone(), name: call.name.clone(), args: call.args, ..Self::default() }
    }
}

impl Call<'_> {
    /// Returns the output; `None` of a call without a result. The user sees a command's output, and
    /// only a summary of others.
    pub(super) fn output(&self) -> Option<String> {
        let parts = parts(Some(self.result?));
        let texts = parts.iter().filter_map(|part| part.function_response.as_ref()?.response.text());
        let seen = self.result_display.clone().filter(|_| self.name == SHELL);
        Some(seen.unwrap_or_else(|| texts.collect::<Vec<_>>().join("\n")))
    }
}

/// Thought of the model.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Thought {
    #[serde(deserialize_with = "or_default")]
    subject: String,
    #[serde(deserialize_with = "or_default")]
    description: String,
}

impl Thought {
    pub(super) fn text(&self) -> String {
        let texts = [&self.subject, &self.description];
        let texts: Vec<_> = texts.into_iter().filter(|text| !text.is_empty()).map(String::as_str).collect();
        texts.join(": ")
    }
}

/// Reads a list, without elements of another form.
pub(super) fn list<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Vec<T> {
    let elements: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
    elements.into_iter().filter_map(|element| serde_json::from_str(element.get()).ok()).collect()
}
