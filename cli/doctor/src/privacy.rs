//! Removes what is private from every text of a report, in one place, so that no check can forget.

use std::path::Path;

use threadkeep_app::text::clean;
use threadkeep_redact::redact;

use crate::context::Context;
use crate::url;

/// Shortest value of a secret that is looked for as it is. Shorter ones occur in ordinary words.
const LEAST_SECRET: usize = 8;

/// Shortest name that is removed.
const LEAST_NAME: usize = 3;

/// Private texts, which must not leave the machine.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// Values of secrets that are known: credentials in the environment, `auth.json` and settings.
    secrets: Vec<String>,
    /// The user's home directory.
    home: Option<String>,
    /// Names of user and host, with what stands in their place.
    names: Vec<(String, &'static str)>,
}

impl Privacy {
    /// Collects what is private on this machine.
    #[must_use]
    pub fn new(context: &Context) -> Privacy {
        let machine = &context.machine;
        let mut secrets: Vec<String> = machine
            .variables
            .iter()
            .filter(|(name, _)| threadkeep_redact::is_secret_name(&name.to_string_lossy()))
            .map(|(_, value)| value.to_string_lossy().into_owned())
            .chain(context.auth().secrets.iter().cloned())
            .chain(context.agent().secrets())
            .filter(|secret| secret.len() >= LEAST_SECRET)
            .collect();
        // A secret may be the beginning of another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        let home = machine.user_home.as_deref().filter(|home| home.parent().is_some());
        let home = home.map(|home| home.to_string_lossy().trim_end_matches('/').to_owned());
        let mut names = Vec::new();
        names.extend(machine.user().map(|user| (user, "<user>")));
        let of_home = machine.user_home.as_deref().and_then(Path::file_name);
        names.extend(of_home.map(|name| (name.to_string_lossy().into_owned(), "<user>")));
        names.push((machine.host.clone(), "<host>"));
        names.retain(|(name, _)| name.len() >= LEAST_NAME && name != "root");
        Privacy { secrets, home, names }
    }

    /// Removes secrets, and shows the user's home directory as `~`.
    pub(crate) fn for_screen(&self, text: &str) -> String {
        // Files and programs may hold sequences that a terminal would obey.
        let mut text = url::shorten_all(&clean(text));
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "[redacted]");
            }
        }
        let text = redact(&text).into_owned();
        match &self.home {
            Some(home) => replace_words(&text, home, "~", |before, after| {
                !before.is_some_and(|c| c.is_alphanumeric() || c == '/')
                    && after.is_none_or(|c| c == '/' || !(c.is_alphanumeric() || "-_.".contains(c)))
            }),
            None => text,
        }
    }

    /// Removes the same from a command. A shell takes no quoted `~` for the home directory.
    pub(crate) fn for_command(&self, command: &str) -> String {
        match &self.home {
            Some(home) => self.for_screen(&command.replace(&format!("'{home}/"), "~/'")),
            None => self.for_screen(command),
        }
    }

    /// Removes user and host names, too.
    #[must_use]
    pub fn for_report(&self, text: &str) -> String {
        let mut text = self.for_screen(text);
        for (name, instead) in &self.names {
            text = replace_words(&text, name, instead, |before, after| {
                // A user may be called `user`, and a mark stays as it is.
                let is_part = |c: char| c.is_alphanumeric();
                !before.is_some_and(|c| is_part(c) || c == '<') && !after.is_some_and(is_part)
            });
        }
        text
    }
}

/// Replaces a word where the characters around it allow that.
fn replace_words(
    text: &str,
    word: &str,
    instead: &str,
    fits: impl Fn(Option<char>, Option<char>) -> bool,
) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(word) {
        let (before, from) = rest.split_at(at);
        let after = &from[word.len()..];
        let last = before.chars().next_back().or_else(|| done.chars().next_back());
        done.push_str(before);
        done.push_str(if fits(last, after.chars().next()) { instead } else { word });
        rest = after;
    }
    done + rest
}

#[cfg(test)]
#[path = "../tests/unit/privacy.rs"]
mod tests;
