//! A model that needs no network: a deterministic extract of a session.

use async_trait::async_trait;
use serde_json::json;
use threadkeep_memories::{ExtractionRequest, ModelError, StageOneModel};

use super::repairs::Failure;
use super::session::Session;
use super::text::{code, cut, one_line, quote, whole_lines};

/// Longest summary, in bytes.
const MAX_SUMMARY: usize = 8_000;
/// Longest durable part, in bytes.
const MAX_MEMORY: usize = 3_000;
/// Most characters of a title.
const MAX_TITLE: usize = 100;
/// Most characters of the first message, which says the most.
const MAX_FIRST: usize = 600;
/// Most characters of any other message.
const MAX_MESSAGE: usize = 300;
/// Most messages from the beginning, and from the end.
const MESSAGES: (usize, usize) = (6, 5);
/// Most lines of any other section.
const MAX_LINES: usize = 12;
/// Most files of the durable part, which have this many changes at least.
const DURABLE_FILES: (usize, usize) = (5, 2);
/// Most characters of the last answer.
const MAX_ANSWER: usize = 1_500;
/// Most characters of a slug.
const MAX_SLUG: usize = 60;

/// A model that needs no network: it extracts from a session what was asked, the changed files,
/// commands that failed and what then worked, the user's corrections and wishes, and the last
/// answer.
///
/// The same session always gives the same answer. A summary has at most 8,000 bytes, and its
/// durable part 3,000.
#[derive(Debug, Clone, Copy, Default)]
pub struct DigestModel;

#[async_trait]
impl StageOneModel for DigestModel {
    async fn extract(&self, request: ExtractionRequest<'_>) -> Result<String, ModelError> {
        let session = Session::of(&request);
        let title = title(&request, &session);
        let answer = json!({
            "rollout_summary": summary(&session, title.as_deref()),
            "raw_memory": memory(&session),
            "rollout_slug": title.as_deref().and_then(slug),
        });
        Ok(answer.to_string())
    }
}

/// Returns the thread's title, or else the beginning of the first message.
fn title(request: &ExtractionRequest<'_>, session: &Session<'_>) -> Option<String> {
    let title = request.thread.title.as_deref().or(session.asked.first().copied())?;
    Some(one_line(title, MAX_TITLE)).filter(|title| !title.is_empty())
}

fn slug(title: &str) -> Option<String> {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = String::new();
    for word in words.map(str::to_ascii_lowercase) {
        if slug.len() + word.len() >= MAX_SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('_');
        }
        slug += &word;
    }
    (!slug.is_empty()).then_some(slug)
}

fn summary(session: &Session<'_>, title: Option<&str>) -> String {
    if session.is_empty() {
        return String::new();
    }
    let mut text = title.map_or(String::new(), |title| format!("# {title}\n"));
    section(&mut text, "## Asked", asked(session));
    section(&mut text, "## Corrections", corrections(session));
    section(&mut text, "## Files", session.files.iter().map(file));
    section(&mut text, "## Commands", session.failures.iter().map(Failure::line));
    if let Some(answer) = session.answer {
        text += &format!("\n## Last answer\n\n{}", quote(answer, MAX_ANSWER));
    }
    if session.omitted > 0 {
        text += &format!("\n{} items in the middle of this long session were left out.\n", session.omitted);
    }
    whole_lines(text, MAX_SUMMARY)
}

fn memory(session: &Session<'_>) -> String {
    let mut text = String::new();
    let wishes = session.wishes.iter().map(|wish| one_line(wish, MAX_MESSAGE));
    section(&mut text, "### Preferences", wishes.chain(corrections(session)));
    section(&mut text, "### Commands", session.failures.iter().filter_map(Failure::lesson));
    let (most, changes) = DURABLE_FILES;
    let files = session.files.iter().filter(|(_, count)| *count >= changes).take(most);
    section(&mut text, "### Files", files.map(|(path, _)| code(path, MAX_MESSAGE)));
    whole_lines(text.trim_start().to_owned(), MAX_MEMORY)
}

/// Adds a section, if there is a line for it.
fn section(text: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return };
    *text += &format!("\n{heading}\n\n- {first}\n");
    for line in lines.by_ref().take(MAX_LINES - 1) {
        *text += &format!("- {line}\n");
    }
    let more = lines.count();
    if more > 0 {
        *text += &format!("- … {more} more\n");
    }
}

/// Returns the first and the last messages of the user.
fn asked(session: &Session<'_>) -> impl Iterator<Item = String> {
    let (first, last) = MESSAGES;
    let count = session.asked.len();
    let omitted = count.saturating_sub(first + last);
    let shown = |(at, message): (usize, &&str)| {
        let max = if at == 0 { MAX_FIRST } else { MAX_MESSAGE };
        if omitted > 0 && at == first {
            return Some(format!("… {omitted} more"));
        }
        (at < first || at >= first + omitted).then(|| one_line(message, max))
    };
    session.asked.iter().enumerate().filter_map(shown).collect::<Vec<_>>().into_iter()
}

fn corrections(session: &Session<'_>) -> impl Iterator<Item = String> {
    session.corrections.iter().map(|text| one_line(text, MAX_MESSAGE))
}

fn file((path, changes): &(&str, usize)) -> String {
    let path = code(&cut(path, MAX_MESSAGE), MAX_MESSAGE);
    if *changes > 1 { format!("{path}, {changes} changes") } else { path }
}
