//! The key that was probably meant.

/// Returns the known key that an unknown one is most like, if it is like any: of its own section, otherwise of another.
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
        // A key in the wrong section is meant when it is written right; a third of a word may be wrong in its own.
        .filter(|(distance, elsewhere, _)| {
            *distance <= if *elsewhere { 1 } else { key.chars().count() / 3 + 1 }
        })
        .min()
        .map(|(_, _, shown)| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_looked_for_where_it_stands_and_then_elsewhere() {
        let leaves =
            [("features", "goals"), ("features", "logs"), ("logs", "keep_rows"), ("logs", "keep_days")];
        let meant = |section, key| {
            nearest(section, key, ["features", "logs"].into_iter(), leaves.into_iter()).unwrap_or_default()
        };
        assert_eq!(meant(Some("logs"), "keep_row"), "keep_rows");
        assert_eq!(meant(Some("logs"), "keep_adys"), "keep_days");
        assert_eq!(meant(Some("features"), "keep_rows"), "logs.keep_rows");
        assert_eq!(meant(None, "keep_rows"), "logs.keep_rows");
        assert_eq!(meant(None, "featuers"), "[features]");
        assert_eq!(meant(None, "log"), "[logs]");
        assert_eq!(meant(Some("logs"), "colour"), "");
    }
}
