//! Tests of reading a payload.

use super::event::plain_path;
use super::user_message::{IMAGE_PLACEHOLDER, UserMessage, environment_cwd};

#[test]
fn a_file_url_is_a_path() {
    for (from, to) in [
        ("file:///tmp/%D0%B4%20x", "/tmp/д x"),
        ("/tmp/100%25", "/tmp/100%25"),
        ("file:///a%", "/a%"),
        ("file:///a%zz", "/a%zz"),
        ("file:///%ff", "/%ff"),
    ] {
        assert_eq!(plain_path(from), to);
    }
}

fn message(text: &str) -> UserMessage {
    UserMessage { text: text.to_owned(), ..UserMessage::default() }
}

#[test]
fn the_request_is_what_follows_the_mark() {
    assert_eq!(message("  plain \n").request(), Some("plain"));
    let marked = message("# Context\n- open: a.rs\n\n## My request for Codex:\nfix it\n");
    assert_eq!(marked.request(), Some("fix it"));
    assert_eq!(message(" \n").request(), None);
    assert_eq!(UserMessage { images: 1, ..message(" ") }.request(), Some(IMAGE_PLACEHOLDER));
}

#[test]
fn messages_by_the_agent_in_the_users_name_are_known() {
    assert!(message("\n<environment_context>\n…").is_injected());
    assert!(message("<USER_INSTRUCTIONS>").is_injected());
    assert!(!message("<b>bold</b> words").is_injected());
    assert!(!message("é").is_injected());
}

#[test]
fn both_forms_of_the_environment_name_the_directory() {
    let cwd = |text| environment_cwd(text);
    assert_eq!(cwd("<environment_context>\n  <cwd>/a b</cwd>\n").as_deref(), Some("/a b"));
    let listed = "<environment_context>\n\nCurrent working directory: /x/y\nApproval policy: never\n";
    assert_eq!(cwd(listed).as_deref(), Some("/x/y"));
    assert_eq!(cwd("<cwd>/x</cwd>"), None);
}
