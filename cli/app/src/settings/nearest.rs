//! The key that was probably meant.

/// Returns the known key that an unknown one is most like, if it is like any: of its own section,
/// otherwise of another.
pub(super) fn nearest<'a>(
    section: Option<&str>,
    key: &str,
    sections: impl Iterator<Item = &'a str>,
    leaves: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let of_sections = sections.map(|name| (section.is_some(), name, format!("[{name}]")));
    let of_leaves = leaves.map(|(known, name)| {
        let elsewhere = section != Some(known);
        (elsewhere, name, if elsewhere { format!("{known}.{name}") } else { name.to_owned() })
    });
    of_sections
        .chain(of_leaves)
        .map(|(elsewhere, name, shown)| (strsim::osa_distance(key, name), elsewhere, shown))
        // A key in the wrong section is meant when it is written right; a third of a word may be
        // wrong in its own.
        .filter(|(distance, elsewhere, _)| {
            *distance <= if *elsewhere { 1 } else { key.chars().count() / 3 + 1 }
        })
        .min()
        .map(|(_, _, shown)| shown)
}

#[cfg(test)]
#[path = "../../tests/unit/settings_nearest.rs"]
mod tests;
