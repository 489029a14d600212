//! Finds renames: a removed file and an added one with the same or similar content.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hasher as _};

use gix_hash::Kind as Hash;
use gix_hash::ObjectId;

use super::change::{Delta, Side};
use super::content::Contents;
use crate::workspace::snapshot::Kind;

/// Smallest share of common bytes, in percent.
const SIMILAR: usize = 50;

/// Largest number of pairs that are compared by content. More would take seconds.
const MOST_PAIRS: usize = 100_000;

/// Longest piece of a line that is compared as one, in bytes.
const PIECE: usize = 64;

/// Joins removals and additions that are renames.
pub(super) fn join<'a>(mut deltas: Vec<Delta<'a>>, contents: &Contents<'_>) -> Vec<Delta<'a>> {
    for (old, new) in pairs(&deltas, contents) {
        deltas[new].old = deltas[old].old.take();
    }
    deltas.retain(|delta| delta.old.is_some() || delta.new.is_some());
    deltas
}

/// Finds the positions of removals and additions that belong together.
fn pairs(deltas: &[Delta<'_>], contents: &Contents<'_>) -> Vec<(usize, usize)> {
    let is_content = |side: Side<'_>| side.is_some_and(|(_, entry)| entry.kind != Kind::Folder);
    let mut removed: Vec<usize> = Vec::new();
    let mut added: Vec<usize> = Vec::new();
    for (at, delta) in deltas.iter().enumerate() {
        match (is_content(delta.old), is_content(delta.new)) {
            (true, false) if delta.new.is_none() => removed.push(at),
            (false, true) if delta.old.is_none() => added.push(at),
            _ => {}
        }
    }
    let mut pairs = identical(deltas, &removed, &added);
    let taken: HashSet<usize> = pairs.iter().flat_map(|(old, new)| [*old, *new]).collect();
    removed.retain(|at| !taken.contains(at));
    added.retain(|at| !taken.contains(at));
    pairs.extend(similar(deltas, &removed, &added, contents));
    pairs
}

/// Pairs files with the same bytes, in the order of paths. An empty file has nothing to know it by.
fn identical(deltas: &[Delta<'_>], removed: &[usize], added: &[usize]) -> Vec<(usize, usize)> {
    let entry = |side: Side<'_>| side.map(|(_, entry)| entry);
    let empty = ObjectId::empty_blob(Hash::Sha1);
    let mut by_id: HashMap<ObjectId, VecDeque<(usize, Kind)>> = HashMap::new();
    for at in added {
        if let Some(new) = entry(deltas[*at].new).filter(|new| new.id != empty) {
            by_id.entry(new.id).or_default().push_back((*at, new.kind));
        }
    }
    let mut pairs = Vec::new();
    for at in removed {
        let Some(old) = entry(deltas[*at].old) else { continue };
        let Some(candidates) = by_id.get_mut(&old.id) else { continue };
        let like = candidates.iter().position(|(_, kind)| kind.is_like(old.kind));
        if let Some((new, _)) = like.and_then(|like| candidates.remove(like)) {
            pairs.push((*at, new));
        }
    }
    pairs
}

/// Pairs files with enough common bytes, the most similar first.
fn similar(
    deltas: &[Delta<'_>],
    removed: &[usize],
    added: &[usize],
    contents: &Contents<'_>,
) -> Vec<(usize, usize)> {
    if removed.len() * added.len() > MOST_PAIRS {
        return Vec::new();
    }
    let is_file = |side: Side<'_>| side.is_some_and(|(_, entry)| entry.kind != Kind::Link);
    let old = |at: &usize| is_file(deltas[*at].old).then(|| contents.before(deltas[*at].old)).flatten();
    let new = |at: &usize| is_file(deltas[*at].new).then(|| contents.after(deltas[*at].new)).flatten();
    let olds: Vec<_> = removed.iter().filter_map(|at| Some((*at, Sketch::of(&old(at)?)))).collect();
    let news: Vec<_> = added.iter().filter_map(|at| Some((*at, Sketch::of(new(at)?)))).collect();
    let mut scored = Vec::new();
    for (old, old_sketch) in &olds {
        for (new, new_sketch) in &news {
            let score = old_sketch.similarity(new_sketch);
            if score >= SIMILAR {
                scored.push((score, *old, *new));
            }
        }
    }
    scored.sort_by_key(|(score, old, new)| (std::cmp::Reverse(*score), *old, *new));
    let (mut taken, mut pairs) = (HashSet::new(), Vec::new());
    for (_, old, new) in scored {
        if !taken.contains(&old) && !taken.contains(&new) {
            taken.extend([old, new]);
            pairs.push((old, new));
        }
    }
    pairs
}

/// Number of bytes in each distinct piece of a file.
struct Sketch {
    length: usize,
    pieces: HashMap<u64, usize>,
}

impl Sketch {
    fn of(content: &[u8]) -> Self {
        let mut pieces = HashMap::new();
        let lines = content.split_inclusive(|byte| *byte == b'\n');
        for piece in lines.flat_map(|line| line.chunks(PIECE)) {
            let mut hasher = DefaultHasher::new();
            hasher.write(piece);
            *pieces.entry(hasher.finish()).or_default() += piece.len();
        }
        Self { length: content.len(), pieces }
    }

    /// Returns the share of common bytes in the longer file, in percent.
    fn similarity(&self, other: &Self) -> usize {
        let longer = self.length.max(other.length);
        // The common bytes are at most those of the shorter file.
        if longer == 0 || self.length.min(other.length) * 100 < SIMILAR * longer {
            return 0;
        }
        let common: usize = self
            .pieces
            .iter()
            .filter_map(|(piece, bytes)| other.pieces.get(piece).map(|others| bytes.min(others)))
            .sum();
        common * 100 / longer
    }
}

/// Returns the share of common bytes of two contents, in percent.
pub(super) fn similarity(old: &[u8], new: &[u8]) -> usize {
    Sketch::of(old).similarity(&Sketch::of(new))
}
