//! Tests of `commands/memories/search.rs`, next to which its private items are in scope.

use jiff::Timestamp;
use threadkeep_memories::{StageOneOutput, ThreadFacts};

use super::*;

fn score(title: &str, raw: &str, summary: &str, words: &[&str]) -> Option<(usize, String)> {
    let memory = Memory {
        thread: ThreadFacts {
            id: Uuid::nil(),
            title: Some(title.to_owned()),
            cwd: Some("/srv/shop".to_owned()),
            git_branch: None,
            rollout_path: String::new(),
            updated_at: Timestamp::UNIX_EPOCH,
        },
        output: StageOneOutput { rollout_summary: summary.into(), raw_memory: raw.into(), slug: None },
        generated_at: Timestamp::UNIX_EPOCH,
        usage_count: 0,
        last_used_at: None,
        selected: false,
    };
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    hit(memory, &words).map(|hit| (hit.score, hit.line))
}

#[test]
fn every_word_must_be_there_in_any_case() {
    let score = |words: &[&str]| score("Fix the Parser", "- Straße 5", "## Asked\n- the parser fails", words);
    assert_eq!(score(&["parser", "SHOP"]), Some((8 + 1 + 8, "the parser fails".to_owned())));
    assert_eq!(score(&["straße"]), Some((3, "Straße 5".to_owned())));
    assert_eq!(score(&["parser", "lexer"]), None);
}

#[test]
fn repetitions_count_up_to_a_limit() {
    assert_eq!(score("", "", &"word ".repeat(100), &["word"]).map(|(score, _)| score), Some(5));
}
