//! URLs without what is private in them.

/// Removes credentials, queries, fragments and all of the path behind its first segment from every
/// URL in a text.
pub(crate) fn shorten_all(text: &str) -> String {
    let (mut done, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("://") {
        let scheme = rest[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
        let (before, from) = rest.split_at(scheme.map_or(0, |last| last + last_len(rest, last)));
        let end = from.find(|c: char| c.is_whitespace() || "\"'`<>|\\^{}".contains(c)).unwrap_or(from.len());
        // Punctuation at its end belongs to the sentence.
        let end = from[..end].trim_end_matches([',', '.', ';', ':', ')', '!']).len();
        let (url, after) = from.split_at(end);
        done.push_str(before);
        done.push_str(&shorten(url));
        rest = after;
        if url.is_empty() {
            // No scheme before it: not a URL.
            done.push_str(&rest[..3.min(rest.len())]);
            rest = &rest[3.min(rest.len())..];
        }
    }
    done + rest
}

fn last_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// Shortens one URL.
fn shorten(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (rest, had_query) = match rest.find(['?', '#']) {
        Some(at) => (&rest[..at], true),
        None => (rest, false),
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let mut segments = path.split('/').skip(1);
    let mut short = format!("{scheme}://{host}");
    if let Some(first) = segments.next() {
        short.push('/');
        short.push_str(first);
    }
    if had_query || segments.any(|segment| !segment.is_empty()) {
        short.push_str("/…");
    }
    short
}

#[cfg(test)]
#[path = "../tests/unit/url.rs"]
mod tests;
