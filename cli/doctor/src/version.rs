//! Versions, compared as Semantic Versioning orders them.

use std::cmp::Ordering;

/// Longest part of a pre-release. A longer one is no version, and may be a secret.
const LONGEST: usize = 12;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    /// Parts of the pre-release; none for a release.
    pre: Vec<String>,
}

impl Version {
    /// Reads `1.2.3`, `1.2.3-alpha.1` or `1.2.3+build`.
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let mut numbers = core.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse().ok() } else { None }
        });
        let core = [numbers.next()??, numbers.next()??, numbers.next()??];
        let is_plain = |part: &str| {
            (1..=LONGEST).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let pre: Vec<String> = pre.into_iter().flat_map(|pre| pre.split('.')).map(str::to_owned).collect();
        let is_whole = numbers.next().is_none() && pre.iter().all(|part| is_plain(part));
        is_whole.then_some(Version { numbers: core, pre })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        let release = |version: &Version| version.pre.is_empty();
        let pre = || match (release(self), release(other)) {
            (false, false) => compare_parts(&self.pre, &other.pre),
            (one, another) => one.cmp(&another),
        };
        self.numbers.cmp(&other.numbers).then_with(pre)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares pre-releases: numbers before words, and a longer list after its beginning.
fn compare_parts(one: &[String], other: &[String]) -> Ordering {
    let parts = one.iter().zip(other).map(|(one, other)| match (one.parse::<u64>(), other.parse::<u64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => one.cmp(other),
    });
    parts.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
}

#[cfg(test)]
#[path = "../tests/unit/version.rs"]
mod tests;
