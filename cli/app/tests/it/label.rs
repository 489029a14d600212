//! Short names of threads.

use std::path::Path;

use threadkeep_app::label::{kind_of_source, tilde};

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
