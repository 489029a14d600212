//! Takes credentials out of a git remote's URL, before it is stored or shown anywhere.

use std::borrow::Cow;

/// Query parameters whose names contain one of these are taken out.
const SECRET_PARAMETERS: &[&str] =
    &["token", "key", "secret", "password", "passwd", "auth", "credential", "signature", "sig", "pat"];

/// Removes user names and passwords, and query parameters that look like a token.
///
/// The user of an `ssh` URL (`git`) stays when it has no password: it is part of the address and no secret. A
/// scp-like address (`git@host:path`) has no room for a password and stays as it is.
///
/// ```
/// use threadkeep_rollout::strip_credentials;
/// assert_eq!(strip_credentials("https://alice:s3cr3t@host/x"), "https://host/x");
/// assert_eq!(strip_credentials("ssh://git@host/x"), "ssh://git@host/x");
/// assert_eq!(strip_credentials("git@host:team/x.git"), "git@host:team/x.git");
/// assert_eq!(strip_credentials("https://host/x?ref=main&access_token=abc"), "https://host/x?ref=main");
/// ```
pub fn strip_credentials(url: &str) -> Cow<'_, str> {
    let Some(colon) = url.find("://") else {
        return strip_query(Cow::Borrowed(url));
    };
    let (scheme, rest) = (&url[..colon], &url[colon + 3..]);
    let authority_end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    // Some write a password with a bare `/`: then the last `@` of the whole is the one that counts, if a `:` before
    // the first `/` is followed by no port.
    let at = rest[..authority_end].rfind('@').or_else(|| unescaped_password(rest, authority_end));
    let Some(at) = at else {
        return strip_query(Cow::Borrowed(url));
    };
    let (user, host) = (&rest[..at], &rest[at + 1..]);
    let is_ssh = scheme.to_ascii_lowercase().split('+').any(|part| part == "ssh");
    if is_ssh && !user.contains(':') && !user.to_ascii_lowercase().contains("%3a") {
        return strip_query(Cow::Borrowed(url));
    }
    // Of `ssh://git:password@host`, the user is still part of the address.
    let user = if is_ssh { user.split(':').next().filter(|user| !user.is_empty()) } else { None };
    let clean = match user {
        Some(user) if !user.contains('%') => format!("{scheme}://{user}@{host}"),
        _ => format!("{scheme}://{host}"),
    };
    strip_query(Cow::Owned(clean))
}

/// The `@` behind a password that holds a `/`, as in `https://user:pa/ss@host/path`.
fn unescaped_password(rest: &str, authority_end: usize) -> Option<usize> {
    let (_, port) = rest[..authority_end].rsplit_once(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) || rest.starts_with('[');
    if is_port { None } else { rest.rfind('@') }
}

fn strip_query(url: Cow<'_, str>) -> Cow<'_, str> {
    let Some(mark) = url.find('?') else {
        return url;
    };
    let (query, fragment) = match url[mark + 1..].find('#') {
        Some(at) => (&url[mark + 1..mark + 1 + at], &url[mark + 1 + at..]),
        None => (&url[mark + 1..], ""),
    };
    let is_secret = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
        SECRET_PARAMETERS.iter().any(|secret| name.contains(secret))
    };
    if !query.split('&').any(|parameter| is_secret(&parameter)) {
        return url;
    }
    let kept = query.split('&').filter(|parameter| !is_secret(parameter)).collect::<Vec<_>>().join("&");
    let mark = if kept.is_empty() { "" } else { "?" };
    Cow::Owned(format!("{}{mark}{kept}{fragment}", &url[..url.find('?').unwrap_or(url.len())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_and_addresses_stay() {
        for (from, to) in [
            ("https://alice:s3cr3t@host/x", "https://host/x"),
            ("https://s3cr3t@host/x", "https://host/x"),
            ("HTTPS://u:s3cr3t@host:8443/x.git", "HTTPS://host:8443/x.git"),
            ("https://u:s3cr3t@tail@host/x", "https://host/x"),
            ("https://u:s3/cr3t@host/x", "https://host/x"),
            ("https://u:s3cr3t@host", "https://host"),
            ("ftp://u:s3cr3t@host/x", "ftp://host/x"),
            ("ssh://git@host:2222/x", "ssh://git@host:2222/x"),
            ("ssh://git:s3cr3t@host/x", "ssh://git@host/x"),
            ("ssh://git%3as3cr3t@host/x", "ssh://host/x"),
            ("git+ssh://git@host/x", "git+ssh://git@host/x"),
            ("git@host:team/x.git", "git@host:team/x.git"),
            ("https://host:8443/a@b", "https://host:8443/a@b"),
            ("https://host/a@b", "https://host/a@b"),
            ("https://host/x?private_token=s3cr3t", "https://host/x"),
            ("https://host/x?a=1&TOKEN=s3cr3t&b=2#part", "https://host/x?a=1&b=2#part"),
            ("https://u:s3cr3t@host/x?api_key=s3cr3t#part", "https://host/x#part"),
            ("https://host/x?ref=main", "https://host/x?ref=main"),
            ("/srv/git/x.git", "/srv/git/x.git"),
            ("", ""),
        ] {
            assert_eq!(strip_credentials(from), to, "{from}");
        }
    }
}
