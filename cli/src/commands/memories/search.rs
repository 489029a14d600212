//! `memories search`: the memories with all of some words.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::opening::Index;
use threadkeep_app::text::{counted, one_line};
use threadkeep_app::time::Clock;
use threadkeep_memories::{Memory, StageOneOutputs as _};
use uuid::Uuid;

use super::{boxed, text};
use crate::command::{Answered, Context, Run};
use crate::output::color::{BOLD, DIM, paint};
use crate::output::ids::Ids;
use crate::output::json::at;
use crate::output::table::{Column, table};
use crate::output::{Answer, Screen};

/// Most occurrences of a word that count.
const MOST: usize = 5;

/// The command.
pub(super) struct Search<'a> {
    pub(super) words: &'a [String],
}

/// Memory with all words.
struct Hit {
    memory: Memory,
    score: usize,
    /// Line with the first word.
    line: String,
}

/// Memories with all words, the best first.
struct Hits {
    hits: Vec<Hit>,
    ids: Ids,
}

#[async_trait(?Send)]
impl Run for Search<'_> {
    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        let index = Index::existing(dirs, *screen).await?;
        let memories = index.state.memories().list().await.map_err(boxed)?;
        let words: Vec<String> =
            self.words.iter().flat_map(|typed| typed.split_whitespace()).map(str::to_lowercase).collect();
        let mut hits: Vec<Hit> = memories.into_iter().filter_map(|memory| hit(memory, &words)).collect();
        // Stable, so that of equals the latest thread stays first.
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        let threads: Vec<Uuid> = hits.iter().map(|hit| hit.memory.thread.id).collect();
        let ids = Ids::of(index.state.threads(), &threads).await?;
        index.close().await?;
        Ok(Box::new(Hits { hits, ids }))
    }
}

/// Returns a memory if it has all words. A word in its name counts most, one in the summary least.
fn hit(memory: Memory, words: &[String]) -> Option<Hit> {
    let head = format!("{}\n{}", text::name(&memory), memory.thread.cwd.as_deref().unwrap_or_default());
    let parts = [(8, head.as_str()), (3, &memory.output.raw_memory), (1, &memory.output.rollout_summary)];
    let lower = parts.map(|(weight, part)| (weight, part.to_lowercase()));
    let mut score = 0;
    for word in words {
        let counts =
            lower.iter().map(|(weight, part)| weight * part.matches(word.as_str()).take(MOST).count());
        let of_word: usize = counts.sum();
        if of_word == 0 {
            return None;
        }
        score += of_word;
    }
    let has_word = |line: &&str| words.first().is_some_and(|word| line.to_lowercase().contains(word));
    let line = parts[1..].iter().find_map(|(_, part)| part.lines().find(has_word));
    let line = one_line(line.unwrap_or_default().trim_start_matches(['-', '#', '>', ' ']));
    Some(Hit { memory, score, line })
}

impl Answer for Hits {
    fn json(&self) -> Value {
        let hits = self.hits.iter().map(|hit| {
            let mut memory = text::of_memory(&hit.memory);
            memory["score"] = hit.score.into();
            memory
        });
        json!({ "memories": hits.collect::<Vec<_>>() })
    }

    fn text(&self, screen: &Screen) -> String {
        const COLUMNS: [Column; 4] = [
            Column::new("THREAD", usize::MAX, usize::MAX, 0, DIM),
            Column::new("UPDATED", 12, 12, 2, DIM),
            Column { floor: 10, ..Column::new("MEMORY", 20, 40, 0, BOLD) },
            Column::new("FOUND", 20, usize::MAX, 1, DIM),
        ];
        if self.hits.is_empty() {
            return String::new();
        }
        let clock = Clock::system();
        let row = |Hit { memory, line, .. }: &Hit| {
            let updated = memory.thread.updated_at;
            vec![
                self.ids.cell("", memory.thread.id, screen),
                if screen.is_plain() { at(updated).unwrap_or_default() } else { clock.short(updated) }.into(),
                text::name(memory).into(),
                line.clone().into(),
            ]
        };
        table(&COLUMNS, &self.hits.iter().map(row).collect::<Vec<_>>(), screen.width)
    }

    fn aside(&self, _screen: &Screen) -> String {
        if self.hits.is_empty() {
            return "No memory has all of these words.\n".to_owned();
        }
        paint(DIM, &counted(self.hits.len() as u64, "thread")) + "\n"
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/commands_memories_search.rs"]
mod tests;
