//! Sub-agents that a turn waits for: the turn's sum contains their tokens, as do their own files.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::{ByModel, Line, Update, Usage};
use crate::error::StoreError;
use crate::files;
use crate::session::Tokens;

/// Type of the line that ends a turn.
pub(super) const TURN_END: &str = "turn_completed";

/// Ends of a sub-agent's turns, with their tokens.
pub(super) type Ends = Vec<(Timestamp, ByModel)>;

/// Sub-agent that a turn started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Child {
    id: String,
    prompt: String,
    at: Option<Timestamp>,
    /// True if the turn waited for it. One in the background wakes the agent when it ends.
    is_waited_for: bool,
}

/// Returns the ends of the turns that a sub-agent's file has.
pub(super) fn ends(updates: &Path) -> Result<Ends, StoreError> {
    let mut ends = Ends::new();
    files::each_line(updates, |_, json| {
        if json.contains(TURN_END) {
            let line: Line<'_> = serde_json::from_str(json)?;
            let usage = line.params.update.usage.as_ref().filter(|_| line.params.update.kind == TURN_END);
            ends.extend(line.at().zip(usage.map(Usage::by_model)));
        }
        Ok(true)
    })?;
    Ok(ends)
}

/// Takes the start of a sub-agent.
pub(super) fn start(children: &mut Vec<Child>, at: Option<Timestamp>, update: &Update<'_>) {
    if let (Some(id), Some(prompt)) = (&update.child_session_id, &update.parent_prompt_id) {
        let (id, prompt) = (id.to_string(), prompt.to_string());
        children.push(Child { id, prompt, at, is_waited_for: false });
    }
}

/// Takes the end of a sub-agent.
pub(super) fn finish(children: &mut [Child], update: &Update<'_>) {
    let is_it = |child: &&mut Child| update.child_session_id.as_deref() == Some(&child.id);
    if let Some(child) = children.iter_mut().rfind(is_it) {
        child.is_waited_for = update.will_wake == Some(false);
    }
}

/// Takes the sub-agents of a turn that ends, and subtracts the tokens that it waited for.
pub(super) fn subtract(
    tokens: &mut ByModel,
    children: &mut Vec<Child>,
    (prompt, at): (&str, Option<Timestamp>),
    ends: &BTreeMap<String, Ends>,
) {
    for child in children.extract_if(.., |child| child.prompt == prompt).filter(|child| child.is_waited_for) {
        // A sub-agent that goes on in a later turn has more ends.
        let of_turn = ends.get(&child.id).into_iter().flatten();
        for (_, used) in of_turn.filter(|(end, _)| child.at <= Some(*end) && at.is_none_or(|at| *end <= at)) {
            for (model, used) in used {
                if let Some(tokens) = tokens.get_mut(model) {
                    *tokens = without(*tokens, *used);
                }
            }
        }
    }
}

/// Returns the tokens without some of them, and never less than none.
fn without(tokens: Tokens, used: Tokens) -> Tokens {
    let less = |all: i64, part: i64| all.saturating_sub(part).max(0);
    let cached_input = less(tokens.cached_input, used.cached_input);
    let cache_write = less(tokens.cache_write, used.cache_write);
    let reasoning = tokens.reasoning.map(|all| less(all, used.reasoning.unwrap_or(0)));
    Tokens {
        input: less(tokens.input, used.input).max(cached_input.saturating_add(cache_write)),
        cached_input,
        cache_write,
        output: less(tokens.output, used.output).max(reasoning.unwrap_or(0)),
        reasoning,
    }
}
