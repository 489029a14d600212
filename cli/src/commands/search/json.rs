//! Found threads for programs.

use serde_json::{Map, Value, json};
use threadkeep_history::{Hit, ShownHit, Snippet};

use super::snippet::character_marks;
use super::{Match, Results};
use crate::output::json::{at, ms, thread};
use crate::output::{Answer, Screen};

impl Answer for Results {
    fn json(&self) -> Value {
        let kinds =
            self.left_out.kinds.iter().map(|(kind, number)| (kind.as_str().to_owned(), (*number).into()));
        json!({
            "threads": self.threads.iter().map(of_match).collect::<Vec<_>>(),
            "total": self.total,
            "has_more": self.has_more,
            "others": kinds.collect::<Map<_, Value>>(),
            "other_shelf": self.left_out.other_shelf,
            "missing": self.left_out.missing,
            "history": of_extent(&self.extent),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        self.render(screen)
    }

    fn aside(&self, screen: &Screen) -> String {
        self.footer(screen)
    }
}

/// Renders which part of the history is indexed.
pub(in crate::commands) fn of_extent(extent: &threadkeep_app::history::Extent) -> Value {
    json!({
        "indexed": extent.indexed,
        "files": extent.files,
        "complete": extent.is_whole() && extent.reason.is_none(),
        "incomplete": extent.note().map(|note| note.to_string()),
    })
}

fn of_match(found: &Match) -> Value {
    let mut document = thread(&found.thread, None);
    document["hits"] = found.hits.iter().map(of_hit).collect();
    document["more_hits"] = found.more.into();
    document
}

fn of_hit((hit, shown): &(Hit, ShownHit)) -> Value {
    json!({
        "turn_number": shown.turn_number,
        "turn_id": shown.turn_id,
        "at": at(shown.at),
        "at_ms": ms(shown.at),
        "said": hit.said.as_str(),
        "rollout_path": hit.path,
        "offset": hit.offset,
        "snippet": shown.snippet.as_ref().map(of_snippet),
    })
}

fn of_snippet(snippet: &Snippet) -> Value {
    let marks: Vec<[usize; 2]> =
        character_marks(snippet).into_iter().map(|mark| [mark.start, mark.end]).collect();
    json!({
        "text": snippet.text,
        "marks": marks,
        "is_cut_before": snippet.is_cut_before,
        "is_cut_after": snippet.is_cut_after,
    })
}
