//! A source in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::Faults;
use crate::{Item, Listing, ListingProblem, Source, SourceError};

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it is: of two items with the same identity the one with the lower key gets the row. `None` stands for the key.
    pub identity: Option<String>,
    /// What is read from it.
    pub text: String,
    /// How many lines of it are skipped.
    pub skips: u64,
    /// How reading it goes.
    pub behaviour: Behaviour,
}

/// How reading an item goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Well.
    Reads,
    /// It is left out on purpose.
    Excluded,
    /// It fails, and will again.
    Breaks,
    /// It fails, but might work the next time.
    Flakes,
    /// It panics.
    Panics,
}

impl Content {
    /// Makes a content that reads well and is no copy.
    pub fn text(text: impl Into<String>) -> Self {
        Self { identity: None, text: text.into(), skips: 0, behaviour: Behaviour::Reads }
    }

    /// Makes it a copy of whatever else has the identity.
    #[must_use]
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = Some(identity.into());
        self
    }

    /// Makes some of its lines be skipped.
    #[must_use]
    pub fn skips(mut self, lines: u64) -> Self {
        self.skips = lines;
        self
    }

    /// Makes reading it go another way.
    #[must_use]
    pub fn behaviour(mut self, behaviour: Behaviour) -> Self {
        self.behaviour = behaviour;
        self
    }

    fn fingerprint(&self) -> String {
        // How reading goes is not part of it: a flaky disk does not change the file.
        format!("{:?} {} {}", self.identity, self.skips, self.text)
    }
}

/// A source in memory. Clones are the same source.
#[derive(Debug, Clone, Default)]
pub struct MemorySource {
    data: Arc<Mutex<Data>>,
    faults: Faults,
}

#[derive(Debug, Default)]
struct Data {
    items: BTreeMap<String, Content>,
    extra: Vec<(String, Content)>,
    unreadable: Vec<String>,
    left_out: u64,
    missing: bool,
}

impl MemorySource {
    /// Makes an empty source.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same source, seen through other faults.
    #[must_use]
    pub fn with_faults(&self, faults: Faults) -> Self {
        Self { data: Arc::clone(&self.data), faults }
    }

    /// Makes or replaces an item.
    pub fn put(&self, key: impl Into<String>, content: Content) {
        self.data().items.insert(key.into(), content);
    }

    /// Removes an item.
    pub fn remove(&self, key: &str) {
        self.data().items.remove(key);
    }

    /// Lists a key once more, as a source that walks in circles would.
    pub fn list_again(&self, key: impl Into<String>, content: Content) {
        self.data().extra.push((key.into(), content));
    }

    /// Sets the key prefixes that cannot be listed: their items are left out, with a problem for each prefix.
    pub fn set_unreadable(&self, prefixes: &[&str]) {
        self.data().unreadable = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
    }

    /// Sets how many more items there are that are not listed on purpose.
    pub fn set_left_out(&self, items: u64) {
        self.data().left_out = items;
    }

    /// Sets whether the source is missing altogether.
    pub fn set_missing(&self, missing: bool) {
        self.data().missing = missing;
    }

    fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Source for MemorySource {
    type Handle = Content;

    async fn list(&self) -> Result<Listing<Content>, SourceError> {
        let place = || "memory".to_owned();
        self.faults.step().await.map_err(|source| SourceError::Unreadable { place: place(), source })?;
        let data = self.data();
        if data.missing {
            return Err(SourceError::Missing { place: place() });
        }
        let readable = |key: &str| !data.unreadable.iter().any(|prefix| key.starts_with(prefix.as_str()));
        let items = data.items.iter().chain(data.extra.iter().map(|(key, content)| (key, content)));
        // Backwards, because no engine may rely on the order.
        let mut items: Vec<_> =
            items.filter(|(key, _)| readable(key)).map(|(key, content)| item(key, content)).collect();
        items.reverse();
        let unreadable = data.unreadable.iter();
        let problems =
            unreadable.map(|place| ListingProblem { place: place.clone(), reason: "no permission".into() });
        Ok(Listing {
            items,
            problems: problems.collect(),
            unknown_prefixes: data.unreadable.clone(),
            excluded: data.left_out,
        })
    }
}

fn item(key: &str, content: &Content) -> Item<Content> {
    Item {
        key: key.to_owned(),
        fingerprint: content.fingerprint(),
        bytes: content.text.len() as u64,
        handle: content.clone(),
    }
}
