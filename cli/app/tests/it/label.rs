//! Short names of threads.

use std::path::Path;

use threadkeep_app::label::{kind_of_source, short_ids, tilde};
use uuid::Uuid;

#[test]
fn only_ids_that_collide_get_longer() {
    let id = |n: u128| Uuid::from_u128(0x01a2_036c_de71_7000_8000_0000_0000_0000 + n);
    let other = Uuid::from_u128(0x01a2_036c_ffff_7000_8000_0000_0000_0000);
    let shorter = id(0x0fff << 64);
    let ids = [id(0x1), other, id(0x2), shorter, id(0x10)];
    assert_eq!(
        short_ids(ids.into_iter()),
        [
            "01a2036c-de71-7000-8000-000000000001",
            "01a2036c-ffff",
            "01a2036c-de71-7000-8000-000000000002",
            "01a2036c-de71-7f",
            "01a2036c-de71-7000-8000-00000000001",
        ]
    );
    assert_eq!(short_ids([other].into_iter()), ["01a2036c-ffff"]);
}

#[test]
fn home_is_a_tilde() {
    let home = Some(Path::new("/home/ada"));
    assert_eq!(tilde("/home/ada", home), "~");
    assert_eq!(tilde("/home/ada/work", home), "~/work");
    assert_eq!(tilde("/home/adalbert", home), "/home/adalbert");
    assert_eq!(tilde("/srv", Some(Path::new("/"))), "/srv");
}

#[test]
fn a_source_is_one_word() {
    assert_eq!(kind_of_source("exec"), "exec");
    assert_eq!(kind_of_source(r#"{"subagent":{"thread_spawn":{}}}"#), "subagent");
}
