//! Versions in the order of Semantic Versioning.

use super::Version;

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
