//! Corrections and wishes in the user's messages. Conservative: a missed one costs less than a
//! wrong one, which would stand in every later thread.

/// Longest message that counts as a correction, in bytes.
const MAX_CORRECTION: usize = 400;
/// Longest message that is searched for wishes, in bytes.
const MAX_MESSAGE: usize = 4_000;
/// Longest sentence that counts as a wish, in bytes.
const MAX_WISH: usize = 300;

/// Beginnings of corrections. The word after one must be another word.
const CORRECTIONS: &[&str] = &[
    "actually",
    "do not",
    "don't",
    "dont",
    "i asked",
    "i meant",
    "i said",
    "i told you",
    "instead",
    "never",
    "nope",
    "not like that",
    "not what",
    "please do not",
    "please don't",
    "rather",
    "revert",
    "that is not",
    "that is wrong",
    "that's not",
    "that's wrong",
    "this is not",
    "this is wrong",
    "undo",
    "wrong",
    "you forgot",
    "you misunderstood",
    "you should have",
    "you shouldn't",
];

/// Words after "no" with which a message agrees.
const POLITE: &[&str] = &[
    "thank",
    "thanks",
    "problem",
    "worries",
    "need",
    "rush",
    "idea",
    "that's fine",
    "it's fine",
    "all good",
];

/// Words after "no" with which a message corrects, if no punctuation is between.
const AFTER_NO: &[&str] =
    &["don't", "i", "it", "keep", "leave", "not", "only", "please", "that", "that's", "use", "you"];

/// Beginnings of wishes for later.
const WISHES: &[&str] = &[
    "always",
    "do not ever",
    "don't ever",
    "from now on",
    "i prefer",
    "in future",
    "in the future",
    "never",
    "please always",
    "please never",
    "prefer",
    "remember that",
    "remember to",
    "we always",
    "we never",
    "we prefer",
    "you must always",
    "you must never",
];

/// Returns true if a later message corrects what the agent did.
pub(crate) fn is_correction(message: &str) -> bool {
    let message = message.trim();
    if message.len() > MAX_CORRECTION || message.ends_with('?') {
        return false;
    }
    let words = plain(message);
    if let Some(rest) = after(&words, "no") {
        let begins = |list: &[&str]| list.iter().any(|start| after(rest, start).is_some());
        let tail = message.trim_start_matches(|c: char| !c.is_alphanumeric()).get("no".len()..);
        let has_break = tail.is_some_and(|tail| {
            tail.starts_with([',', '.', ':', ';', '!'])
                || [" - ", " – ", " — "].iter().any(|dash| tail.starts_with(dash))
        });
        return !rest.is_empty() && !begins(POLITE) && (has_break || begins(AFTER_NO));
    }
    CORRECTIONS.iter().any(|start| after(&words, start).is_some_and(|rest| !rest.is_empty()))
}

/// Returns the sentences of a message that say what the user always wants.
pub(crate) fn wishes(message: &str) -> Vec<&str> {
    if message.len() > MAX_MESSAGE {
        return Vec::new();
    }
    let is_wish = |sentence: &&str| {
        // Most sentences end here: the rest allocates.
        let start = sentence.trim_start_matches(|c: char| !c.is_alphanumeric()).get(..2);
        if !start.is_some_and(|start| WISHES.iter().any(|wish| start.eq_ignore_ascii_case(&wish[..2]))) {
            return false;
        }
        let words = plain(sentence);
        let begins = WISHES.iter().any(|start| after(&words, start).is_some_and(|rest| !rest.is_empty()));
        begins && sentence.len() <= MAX_WISH && !sentence.ends_with('?')
    };
    sentences(message).filter(is_wish).collect()
}

/// Returns the text after a beginning that ends at a word's end.
fn after<'a>(words: &'a str, start: &str) -> Option<&'a str> {
    let rest = words.strip_prefix(start)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
}

/// Returns the words of the beginning of a text, in lower case and without punctuation.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().take(8).map(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        word.replace('\u{2019}', "'")
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Splits a text into sentences: at line ends, and at a full stop or an exclamation mark before a
/// space.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split_inclusive(". ").flat_map(|part| part.split_inclusive("! ")))
        .map(|sentence| sentence.trim().trim_start_matches(['-', '*', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrections_are_found() {
        for message in [
            "No, use tabs.",
            "no - the other file",
            "no not that one",
            "Don't touch the lock file",
            "Don\u{2019}t touch the lock file",
            "Actually, keep the old name.",
            "I meant the second test",
            "instead of a thread, use a task",
            "That's not what I asked for",
        ] {
            assert!(is_correction(message), "{message}");
        }
    }

    #[test]
    fn other_messages_are_none() {
        for message in [
            "no",
            "No, thanks",
            "no problem, go on",
            "No worries.",
            "no-std support, please",
            "Now run the tests",
            "nobody uses it",
            "Actually, could you also look at the docs?",
            "stop",
            "Add a flag, do not touch the rest",
            "",
        ] {
            assert!(!is_correction(message), "{message}");
        }
        assert!(!is_correction(&format!("no, {}", "long ".repeat(100))));
    }

    #[test]
    fn wishes_are_sentences() {
        let message =
            "Fix the parser. Always run cargo fmt. The rest is fine!\n- Never push to main\nAlways?";
        assert_eq!(wishes(message), ["Always run cargo fmt.", "Never push to main"]);
        assert!(wishes("I always wondered why. Always").is_empty());
    }
}
