//! Turns that an agent has erased from a session stay in its rollout.
//!
//! `/compact` of Continue CLI and `/clear` of goose take turns out of a session for good.

use std::borrow::Cow;
use std::collections::HashSet;
use std::iter::zip;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use threadkeep_redact::redact;
use threadkeep_rollout::TurnItemKind;

use crate::ids::ThreadIds;
use crate::rollout::{Before, OTHER_USAGE, safe, title_after, to_rollout_after, usage_of, with_tokens_of};
use crate::session::{Session, SessionTurn};

/// Returns the rollout of a session some of whose turns were erased: the old rollout, and the turns
/// that it lacks. `None` if no turn with words of the user's was erased.
///
/// Turns are compared by these words: times may come later than a turn. Where the last turns of the
/// old rollout are the first ones of the session, these are written again, because they may have
/// grown.
pub(super) fn kept(old: &[u8], session: &Session, ids: &ThreadIds<'_>) -> Option<Vec<u8>> {
    let before = turns_of(old);
    let words: Vec<_> = before.iter().map(|turn| turn.words.as_str()).collect();
    let now: Vec<_> = session.turns.iter().map(words_of).collect();
    let now: Vec<_> = now.iter().map(AsRef::as_ref).collect();
    if has_all(&before, session, &now) {
        return None;
    }
    let most = words.len().min(now.len());
    let common = (0..=most).rev().find(|&turns| words.ends_with(&now[..turns]))?;
    let Known { turns, last } = Known::of(&before, session, &now);
    // Either all turns are written again, or only the unknown ones and the end.
    let (again, from) = if turns > common { (last, turns - last) } else { (common, 0) };
    let end = before.get(before.len() - again).map_or(old.len(), |turn| turn.offset);
    let mut kept = old[..end].to_vec();
    // A kill may have torn the last line.
    kept.truncate(kept.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1));
    let mut kept = with_tokens_of(session, &kept);
    if title_of(&kept) != session.title.as_ref().map(|title| redact(&title.text).into_owned()) {
        kept.extend(title_after(&state_after(&kept, session), session, ids));
    }
    if from < session.turns.len() {
        kept.extend(to_rollout_after(&state_after(&kept, session), session, ids, from, None).0);
    }
    Some(kept)
}

/// First turns of a session that an old rollout has, too, in their order, with other turns in
/// between: the agent went back, and on from there, or lost turns for a while.
struct Known {
    turns: usize,
    /// Number of these turns that are the last ones of the old rollout.
    last: usize,
}

impl Known {
    fn of(before: &[OldTurn], session: &Session, words: &[&str]) -> Self {
        let mut places = Vec::new();
        for (turn, words) in session.turns.iter().zip(words) {
            let next = places.last().map_or(0, |last| last + 1);
            let is_same = |old: &OldTurn| old.id == turn.id && old.words == *words;
            let Some(place) = before[next..].iter().position(is_same) else { break };
            places.push(next + place);
        }
        let ends = (0..before.len()).rev();
        let last = places.iter().rev().zip(ends).take_while(|(place, end)| **place == *end).count();
        Self { turns: places.len(), last }
    }
}

/// Returns true if a session begins with all turns of the old rollout that have words. The last of
/// them may have more words now: Grok Build writes a prompt in pieces. A piece may end within a
/// secret, so that its last word is another one then.
fn has_all(before: &[OldTurn], session: &Session, words: &[&str]) -> bool {
    let old: Vec<_> = before.iter().filter(|old| !old.words.is_empty()).collect();
    let new: Vec<_> = zip(&session.turns, words).filter(|(_, words)| !words.is_empty()).collect();
    let same = zip(&old, &new).take_while(|(old, (_, words))| old.words == **words).count();
    match (&old[same..], new.get(same)) {
        ([], _) => true,
        ([last], Some((turn, words))) => {
            let (whole, _) = last.words.rsplit_once(char::is_whitespace).unwrap_or_default();
            !last.is_answered && last.id == turn.id && words.starts_with(whole)
        }
        _ => false,
    }
}

