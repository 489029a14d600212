//! Kinds of secrets, as data for documentation.

use crate::shape_table::TABLE;

/// Kind of secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kind {
    /// Its name, as in `[redacted:<name>]`.
    pub name: &'static str,
    /// Secrets of this kind, in a few words and without an example.
    pub finds: &'static str,
}

/// Kind of a value whose name says password.
pub(crate) const PASSWORD: &str = "password";
/// Kind of a value with any other secret name.
pub(crate) const SECRET: &str = "secret";
/// Kind of an `Authorization` header's credential.
pub(crate) const AUTHORIZATION: &str = "authorization";
/// Kind of a cookie header's value.
pub(crate) const COOKIE: &str = "cookie";

/// Kinds that are found by the name before the value.
const NAMED: [Kind; 4] = [
    Kind {
        name: PASSWORD,
        finds: "the value of a field, variable, option or parameter whose name says password",
    },
    Kind {
        name: SECRET,
        finds: "the value of any other name that holds a secret: tokens, keys, credentials",
    },
    Kind { name: AUTHORIZATION, finds: "the credential of an Authorization header; its scheme stays" },
    Kind { name: COOKIE, finds: "the value of a Cookie or Set-Cookie header" },
];

/// Lists the kinds of secrets that [`redact`](crate::redact) finds: by shape first, then by name.
pub fn kinds() -> impl Iterator<Item = Kind> {
    let shapes = TABLE.iter().map(|rule| Kind { name: rule.kind, finds: rule.finds });
    shapes.chain(NAMED)
}
