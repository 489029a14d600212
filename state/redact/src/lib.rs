//! Takes secrets out of text, before it goes where others read it: a log, a database, a list, a screen.
//!
//! It is one pure function and its rules. Secrets are found by their *shape* (keys of known vendors, private
//! keys, JSON Web Tokens, credentials in URLs) and by the *name* before them (`PASSWORD=…`, `"api_key":
//! "…"`, `--token …`, `Authorization: …`), also in text that was escaped once or more, as a JSON string
//! inside of another is.
//!
//! ```
//! use threadkeep_redact::{is_secret_name, redact};
//!
//! assert_eq!(redact("DB_PASSWORD=hunter2 make"), "DB_PASSWORD=[redacted:password] make");
//! assert_eq!(redact("https://me:pw@host/path"), "https://[redacted:url-credentials]@host/path");
//! assert_eq!(redact("total tokens=12000"), "total tokens=12000");
//! assert!(is_secret_name("clientSecret") && !is_secret_name("max_tokens"));
//! ```
//!
//! It is not a promise. A secret that neither its shape nor a name tells (a password in a sentence, half a
//! key at the cut of a preview, a key whose vendor is not in [`kinds`]) stays. It is a last guard behind the
//! rule not to write secrets at all. Redact before cutting a text short, never after: half a key has lost
//! its shape.
//!
//! What stays on purpose: digests, UUIDs, `data:` URLs and other Base64 without a name (an image is
//! megabytes of it, and nothing tells a key from it), public keys and certificates, counts of tokens, names
//! of variables (`$TOKEN`, `config.token`), calls (`read_password()`), types, paths, placeholders and masks.
//! Where a name leaves it open, as `token` and `key` do, a value has to look like a key: eight characters or
//! more, with a digit or of both cases. After `password` and `secret` any value goes that is not code or
//! prose, and so a word too many now and then.
//!
//! # Locking
//!
//! None. There is no state but compiled rules, which the first call of a process makes (a few milliseconds)
//! and all threads share.
//!
//! # Compatibility
//!
//! A mark is `[redacted:` + kind + `]`. Marks are left alone, so that redacting twice is redacting once.
//! Kinds may be added and rules may find more in any version; a kind does not change its name.
//!
//! # Performance
//!
//! The time is linear in the text's length, whatever the text: names and first looks are bounded, values are
//! judged by their first 256 bytes (in quotes: 8 KiB), and what was refused is not read again by the same
//! rule. One automaton goes over the text once; a text without a candidate is borrowed and costs no more. On
//! one core of a cloud machine (2 vCPUs), `cargo xtask bench redact` read prose at 480 MB/s, log rows at
//! 510, rollout lines at 520, this crate's own code, which is full of secrets' names, at 330, and a title of
//! 79 bytes in 190 ns; counting newlines and colons ran at 2,400 MB/s. Text that is nothing but findings ran
//! at 22 MB/s.
//!
//! # File systems
//!
//! None is touched.

mod assignment;
mod candidate;
mod check;
mod edge;
mod judge;
mod kinds;
mod name;
mod pem;
mod rule;
mod separator;
mod table;
mod value;

use std::borrow::Cow;

use crate::rule::Shapes;

pub use crate::kinds::{Kind, kinds};
pub use crate::name::is_secret_name;

/// What every mark that stands in a secret's place begins with.
const MARK: &str = "[redacted:";

/// Takes every secret out of a text: each becomes `[redacted:<kind>]`.
///
/// A text in which nothing is found comes back borrowed. The kinds are those of [`kinds`]. Redacting twice is the same
/// as redacting once.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut copied = 0;
    let mut from = 0;
    let mut shapes = Shapes::new();
    while let Some(candidate) = candidate::next(text, from) {
        let found = shapes.find_at(text, copied, candidate.start);
        let Some((secret, kind)) = found.or_else(|| assignment::find_at(text, copied, &candidate)) else {
            // A candidate begins with an ASCII character, so the next byte begins a character too.
            from = candidate.start + 1;
            continue;
        };
        redacted.push_str(&text[copied..secret.start]);
        redacted.extend([MARK, kind, "]"]);
        copied = secret.end;
        from = secret.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(&text[copied..]);
    Cow::Owned(redacted)
}
