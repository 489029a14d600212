//! Search terms, and the two ways of answering them.

/// Way of answering a search: by the trigram index or, for one or two characters, by comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SearchShape {
    Indexed,
    Short,
}

/// Substring to look for, without regard to case.
///
/// Three characters and more are looked up in the trigram index. One or two cannot be: they are
/// compared with every row of the list, in its order, until the page is full; SQLite then folds the
/// case of ASCII alone.
pub(super) struct SearchTerm<'a> {
    text: &'a str,
}

impl<'a> SearchTerm<'a> {
    /// Trims the text. Returns `None` if nothing is left.
    pub(super) fn new(text: &'a str) -> Option<SearchTerm<'a>> {
        let text = text.trim();
        (!text.is_empty()).then_some(SearchTerm { text })
    }

    pub(super) fn shape(&self) -> SearchShape {
        if self.text.chars().nth(2).is_some() { SearchShape::Indexed } else { SearchShape::Short }
    }

    /// Returns the value to bind: one FTS5 string, in which nothing is an operator, or a LIKE
    /// pattern.
    pub(super) fn pattern(&self) -> String {
        match self.shape() {
            SearchShape::Indexed => format!("\"{}\"", self.text.replace('"', "\"\"")),
            SearchShape::Short => {
                let escaped: String = self
                    .text
                    .chars()
                    .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
                    .collect();
                format!("%{escaped}%")
            }
        }
    }
}
