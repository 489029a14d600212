//! Credentials before a host: `user:password@`, behind every `://` and in addresses without one.

use std::borrow::Cow;
use std::ops::Range;

use super::units::{Unit, span, units};

/// Ends of an authority.
const ENDS: &[u8] = b"/?#\\";
const SLASHES: &[u8] = b"/\\";

/// Removes the credentials from every authority in `url`.
pub(super) fn strip(url: &str) -> Cow<'_, str> {
    // Credentials stand before an `@`.
    if !url.contains(['@', '%']) {
        return Cow::Borrowed(url);
    }
    let units = units(url);
    let mut separators = Separators { units: &units, from: 0 };
    let first = separators.next();
    // An encoded `://` may be part of a password.
    let limit = first.as_ref().filter(|first| !first.encoded).map_or(units.len(), |first| first.scheme.start);
    let bare = bare(&units[..limit]);
    separators.from = bare.as_ref().map_or(0, |bare| bare.end);
    let mut cuts = Vec::from_iter(bare);
    let mut next = separators.next();
    while let Some(separator) = next {
        separators.from = separator.authority;
        if let Some((cut, host)) = separator.credentials(&units) {
            cuts.extend(cut);
            separators.from = host;
        }
        next = separators.next();
        let end = next.as_ref().map_or(units.len(), |next| next.scheme.start);
        cuts.extend(in_path(&units[..end], separators.from));
    }
    if cuts.is_empty() {
        return Cow::Borrowed(url);
    }
    let (mut clean, mut kept) = (String::with_capacity(url.len()), 0);
    for cut in cuts {
        let cut = span(url, &units, cut);
        clean.push_str(&url[kept..cut.start]);
        kept = cut.end;
    }
    Cow::Owned(clean + &url[kept..])
}

/// `://` of a URL.
struct Separator {
    scheme: Range<usize>,
    /// Start of the authority.
    authority: usize,
    /// True if the URL is percent-encoded, as a part of another.
    encoded: bool,
}

struct Separators<'u> {
    units: &'u [Unit],
    from: usize,
}

impl Separators<'_> {
    fn next(&self) -> Option<Separator> {
        (self.from..self.units.len()).find_map(|colon| self.at(colon))
    }

    fn at(&self, colon: usize) -> Option<Separator> {
        let units = self.units;
        if units[colon].byte != b':' {
            return None;
        }
        let in_scheme = |unit: &&Unit| unit.byte.is_ascii_alphanumeric() || unit.is_any(b"+.-");
        let length = units[self.from..colon].iter().rev().take_while(in_scheme).count();
        let scheme = colon - length..colon;
        let slashes = units[colon + 1..].iter().take_while(|unit| unit.is_any(SLASHES)).count();
        // Servers and people drop or double these slashes.
        let is_web = [&b"http"[..], b"https"].iter().any(|web| is(&units[scheme.clone()], web));
        let slashes = if is_web { slashes } else { slashes.min(2) };
        if slashes == 0 || (slashes == 1 && !is_web) {
            return None;
        }
        let encoded = units[colon].encoded || units[colon + 1].encoded;
        Some(Separator { scheme, authority: colon + 1 + slashes, encoded })
    }
}

impl Separator {
    /// Returns the part of the authority to remove, if any, and the start of its host; `None`
    /// without a user.
    fn credentials(&self, units: &[Unit]) -> Option<(Option<Range<usize>>, usize)> {
        let start = self.authority;
        let ends = |unit: &Unit| {
            if self.encoded { unit.is_any(ENDS) || unit.is_plain(b"&;") } else { unit.is_plain(ENDS) }
        };
        let end = units[start..].iter().position(ends).map_or(units.len(), |end| start + end);
        let at = last(&units[start..end], b'@').or_else(|| {
            // A password may have a bare `/`: then the last `@` of all counts, if no port follows
            // the `:`.
            let port = last(&units[start..end], b':')? + start + 1;
            let is_address = units[start].byte == b'[' || is_number(&units[port..end]);
            if is_address { None } else { last(&units[start..], b'@') }
        });
        let at = start + at?;
        let user = &units[start..at];
        let is_ssh = units[self.scheme.clone()].split(|unit| unit.byte == b'+').any(|part| is(part, b"ssh"));
        let name = user.iter().position(|unit| unit.byte == b':').unwrap_or(user.len());
        let in_name = |unit: &Unit| unit.byte.is_ascii_alphanumeric() || unit.is_any(b"._-~$");
        let cut = if is_ssh && name > 0 && user[..name].iter().all(|unit| !unit.encoded && in_name(unit)) {
            start + name..at
        } else {
            start..at + 1
        };
        Some(((!cut.is_empty()).then_some(cut), at + 1))
    }
}

/// Returns the part of an address without a scheme to remove.
fn bare(units: &[Unit]) -> Option<Range<usize>> {
    let slashes = units.iter().take_while(|unit| unit.is_any(SLASHES)).count();
    if slashes > 1 {
        // The scheme is missing, or the address names a share.
        let separator = Separator { scheme: 0..0, authority: slashes, encoded: false };
        return separator.credentials(units).and_then(|(cut, _)| cut);
    }
    let end = units.iter().position(|unit| unit.is_plain(ENDS)).unwrap_or(units.len());
    let first = &units[..end];
    let colon = first.iter().position(|unit| unit.byte == b':')?;
    if let Some(at) = last(first, b'@') {
        // Behind `git@host:`, an `@` is part of the path.
        let is_git = first.len() > 4 && is(&first[..4], b"git@");
        return (colon < at && !is_git).then_some(0..at + 1);
    }
    // A password with a bare `/`: a host and a path follow the `@`, and neither a port nor a drive
    // comes before it.
    let secret = &first[colon + 1..];
    let at = last(units, b'@')?;
    let is_host = units[at + 1..].iter().any(|unit| unit.is_any(b":/"));
    (colon > 0 && is_host && !secret.is_empty() && !is_number(secret)).then_some(0..at + 1)
}

/// Returns the parts to remove behind the start of the host: every `user:password@`.
fn in_path(units: &[Unit], host: usize) -> Vec<Range<usize>> {
    let ends = |unit: &Unit| unit.is_any(ENDS) || unit.is_any(b"&;=");
    let (mut cuts, mut start) = (Vec::new(), host);
    for segment in units.get(host..).unwrap_or_default().split(ends) {
        let colon = segment.iter().position(|unit| unit.byte == b':');
        let at = last(segment, b'@').filter(|at| start > host && colon.is_some_and(|colon| colon < *at));
        cuts.extend(at.map(|at| start..start + at + 1));
        start += segment.len() + 1;
    }
    cuts
}

fn last(units: &[Unit], byte: u8) -> Option<usize> {
    units.iter().rposition(|unit| unit.byte == byte)
}

/// Returns true if `units` spell `word`, in upper or lower case.
fn is(units: &[Unit], word: &[u8]) -> bool {
    units.len() == word.len()
        && units.iter().zip(word).all(|(unit, byte)| unit.byte.eq_ignore_ascii_case(byte))
}

/// Returns true for a port. An empty one is none: in `host:/path` a password may follow.
fn is_number(units: &[Unit]) -> bool {
    !units.is_empty() && units.iter().all(|unit| unit.byte.is_ascii_digit())
}
