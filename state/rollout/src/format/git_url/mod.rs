//! Takes credentials out of a git remote's URL, before it is stored or shown anywhere.
//!
//! A remote is whatever `git remote add` was given, and that takes anything: URLs in URLs, passwords nobody has escaped.
//! Where it is not clear whether something is a secret, it goes: an address that lacks a part is the smaller mistake.

mod authorities;
mod parameters;
mod units;

use std::borrow::Cow;

/// What stands before a command that git runs in place of a connection.
const COMMAND: &str = "ext::";

/// Removes user names and passwords, and parameters of queries and fragments that look like a token.
///
/// That is done behind every `://`, for a proxy's URL may hold another; percent-encoded ones (`%3A%2F%2F`) count too.
/// The user of an `ssh` URL (`git`) stays when it has no password: it is part of the address and no secret. An scp-like
/// address (`git@host:path`) stays as it is; of one with a password (`user:password@host:path`) the host and path stay.
///
/// In a path, `user:password@` goes too, and so do parameters (`;token=…`). An `@` there that no `:` comes before stays:
/// nothing tells whether `/x@y` and `/@scope/x` are names or hold a token. Of a command (`ext::sh -c …`), which is no
/// address and may hold anything, only `ext::` stays.
///
/// A URL in which there is nothing to remove comes back borrowed.
///
/// ```
/// use threadkeep_rollout::strip_credentials;
/// assert_eq!(strip_credentials("https://alice:s3cr3t@host/x"), "https://host/x");
/// assert_eq!(strip_credentials("https://proxy/https://oauth2:s3cr3t@host/x"), "https://proxy/https://host/x");
/// assert_eq!(strip_credentials("ssh://git@host/x"), "ssh://git@host/x");
/// assert_eq!(strip_credentials("git@host:team/x.git"), "git@host:team/x.git");
/// assert_eq!(strip_credentials("https://host/x?ref=main&access_token=abc"), "https://host/x?ref=main");
/// ```
pub fn strip_credentials(url: &str) -> Cow<'_, str> {
    if let Some(helper) = url.get(..COMMAND.len()).filter(|helper| helper.eq_ignore_ascii_case(COMMAND)) {
        return Cow::Borrowed(helper);
    }
    match authorities::strip(url) {
        Cow::Borrowed(url) => parameters::strip(url),
        Cow::Owned(url) => Cow::Owned(parameters::strip(&url).into_owned()),
    }
}
