//! Texts of a rollout: without secrets where that is wanted, and without what a terminal obeys.

use std::borrow::Cow;

use threadkeep_app::text::{clean, count, is_hazard};
use threadkeep_redact::redact;
use threadkeep_rollout::{EditKind, FileEdit, MAX_ITEM_TEXT};

/// Treatment of secrets in a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// They are removed where they are recognised.
    #[default]
    Removed,
    /// Everything stays as it is in the rollout.
    Shown,
}

impl Secrets {
    /// Applies it to a text. Says where a text was cut when it was read, and leaves out the word at
    /// the cut: it may be half a key.
    pub fn text(self, text: String) -> String {
        let mut text = text;
        // Only a long text may have been cut.
        let is_cut =
            text.len() >= MAX_ITEM_TEXT && text.ends_with('…') && text.chars().count() >= MAX_ITEM_TEXT;
        if is_cut {
            text.truncate(text.trim_end_matches(|c: char| !c.is_whitespace()).len());
        }
        let mut text = self.of(text);
        if is_cut {
            text.push_str(&format!("… (cut: only {} characters are read)", count(MAX_ITEM_TEXT as u64)));
        }
        text
    }

    /// Returns the lines of a diff.
    pub(crate) fn diff(self, edit: &FileEdit) -> String {
        // A secret of several lines is found only without the signs before them.
        match &edit.kind {
            EditKind::Add | EditKind::Delete => {
                let mut plain = edit.clone();
                plain.diff = self.text(edit.diff.clone());
                plain.unified().into_owned()
            }
            _ if self == Secrets::Shown => edit.diff.clone(),
            _ => unsigned(&edit.diff).unwrap_or_else(|| self.text(edit.diff.clone())),
        }
    }

    fn of(self, text: String) -> String {
        match self {
            Secrets::Shown => text,
            Secrets::Removed => match redact(&text) {
                Cow::Borrowed(_) => text,
                Cow::Owned(redacted) => redacted,
            },
        }
    }
}

/// Redacts the lines of a diff without their signs, and again with them. `None` if that cannot be
/// put together, because a secret has several lines.
fn unsigned(diff: &str) -> Option<String> {
    let is_signed = |line: &str| line.starts_with(['+', '-', ' ']);
    let plain: Vec<&str> = diff.lines().map(|line| if is_signed(line) { &line[1..] } else { line }).collect();
    let plain = plain.join("\n");
    let redacted = redact(&plain);
    if redacted == plain {
        return Some(Secrets::Removed.text(diff.to_owned()));
    }
    let signs = diff.lines().map(|line| if is_signed(line) { &line[..1] } else { "" });
    (redacted.lines().count() == diff.lines().count()).then(|| {
        let lines = signs.zip(redacted.lines()).map(|(sign, line)| format!("{sign}{line}\n"));
        Secrets::Removed.text(lines.collect())
    })
}

/// Returns the output of a command as a terminal would leave it: without escape sequences, and of
/// a line that was written over only the last.
pub(crate) fn output_text(output: &str) -> String {
    let plain = anstream::adapter::strip_str(output).to_string();
    if !plain.contains('\r') {
        return plain;
    }
    let mut text = String::with_capacity(plain.len());
    for line in plain.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let line = line.trim_end_matches('\r');
        text.push_str(line.rsplit('\r').next().unwrap_or(line));
        text.push_str(end);
    }
    text
}

/// Makes a text harmless in any viewer, and keeps its lines and tabs: other controls become
/// visible, and what could reorder or hide text becomes `�`.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| c == '\n' || c == '\t';
    if !text.chars().any(|c| is_hazard(c) && !is_kept(c)) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    let lines = text
        .split('\n')
        .map(|line| line.split('\t').map(|part| clean(part).into_owned()).collect::<Vec<_>>().join("\t"));
    Cow::Owned(lines.collect::<Vec<_>>().join("\n"))
}
