//! Tests of reading a line.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde::de::IgnoredAny;

use super::envelope::Envelope;
use super::file_url::plain_path;
use super::head::Head;
use super::kind::Kind;
use super::user_message::{IMAGE_PLACEHOLDER, UserMessage, environment_cwd};
use crate::time::LineTime;

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
    UserMessage::new(text.to_owned())
}

#[test]
fn the_request_is_what_follows_the_mark() {
    assert_eq!(message("  plain \n").request(), Some("plain"));
    let marked = message("# Context\n- open: a.rs\n\n## My request for Codex:\nfix it\n");
    assert_eq!(marked.request(), Some("fix it"));
    assert_eq!(message(" \n").request(), None);
    let image = UserMessage { images: 1, ..message(" ") };
    assert_eq!((image.request(), image.attachment().as_deref()), (None, Some(IMAGE_PLACEHOLDER)));
    let inside = "Why is what stands before '## My request for Codex:' cut off?";
    assert_eq!(message(inside).request(), Some(inside));
    assert_eq!(message("# Context from my IDE setup:\n\n## Active file: a.rs\n").request(), None);
    let file = "# Files mentioned by the user:\n\n## a.txt: /x/a.txt\n\n## My request for Codex:\n";
    let file = message(file);
    assert_eq!((file.request(), file.attachment().as_deref()), (None, Some("a.txt")));
}

#[test]
fn messages_by_the_agent_in_the_users_name_are_known() {
    assert!(message("\n<environment_context>\n…").injected);
    assert!(message("<USER_INSTRUCTIONS>").injected);
    assert!(!message("<b>bold</b> words").injected);
    assert!(!message("é").injected);
}

#[test]
fn both_forms_of_the_environment_name_the_directory() {
    let cwd = |text| environment_cwd(text);
    assert_eq!(cwd("<environment_context>\n  <cwd>/a b</cwd>\n").as_deref(), Some("/a b"));
    let listed = "<environment_context>\n\nCurrent working directory: /x/y\nApproval policy: never\n";
    assert_eq!(cwd(listed).as_deref(), Some("/x/y"));
    assert_eq!(cwd("<cwd>/x</cwd>"), None);
}

/// Marks of a usual time. The tests put other bytes in the place of each `_`.
const TIME: &[u8; 24] = b"____-__-__T__:__:__.___Z";

/// Returns the kind and time from a line's head, and those from the whole line; `None` if the line
/// is no JSON, or the head has another shape.
fn readings(line: &str) -> Option<[(Kind, Option<jiff::Timestamp>); 2]> {
    serde_json::from_str::<IgnoredAny>(line).ok()?;
    let head = Head::canonical(line.as_bytes())?;
    let whole = Envelope::read(line).expect("is JSON");
    let at = |time: Option<LineTime>| time.and_then(|time| time.timestamp());
    Some([(head.kind, at(LineTime::later(head.time))), (whole.kind(), at(whole.time()))])
}

#[test]
fn a_head_with_quotes_in_its_time_has_no_other_reading() {
    let usual = readings(r#"{"timestamp":"2026-11-28T15:17:18.123Z","type":"compacted","payload":{}}"#);
    assert!(usual.is_some_and(|[head, whole]| head == whole && head.1.is_some()));
    for time in [
        r#"","x-ab-cdTe":"x:ab.cdeZ"#,
        r#"x","-ab-cdTe":"x:ab.cdeZ"#,
        r#"","x-ab-cdTe":{":ab.":"Z"#,
        r#"x","-ab-cdTe":{":ab.":"Z"#,
        r#"","x-ab-cdT":{"e:ab.":"Z"#,
    ] {
        for end in ["}}", "}}}"] {
            let line = format!(r#"{{"timestamp":"{time}","type":"response_item","payload":{{{end}"#);
            if let Some([head, whole]) = readings(&line) {
                assert_eq!(head, whole, "{line}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4096, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Default::default()
    })]

    #[test]
    fn a_head_is_read_as_the_whole_line_is(
        blanks in prop::collection::vec(
            prop_oneof![
                30 => select(b"0112".as_slice()),
                1 => select(b"\"\\\nn,:{}[ +-x".as_slice()),
            ],
            TIME.len(),
        ),
        century in prop_oneof![
            9 => Just("20"),
            1 => select(["19", "\"x", "x\"", "\\n", "\n1", "é", "{,"].as_slice()),
        ],
        // Starts of two blanks, for a character of two bytes.
        wide in prop::option::weighted(0.1, select([2, 5, 8, 11, 14, 17, 20].as_slice())),
        kind in select(["response_item", "event_msg", "session_meta", "compacted", "x"].as_slice()),
        end in select(["}}", "}}}"].as_slice()),
    ) {
        let byte = |(mark, blank): (&u8, u8)| if *mark == b'_' { blank } else { *mark };
        let mut time: Vec<u8> = TIME.iter().zip(blanks).map(byte).collect();
        time[..2].copy_from_slice(century.as_bytes());
        if let Some(at) = wide {
            time[at..at + 2].copy_from_slice("é".as_bytes());
        }
        let time = String::from_utf8(time).expect("is UTF-8");
        let line = format!(r#"{{"timestamp":"{time}","type":"{kind}","payload":{{"type":"user_message"{end}"#);
        if let Some([head, whole]) = readings(&line) {
            prop_assert_eq!(head, whole, "{}", line);
        }
    }
}
