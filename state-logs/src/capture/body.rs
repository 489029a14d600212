//! Bodies: fields with content of a conversation or a request, which is never stored.
//!
//! Whole prompts in logs fill disks and reveal secrets. So a text under such a name is stored as
//! its length. The last word of the name decides: `http.request.body`, `userPrompt` and
//! `aggregated_output` are bodies; `request_id`, `content_type` and `output_tokens` are not.
//! Numbers and booleans are never bodies. The `message` of an event stays: its author wrote it.

/// Last words of the names of bodies.
const BODIES: &[&str] = &[
    "args",
    "argument",
    "arguments",
    "authorization",
    "bodies",
    "body",
    "completion",
    "content",
    "contents",
    "conversation",
    "delta",
    "diff",
    "document",
    "history",
    "html",
    "input",
    "inputs",
    "instruction",
    "instructions",
    "messages",
    "output",
    "outputs",
    "patch",
    "payload",
    "payloads",
    "prompt",
    "prompts",
    "request",
    "response",
    "stderr",
    "stdin",
    "stdout",
    "transcript",
];

/// Returns true if a text under this name is stored as its length.
pub(crate) fn is_body(name: &str) -> bool {
    let last = last_word(name);
    BODIES.iter().any(|body| last.eq_ignore_ascii_case(body))
}

/// Returns the last word of a name. Punctuation and capitals separate words.
fn last_word(name: &str) -> &str {
    let name = name.trim_end_matches(|character: char| !character.is_alphanumeric());
    let mut before = false;
    for (at, byte) in name.bytes().enumerate().rev() {
        if byte.is_ascii_punctuation() {
            return &name[at + 1..];
        }
        // The first capital before a small letter begins a word: `userPrompt`.
        if byte.is_ascii_uppercase() && before {
            return &name[at..];
        }
        before = byte.is_ascii_lowercase();
    }
    name
}
