//! Tests of `folders/spelling.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn spellings_of_one_folder_have_one_key() {
    let key = |path: &str| key_with(path, |_| true);
    let same = [
        &["/srv/code", "/srv/code/", "/srv//code/.", "/srv/x/../code"][..],
        &[
            r"C:\Work\Ada\Code",
            r"c:\work\ada\code\",
            r"\\?\C:\Work\Ada\Code",
            "/mnt/c/Work/ada/Code",
            "C:/Work/Ada/Code",
        ],
        &[r"\\server\share\code", r"\\?\UNC\Server\Share\Code\"],
        &[r"D:\", "/mnt/d", "/mnt/d/", "d:"],
    ];
    for spellings in same {
        for spelling in spellings {
            assert_eq!(key(spelling), key(spellings[0]), "{spelling}");
        }
    }
    let different = ["/srv/Code", "/srv/code", "/mnt/cd/x", "/mnt/c/x", r"C:\y", r"/srv/a\b", "/srv/a/b"];
    for (n, one) in different.iter().enumerate() {
        assert!(different[n + 1..].iter().all(|other| key(one) != key(other)), "{one}");
    }
}

#[test]
fn a_folder_below_mnt_is_no_drive_where_it_is_mounted() {
    let key = |path: &str| key_with(path, |letter| letter != 'd');
    assert_ne!(key("/mnt/d/Code"), key("/mnt/d/code"));
    assert_ne!(key("/mnt/d/code"), key(r"D:\code"));
    assert_eq!(key(r"D:\Code"), key("d:/code"));
    assert_eq!(key("/mnt/c/Code"), key(r"C:\code"));
}

#[test]
fn a_long_path_is_shown_as_a_short_one() {
    assert_eq!(shown(r"\\?\C:\code"), r"C:\code");
    assert_eq!(shown(r"\\?\UNC\server\share"), r"\\server\share");
    assert_eq!(shown("/srv/code"), "/srv/code");
}
