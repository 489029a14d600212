//! Removes secrets from text before it is logged, stored or shown.
//!
//! The crate is one pure function and its rules. It finds secrets by their *shape* (keys of known
//! vendors, private keys, JSON Web Tokens, credentials in URLs) and by the *name* before them
//! (`PASSWORD=…`, `"api_key": "…"`, `--token …`, `Authorization: …`), also in text that was escaped
//! several times, as a JSON string within another is.
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
//! Redaction is a last guard, and no promise. A secret without a known shape or name stays: a
//! password in a sentence, half a key at the cut of a preview, a key of an unknown vendor. Redact a
//! text before cutting it, never after: half a key has lost its shape.
//!
//! These stay on purpose: digests, UUIDs, `data:` URLs and other Base64 without a name (an image is
//! megabytes of it, and a key looks the same), public keys and certificates, counts of
//! tokens, names of variables (`$TOKEN`, `config.token`), calls (`read_password()`), types, paths,
//! placeholders and masks. After a weak name such as `token` or `key`, a value counts only if it
//! looks like a key: eight characters or more, with a digit or of both cases. After a strong name
//! such as `password`, every value counts that is not code or prose, so that now and then a
//! harmless word goes.
//!
//! # Locking
//!
//! None. The first text with a hint of a secret compiles the rules (a few milliseconds); all
//! threads share them.
//!
//! # Compatibility
//!
//! A mark is `[redacted:` + kind + `]`. Marks stay as they are, so that redacting twice changes
//! nothing more. Any version may add kinds and find more; a kind keeps its name.
//!
//! # Performance
//!
//! The time is linear in the text's length for every text: names and prefilter are bounded, a value
//! is checked by its first 256 bytes (in quotes: 8 KiB), and no rule reads a rejected run again.
//! One automaton reads the text once; a text without a candidate is returned borrowed and costs no
//! more. On one core of a cloud machine (2 vCPUs), `cargo xtask bench redact` read prose at 480
//! MB/s, log rows at 510, rollout lines at 520, this crate's own code, which is full of secrets'
//! names, at 330, and a title of 79 bytes in 190 ns; counting newlines and colons ran at 2,400
//! MB/s. Text that is nothing but findings ran at 22 MB/s.
//!
//! # File systems
//!
//! None is touched.

mod candidate;
mod name;
mod named;
mod pem;
mod separator;
mod shape;
mod shape_check;
mod shape_search;
mod shape_table;
mod value;
mod value_check;
mod word_start;

use std::borrow::Cow;

use crate::shape_search::Shapes;

pub use crate::name::is_secret_name;

/// Returns the kinds of secrets that [`redact`] finds: by shape first, then by name.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    let by_name = ["password", "secret", "authorization", "cookie"];
    shape_table::TABLE.iter().map(|rule| rule.kind).chain(by_name)
}

/// Beginning of every mark that replaces a secret.
const MARK: &str = "[redacted:";

/// Replaces every secret in a text with `[redacted:<kind>]`; [`kinds`] lists the kinds.
///
/// Returns a text without findings borrowed. Redacting twice gives the same as redacting once.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut copied = 0;
    let mut from = 0;
    let mut shapes = Shapes::new();
    while let Some(candidate) = candidate::next(text, from) {
        let found = shapes.find_at(text, copied, candidate.start);
        let Some((secret, kind)) = found.or_else(|| named::find_at(text, copied, &candidate)) else {
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
