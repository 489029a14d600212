//! The word that was probably meant.

/// Returns the known word that a typed one is most like, if at most a third of it is wrong.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).max(1);
    let distances = known.map(|word| (strsim::osa_distance(typed, word), word));
    distances.filter(|(distance, _)| *distance <= most).min().map(|(_, word)| word)
}
