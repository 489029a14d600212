//! The in-memory source.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Faults, InMemoryProblem};
use crate::{Item, Listing, Problem, ProblemKind, Source, SourceError};

/// Content of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemContent {
    /// Identity. Of two items with the same one, the lower key gets the row. `None` stands for the
    /// key.
    pub identity: Option<String>,
    /// Text that is read from it.
    pub text: String,
    /// Number of lines that are skipped.
    pub skips: u64,
    /// Result of reading it.
    pub behaviour: Behaviour,
}

/// Result of reading an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Reading works.
    Reads,
    /// The item is left out on purpose.
    Excluded,
    /// Reading fails, and will again.
    Breaks,
    /// Reading fails, but may work the next time.
    Flakes,
    /// Reading panics.
    Panics,
}

impl ItemContent {
    /// Makes readable content that is no copy.
    pub fn text(text: impl Into<String>) -> Self {
        Self { identity: None, text: text.into(), skips: 0, behaviour: Behaviour::Reads }
    }

    /// Sets the identity, which makes the item a copy of others that have it.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Sets the result of reading it.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    fn fingerprint(&self) -> String {
        // The behaviour is not part of it: a flaky disk does not change the file.
        format!("{:?} {} {}", self.identity, self.skips, self.text)
    }
}

/// In-memory source. Clones are the same source.
#[derive(Debug, Clone, Default)]
pub struct InMemorySource {
    data: Arc<Mutex<Data>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Data {
    items: BTreeMap<String, ItemContent>,
    extra: Vec<(String, ItemContent)>,
    unreadable: Vec<String>,
    missing: bool,
}

impl InMemorySource {
    /// Returns the same source with other faults.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { data: Arc::clone(&self.data), faults }
    }

    /// Makes or replaces an item.
    pub fn put(&self, key: impl Into<String>, content: ItemContent) {
        self.data().items.insert(key.into(), content);
    }

    /// Removes an item.
    pub fn remove(&self, key: &str) {
        self.data().items.remove(key);
    }

    /// Lists a key once more, as a source does that walks in circles.
    pub fn list_again(&self, key: impl Into<String>, content: ItemContent) {
        self.data().extra.push((key.into(), content));
    }

    /// Sets the key prefixes that cannot be listed. Each leaves out its items and adds a problem.
    pub fn set_unreadable(&self, prefixes: &[&str]) {
        self.data().unreadable = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    }

    /// Makes the source missing, or present again.
    pub fn set_missing(&self, missing: bool) {
        self.data().missing = missing;
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for InMemorySource {
    type Handle = ItemContent;
    type Problem = InMemoryProblem;

    async fn list(&self) -> Result<Listing<ItemContent, InMemoryProblem>, SourceError> {
        let place = || "memory".to_owned();
        self.faults.step().await.map_err(|source| SourceError::Unreadable { place: place(), source })?;
        let data = self.data();
        if data.missing {
            return Err(SourceError::Missing { place: place() });
        }
        let readable = |key: &str| !data.unreadable.iter().any(|prefix| key.starts_with(prefix.as_str()));
        let items = data.items.iter().chain(data.extra.iter().map(|(key, content)| (key, content)));
        // Reversed, because no engine may rely on the order.
        let mut items: Vec<_> =
            items.filter(|(key, _)| readable(key)).map(|(key, content)| item(key, content)).collect();
        items.reverse();
        let kind = ProblemKind::Listing(InMemoryProblem::Unlisted);
        let unlisted = |key: &String| Problem { key: key.clone(), kind: kind.clone() };
        Ok(Listing {
            items,
            problems: data.unreadable.iter().map(unlisted).collect(),
            unknown_prefixes: data.unreadable.clone(),
        })
    }
}

fn item(key: &str, content: &ItemContent) -> Item<ItemContent> {
    Item {
        key: key.to_owned(),
        fingerprint: content.fingerprint(),
        bytes: content.text.len() as u64,
        handle: content.clone(),
    }
}
