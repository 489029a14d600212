//! Messages whose commands, ids and typed words are values.

use threadkeep_app::dirs::Given;
use threadkeep_app::message::{Part, typed};
use threadkeep_app::{Message, command};
use uuid::Uuid;

#[test]
fn a_command_repeats_the_directories_and_quotes_its_words() {
    let given = Given { home: Some("/srv/my home".into()), sqlite_home: Some("/srv/db".into()) };
    let hint = Message::from(("look at it: ", command("goals get").arg("two words")));
    assert_eq!(hint.to_string(), "look at it: `threadkeep goals get 'two words'`");
    assert_eq!(
        hint.render(&given),
        "look at it: `threadkeep --home '/srv/my home' --sqlite-home /srv/db goals get 'two words'`"
    );
}

#[test]
fn the_log_has_no_ids_and_nothing_typed() {
    let message = Message::from(("no thread ", Uuid::nil(), " begins with ", typed("a title")));
    assert_eq!(message.logged(), "no thread … begins with …");
    assert_eq!(message.to_string(), format!("no thread {} begins with `a title`", Uuid::nil()));
}

#[test]
fn a_message_is_harmless_and_has_no_secrets() {
    let message =
        Message::from(("two\nlines\u{1b}[31m", Part::Line, typed("sk-abcdefghijklmnopqrstuvwxyz012345")));
    let text = message.to_string();
    assert_eq!(text.lines().next(), Some("two lines␛[31m"));
    assert!(!text.contains("sk-abcdef"), "{text}");
}
