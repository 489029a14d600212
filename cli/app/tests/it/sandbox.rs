//! A sandbox policy in a line.

use threadkeep_app::sandbox::summary;

#[test]
fn policies_of_every_version_are_a_line() {
    let managed = r#"{"type":"managed","file_system":{"type":"restricted","entries":[
        {"path":{"type":"special","value":{"kind":"root"}},"access":"read"},
        {"path":{"type":"path","path":"/srv/work"},"access":"write"},
        {"path":{"type":"special","value":{"kind":"slash_tmp"}},"access":"write"},
        {"path":{"type":"special","value":{"kind":"tmpdir"}},"access":"write"},
        {"path":{"type":"path","path":"/srv/data"},"access":"write"}]},"network":"restricted"}"#;
    assert_eq!(
        summary(managed),
        "managed, restricted: read /; write /srv/work, /tmp, $TMPDIR and 1 more; network restricted"
    );
    let roots = r#"{"mode":"workspace-write","writable_roots":["/srv"],"network_access":false}"#;
    assert_eq!(summary(roots), "workspace-write; write /srv; network restricted");
    assert_eq!(summary(r#"{"type":"disabled"}"#), "disabled");
    assert_eq!(summary(r#"{"type":"new","file_system":7,"network":{"x":1}}"#), "new");
}

#[test]
fn what_is_not_understood_is_shown_as_it_is() {
    for policy in ["read-only", "{\"x\":1}", "[1]", "{"] {
        assert_eq!(summary(policy), policy);
    }
}
