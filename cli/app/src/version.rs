//! Versions of programs and formats, compared as Semantic Versioning orders them.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Longest part of a pre-release. A longer one is no version, and may be a secret.
const LONGEST: usize = 12;

/// Version of a program or a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: Vec<u64>,
    /// Parts of the pre-release; none for a release.
    pre: Vec<String>,
}

impl Version {
    /// Reads the version of a program: `1.2.3`, `1.2.3-alpha.1` or `1.2.3+build`.
    pub fn parse(text: &str) -> Option<Version> {
        Version::of_format(text).filter(|version| version.numbers.len() == 3)
    }

    /// Reads a version with any number of numbers, such as that of a format: `16`, `1.10`.
    pub fn of_format(text: &str) -> Option<Version> {
        let text = text.trim();
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (text, None),
        };
        let numbers = core.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse().ok() } else { None }
        });
        let numbers = numbers.collect::<Option<Vec<u64>>>()?;
        let is_plain = |part: &str| {
            (1..=LONGEST).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let pre: Vec<String> = pre.into_iter().flat_map(|pre| pre.split('.')).map(str::to_owned).collect();
        pre.iter().all(|part| is_plain(part)).then_some(Version { numbers, pre })
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

/// Returns versions, each once, the oldest first. Texts that are no versions stand before them.
pub fn sorted(versions: impl Iterator<Item = String>) -> Vec<String> {
    let mut sorted: Vec<String> = versions.collect::<BTreeSet<_>>().into_iter().collect();
    sorted.sort_by_cached_key(|version| Version::of_format(version));
    sorted
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
