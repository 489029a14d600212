//! Secrets of a request, removed from what a server says.

use super::settings::ResponsesSettings;

/// Shortest value of a header that counts as a secret.
const MIN_HEADER: usize = 8;

/// Values that must not be in an error or a log.
pub(crate) struct Secrets<'a>(Vec<&'a str>);

impl<'a> Secrets<'a> {
    /// Collects the key and the values of the headers.
    pub(crate) fn of(settings: &'a ResponsesSettings, key: Option<&'a str>) -> Self {
        let headers =
            settings.headers.iter().map(|(_, value)| value.trim()).filter(|value| value.len() >= MIN_HEADER);
        let mut secrets: Vec<&str> = headers.chain(key).collect();
        // A longer one may contain a shorter one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// Returns a text without them.
    pub(crate) fn removed(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }
}
