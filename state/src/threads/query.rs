//! Query of a list: which threads, in which order, from where on.

use std::fmt;

use jiff::Timestamp;
use threadkeep_rollout::ThreadKind;
use uuid::Uuid;

use super::cursor::Cursor;
use super::order::{SortDirection, SortKey};

/// Query of a list. The default is the first page of the user's own current threads, the latest
/// updated first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListThreads {
    /// Sort key. `None`: that of the cursor, or else [`SortKey::Updated`].
    pub sort: Option<SortKey>,
    /// Direction. That of a cursor wins. Default: descending.
    pub direction: SortDirection,
    /// Largest number of threads on the page, from 1 to [`MAX_PAGE`](super::MAX_PAGE). `None`:
    /// [`DEFAULT_PAGE`](super::DEFAULT_PAGE).
    pub limit: Option<u32>,
    /// Cursor of an earlier page with the same filters.
    pub cursor: Option<Cursor>,
    /// The list to read.
    pub shelf: Shelf,
    /// Also lists sub-agents, reviews and other threads that are not the user's own. Sources that
    /// are asked for decide alone.
    pub all: bool,
    /// Only threads of one of these sources, and none of the excluded ones.
    pub sources: Vec<SourceFilter>,
    /// Only threads of one of these agents: [`Thread::agent`](crate::Thread::agent). Empty: of any.
    pub agents: Vec<String>,
    /// Only threads of one of these model providers. Empty: of any.
    pub providers: Vec<String>,
    /// Only threads of this model.
    pub model: Option<String>,
    /// Only threads that began on this branch.
    pub branch: Option<String>,
    /// Only threads whose folder is exactly one of these. See
    /// [`ThreadStore::folders`](super::ThreadStore::folders).
    pub folders: Option<Vec<String>>,
    /// Only these threads. `None`: any.
    pub ids: Option<Vec<Uuid>>,
    /// Leaves these threads out.
    pub without_ids: Vec<Uuid>,
    /// Only threads that were updated at this time or later.
    pub since: Option<Timestamp>,
    /// Only threads that were last updated before this time.
    pub until: Option<Timestamp>,
    /// Only threads with all these words, in any order, each as a substring, without regard to case
    /// and accents, in their name, title, first message, sub-agent names, folder, branch or model.
    /// Double quotes keep a phrase together.
    pub search: Option<String>,
}

/// One of the lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shelf {
    /// The current threads.
    #[default]
    Current,
    /// The archived threads.
    Archived,
    /// Both of these.
    Any,
    /// The threads whose rollout is gone, of every kind.
    Missing,
}

/// A word that names the source of threads, written `word`, or `!word` to exclude them.
///
/// It is a [`ThreadKind`] (`user`, `subagent`, `review`, …) or else a word of the rollout
/// (`exec`, `cli`, `vscode`, …), which selects among the user's own threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFilter {
    /// The word.
    pub word: String,
    /// True if its threads are left out.
    pub exclude: bool,
}

impl From<&str> for SourceFilter {
    fn from(text: &str) -> SourceFilter {
        let (word, exclude) = text.strip_prefix('!').map_or((text, false), |word| (word, true));
        SourceFilter { word: word.trim().to_owned(), exclude }
    }
}

impl fmt::Display for SourceFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.exclude { "!" } else { "" }, self.word)
    }
}

impl SourceFilter {
    fn kind(&self) -> Option<ThreadKind> {
        self.word.parse().ok()
    }
}

impl ListThreads {
    /// Returns true if some sources are asked for, which then decide alone.
    pub fn names_sources(&self) -> bool {
        self.sources.iter().any(|source| !source.exclude)
    }

    /// Makes a cursor for this query's list: it begins beyond a time and an id. The cursor of the
    /// query does not count.
    #[must_use]
    pub fn cursor_at(&self, at: Timestamp, id: Uuid) -> Cursor {
        let (sort, direction) = (self.sort.unwrap_or_default(), self.direction);
        Cursor { sort, direction, catch_up: false, filters: self.filters(), at, id }
    }

    /// Returns the values of `listing` that the list reads.
    pub(super) fn listings(&self) -> Vec<i64> {
        let own: &[i64] = match self.shelf {
            Shelf::Current => &[0],
            Shelf::Archived => &[1],
            Shelf::Any => &[0, 1],
            Shelf::Missing => return vec![2],
        };
        // The threads of others are in the same lists, three further.
        let (takes_own, takes_others) = self.takes();
        let own = own.iter().copied();
        let others = own.clone().filter(|_| takes_others).map(|listing| listing + 3);
        own.filter(|_| takes_own).chain(others).collect()
    }

    /// Returns true for each if the list may have the user's own threads and those of others.
    fn takes(&self) -> (bool, bool) {
        if !self.names_sources() {
            return (true, self.all);
        }
        let included = self.sources.iter().filter(|source| !source.exclude);
        let is_other = |source: &SourceFilter| source.kind().is_some_and(|kind| kind != ThreadKind::User);
        included.fold((false, false), |(own, others), source| {
            (own || !is_other(source), others || is_other(source))
        })
    }

    /// Returns the words of included or excluded sources: kinds, and words of the rollout.
    pub(super) fn words(&self, exclude: bool) -> (Vec<&'static str>, Vec<&str>) {
        let sources = self.sources.iter().filter(|source| source.exclude == exclude);
        let (kinds, words): (Vec<_>, Vec<_>) = sources.partition(|source| source.kind().is_some());
        let kinds = kinds.iter().filter_map(|source| source.kind()).map(ThreadKind::as_str).collect();
        (kinds, words.iter().map(|source| source.word.as_str()).collect())
    }

    /// Returns a checksum of everything that decides which threads are in the list, and not of
    /// their order and page.
    pub(super) fn filters(&self) -> u32 {
        // A time may be typed as a span, and then moves from page to page.
        let (since, until) = (self.since.map(|_| Timestamp::MIN), self.until.map(|_| Timestamp::MIN));
        let direction = SortDirection::default();
        // Ids may come from a search, and then differ from page to page.
        let (ids, without_ids) = (self.ids.as_ref().map(|_| Vec::new()), Vec::new());
        let page =
            Self { sort: None, direction, limit: None, cursor: None, ids, without_ids, ..self.clone() };
        let filters = Self { since, until, ..page };
        // Cursors are short-lived: renaming a field here only ends them.
        crc32fast::hash(format!("{filters:?}").as_bytes())
    }
}
