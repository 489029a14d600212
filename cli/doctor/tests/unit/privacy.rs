//! Private words are removed, and no others.

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, Given};

use super::Privacy;
use crate::{Context, Machine, Options};

fn privacy(home: &str, user: &str, host: &str) -> Privacy {
    let variables = [("USER", user), ("MY_API_KEY", "correct horse battery")];
    let machine = Machine {
        variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
        user_home: Some(home.into()),
        host: host.to_owned(),
        ..Machine::default()
    };
    let context =
        Context::new(&Dirs::default(), &Given::default(), Options::default(), machine, Timestamp::UNIX_EPOCH);
    Privacy::new(&context)
}

#[test]
fn the_home_directory_is_a_tilde_and_names_are_replaced() {
    let privacy = privacy("/home/ada", "ada", "engine");
    assert_eq!(privacy.for_screen("/home/ada/.codex on /home/adam"), "~/.codex on /home/adam");
    assert_eq!(
        privacy.for_report("/srv/ada/x of ada at engine.local"),
        "/srv/<user>/x of <user> at <host>.local"
    );
    assert_eq!(privacy.for_report("adage and engineer"), "adage and engineer");
}

#[test]
fn a_report_that_is_cleaned_twice_stays_as_it_is() {
    let privacy = privacy("/home/user", "user", "host");
    let once = privacy.for_report("/home/user/x of user at host, key=hunter2secret9");
    assert_eq!(once, privacy.for_report(&once));
    assert!(once.starts_with("~/x of <user> at <host>"), "{once}");
}

#[test]
fn values_of_secret_variables_are_removed() {
    let privacy = privacy("/root", "root", "x");
    assert_eq!(privacy.for_screen("it is correct horse battery!"), "it is [redacted]!");
}

#[test]
fn a_quoted_home_directory_stays_a_path_for_a_shell() {
    let privacy = privacy("/home/ada", "ada", "engine");
    assert_eq!(privacy.for_command("rm '/home/ada/my home/x'"), "rm ~/'my home/x'");
    assert_eq!(privacy.for_command("rm /home/ada/x"), "rm ~/x");
}

#[test]
fn a_terminal_obeys_nothing_in_a_text() {
    assert_eq!(privacy("/root", "root", "x").for_screen("a\u{1b}[2Jb\nc"), "a\u{241b}[2Jb c");
}
