//! Removes credentials from a git remote's URL, before it is stored or shown.
//!
//! `git remote add` accepts anything: URLs in URLs, unescaped passwords. A part that may be a
//! secret is removed: an address that lacks a part is the smaller mistake.

mod authorities;
mod parameters;
pub(super) mod units;

use std::borrow::Cow;

/// Prefix of a command that git runs in place of a connection.
const COMMAND: &str = "ext::";

/// Removes user names and passwords, and parameters of queries and fragments that look like a
/// token.
///
/// Does so behind every `://`, also a percent-encoded one (`%3A%2F%2F`): a proxy's URL may contain
/// another. The user of an `ssh` URL (`git`) stays if it has no password: it is part of the address
/// and no secret. An scp-like address (`git@host:path`) stays as it is; of one with a password
/// (`user:password@host:path`) the host and path stay.
///
/// In a path, `user:password@` and parameters (`;token=…`) are removed too. An `@` without a `:`
/// before it stays there: `/x@y` and `/@scope/x` are more often names than tokens. Of a command
/// (`ext::sh -c …`), which may contain anything, only `ext::` stays.
///
/// Returns a URL without credentials borrowed.
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
