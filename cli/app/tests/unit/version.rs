//! Versions in the order of Semantic Versioning.

use super::{Version, sorted};

#[test]
fn versions_are_ordered() {
    let ascending = [
        "0.9.9",
        "0.10.0-alpha",
        "0.10.0-alpha.1",
        "0.10.0-alpha.beta",
        "0.10.0-beta.2",
        "0.10.0-beta.11",
        "0.10.0-rc.1",
        "0.10.0",
        "0.171.0",
        "1.0.0",
    ];
    for pair in ascending.windows(2) {
        assert!(Version::parse(pair[0]) < Version::parse(pair[1]), "{pair:?}");
    }
    assert_eq!(Version::parse("1.2.3+a"), Version::parse(" 1.2.3 "));
}

#[test]
fn other_texts_are_no_versions() {
    for text in [
        "",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        "1.2.x",
        "+1.2.3",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3-ä",
        "1.2.3-abcdefghijklm",
    ] {
        assert_eq!(Version::parse(text), None, "{text}");
    }
}

#[test]
fn formats_have_any_number_of_numbers() {
    for pair in ["1", "1.5", "1.5.1", "1.10", "2.0-rc.1", "2.0", "16"].windows(2) {
        assert!(Version::of_format(pair[0]) < Version::of_format(pair[1]), "{pair:?}");
    }
    for text in ["", ".", "1.", "1..2", "next", "-1"] {
        assert_eq!(Version::of_format(text), None, "{text}");
    }
}

#[test]
fn versions_are_listed_once_and_the_oldest_first() {
    let named = ["2.1.332", "nightly", "2.1.99", "2.1.332", "1.10", "1.5"].map(str::to_owned);
    assert_eq!(sorted(named.into_iter()), ["nightly", "1.5", "1.10", "2.1.99", "2.1.332"]);
}
