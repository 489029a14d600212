//! Checks the English of comments: openings of documentation, words, width.

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::is_test_file;

/// Longest line with a comment, in characters.
const WIDTH: usize = 100;

/// First words that make a reader wait for the thing that is meant.
const PRONOUNS: &str = "What|Whatever|Whether|Who|Whoever|Whom|Whose|How|Why|Which|Whichever|Where|\
    Wherever|When|Whenever|Those";

/// Words with an easier one: forms, separated by `|`, and the replacement.
///
/// A form matches whole words in any case. A final `.` in a form stands for the end of a clause.
pub const WORDS: &[(&str, &str)] = &[
    ("whoever|whomever|whosoever", "name the actor: another process, the caller, the user"),
    ("somebody|nobody", "name the actor: another process, the caller, no process, no caller"),
    ("one that|those that", "name the thing"),
    ("what is of it|what of it", "name the thing"),
    ("no more.", "no longer"),
    ("anew", "again, from scratch"),
    ("beside", "next to, with, in addition to"),
    ("hold against|holds against|held against", "compare with"),
    ("mend|mends|mended|mending", "repair, fix"),
    ("take out|takes out|taken out|strike out|struck out", "remove"),
    ("grave|graver|gravest", "severe, serious"),
    ("tell|tells|told|say of|says of|said of", "return, report, show, say"),
    ("what is to be|is to be|are to be", "must be, pending"),
    ("thereof|therein|whereof|wherein|heed|heeds|shall", "write it in plain words"),
];

/// Reads comments; returns the number of documented items, and the comments that break a rule.
pub fn of(repo: &Repo, files: &[&String]) -> Result<(usize, Vec<Finding>)> {
    let (mut items, mut found) = (0, Vec::new());
    for path in files {
        let text = repo.text(path)?;
        let mut before = "";
        for (number, line) in (1..).zip(text.lines()) {
            let trimmed = line.trim_start();
            let mut refuse = |rule, what: &str, fix: &str| {
                found.push(Finding::new(format!("{path}:{number}"), rule, format!("`{what}`"), fix));
            };
            if let Some(comment) = trimmed.strip_prefix("//") {
                let words = words(comment);
                let is_doc = comment.starts_with('/') && !comment.starts_with("//");
                if is_doc && !before.starts_with("///") && !is_test_file(path) {
                    items += 1;
                    let first = words.first().map_or("", |word| word.trim_end_matches(','));
                    if PRONOUNS.split('|').any(|pronoun| pronoun == first) {
                        refuse("tidy/pronouns", first, "begin with the noun or the verb");
                    }
                }
                for (word, instead) in avoidable(&words) {
                    refuse("tidy/words", word, instead);
                }
                // A row of a table and a link have no place to break.
                let can_break =
                    !comment.trim_start_matches(['/', '!', ' ']).starts_with('|') && !comment.contains("://");
                let width = line.chars().count();
                if width > WIDTH && can_break {
                    refuse("tidy/wide", &format!("{width} columns"), "wrap the comment at 100 columns");
                }
            }
            before = trimmed;
        }
    }
    Ok((items, found))
}

/// Splits a comment into words; code between backticks is one word without letters.
fn words(comment: &str) -> Vec<&str> {
    let prose = comment.split('`').step_by(2);
    prose
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_start_matches(['/', '!', '(', '"', '*', '[']))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Finds words of the table in a comment; returns each with its replacement.
fn avoidable(words: &[&str]) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for (forms, instead) in WORDS {
        for form in forms.split('|') {
            let (form, ends) = form.strip_suffix('.').map_or((form, false), |form| (form, true));
            let parts: Vec<&str> = form.split(' ').collect();
            let is_here = |at: &[&str]| {
                let last = at[at.len() - 1];
                let same = at.iter().zip(&parts).all(|(word, part)| plain(word).eq_ignore_ascii_case(part));
                same && (!ends || last != plain(last))
            };
            let here = words.windows(parts.len()).filter(|at| is_here(at));
            found.extend(here.map(|_| (form, *instead)));
        }
    }
    found
}

/// Removes the punctuation at the end of a word.
fn plain(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_punctuation())
}