/// Turn of a rollout.
struct OldTurn {
    /// Byte where its settings or its first line start.
    offset: usize,
    id: String,
    /// Words of its prompt; empty without any.
    words: String,
    /// True if it has more than its prompt.
    is_answered: bool,
}

#[derive(Deserialize)]
struct Line {
    timestamp: Option<Timestamp>,
    #[serde(rename = "type")]
    kind: String,
    payload: Payload,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    #[serde(rename = "type")]
    kind: String,
    turn_id: String,
    item: Item,
    response_id: Option<String>,
    usage: Option<Value>,
    thread_name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    content: Vec<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    text: String,
}

/// Reads the lines of a rollout of ours, with the byte where each starts.
fn lines(rollout: &[u8]) -> impl Iterator<Item = (usize, Line)> {
    let mut offset = 0;
    let starts = rollout.split_inclusive(|&byte| byte == b'\n').map(move |line| {
        let start = offset;
        offset += line.len();
        (start, line)
    });
    starts.filter_map(|(start, line)| Some((start, serde_json::from_slice(line).ok()?)))
}

fn turns_of(rollout: &[u8]) -> Vec<OldTurn> {
    let (mut turns, mut settings) = (Vec::<OldTurn>::new(), None);
    for (offset, line) in lines(rollout) {
        if line.kind == "turn_context" {
            settings = Some(offset);
            continue;
        }
        let settings = settings.take();
        if line.payload.kind == "task_started" {
            let (offset, id) = (settings.unwrap_or(offset), line.payload.turn_id);
            turns.push(OldTurn { offset, id, words: String::new(), is_answered: false });
        }
        let (item, Some(turn)) = (line.payload.item, turns.last_mut()) else { continue };
        if item.kind == "UserMessage" && turn.words.is_empty() {
            let words = item.content.iter().map(|part| part.text.as_str()).find(|text| !text.is_empty());
            // An older version, which wrote the rollout, may know fewer secrets.
            turn.words = words.map(safe).unwrap_or_default().into_owned();
        } else {
            turn.is_answered |= !item.kind.is_empty();
        }
    }
    turns
}

/// Returns the first words of a turn's prompts as a rollout has them.
fn words_of(turn: &SessionTurn) -> Cow<'_, str> {
    let words = turn.items.iter().find_map(|item| match &item.kind {
        TurnItemKind::UserMessage { text, .. } if !text.is_empty() => Some(text),
        _ => None,
    });
    words.map(|words| safe(words)).unwrap_or_default()
}

/// Returns the title that a rollout has last.
fn title_of(rollout: &[u8]) -> Option<String> {
    lines(rollout).filter_map(|(_, line)| line.payload.thread_name).last()
}

/// Returns what is before the new lines of a session.
fn state_after(rollout: &[u8], session: &Session) -> Before {
    let mut before = Before {
        bytes: rollout.len(),
        lines: 0,
        at: None,
        model: None,
        latest_model: (None, false),
        named_by: None,
        requests: HashSet::new(),
        until: None,
    };
    let now: HashSet<&str> = session.requests.iter().map(|request| request.id.as_str()).collect();
    let mut others = Vec::new();
    for (_, Line { timestamp, kind, payload }) in lines(rollout) {
        before.lines += 1;
        if kind != OTHER_USAGE {
            before.at = timestamp.or(before.at);
        }
        let Some(id) = payload.response_id else { continue };
        if !now.contains(id.as_str()) {
            others.push((timestamp, payload.usage));
        }
        before.requests.insert(id);
    }
    // A request may have another id once its answer is erased.
    for request in &session.requests {
        if !before.requests.contains(&request.id)
            && let record = (request.at, usage_of(request))
            && let Some(place) = others.iter().position(|other| *other == record)
        {
            others.remove(place);
            before.requests.insert(request.id.clone());
        }
    }
    before
}
