//! Distinguishes names of secrets from names that only mention them.

/// Strength of a name as evidence that its value is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// Every value is secret, even a single word: `password`, `client_secret`.
    Strong,
    /// The value is secret if it looks like a key: `token`, `api_key`, `auth`.
    Weak,
    /// A header whose value is a scheme and a credential: `authorization`.
    Authorization,
    /// A header whose value is pairs of names and values: `cookie`.
    Cookie,
}

/// Endings that are always secret, also without a divider before them (`dbpassword`).
pub(crate) const STRONG: &[&str] = &["password", "passwd", "passphrase", "passcode", "secret", "mnemonic"];

/// Words that make `pass` and the like secret: `db_pass` is, `first_pass` is not.
const QUALIFIED_PASS: &[&str] = &[
    "admin", "auth", "database", "db", "email", "ftp", "http", "imap", "ldap", "login", "mail", "mongo",
    "mysql", "pg", "postgres", "proxy", "rabbitmq", "redis", "root", "smtp", "sql", "ssh", "sudo", "user",
    "vault", "vpn", "wifi",
];

/// Words that make a `key` after them secret.
#[rustfmt::skip]
pub(crate) const KEY_QUALIFIERS: &[&str] = &[
    "access", "account", "admin", "anon", "anthropic", "api", "auth", "azure", "client", "crypto",
    "decryption", "deploy", "encryption", "gemini", "github", "groq", "hmac", "jwt", "license",
    "mailgun", "master", "mistral", "openai", "private", "recovery", "role", "secret", "sendgrid",
    "service", "shared", "signing", "ssh", "stripe", "subscription", "supabase", "twilio", "webhook",
];

/// Words that make a `token` after them harmless: those of lexers, models, pages and leases.
#[rustfmt::skip]
const HARMLESS_TOKENS: &[&str] = &[
    "a", "an", "any", "bos", "by", "cache", "cached", "cancel", "cancellation", "cls", "continuation",
    "cost", "current", "cursor", "each", "end", "eof", "eos", "expected", "fencing", "first", "has",
    "image", "input", "is", "last", "lease", "mask", "max", "min", "no", "output", "pad", "page", "per",
    "pr", "prev", "previous", "price", "prompt", "punct", "reasoning", "resume", "sep", "shutdown",
    "special", "start", "stop", "syntax", "text", "unexpected", "unk", "with", "without", "word",
];

/// Words that may follow a secret's name: `password_hash`, `SECRET_KEY_BASE`, `token_value`.
#[rustfmt::skip]
pub(crate) const ENDINGS: &[&str] = &[
    "b64", "base", "base64", "current", "dev", "env", "hash", "header", "hex", "live", "new", "old",
    "plain", "plaintext", "prod", "production", "raw", "staging", "string", "test", "text", "value",
];

/// Patterns of every last word of a secret's name but keys, for the prefilter.
#[rustfmt::skip]
pub(crate) const LAST_WORDS: &[&str] = &[
    "authorization", "auth", "cookies?", "credentials?", "creds", "mnemonic", "passcode", "passphrase",
    "passwd", "password", "pass", "pat", "pwd", "pw", "secret",
    "(?:seed|recovery|backup)[_ -]?(?:phrase|words)", "(?:amz|goog)-signature", "token",
    "(?:access|api|auth|bearer|refresh)[_ -]?tokens",
];

/// Returns true if a field or variable of this name holds a secret.
///
/// Splits the name at punctuation and capitals, and decides by its last words. So `client_secret`,
/// `API_KEY`, `dbPassword`, `x-api-key` and `authorization` hold secrets; `max_tokens`,
/// `token_count`, `password_file`, `next_page_token`, `keyboard`, `monkey` and `author` do not.
pub fn is_secret_name(name: &str) -> bool {
    kind(name).is_some()
}

/// Returns the kind of a name; `None` if it is no secret's.
pub(crate) fn kind(name: &str) -> Option<NameKind> {
    let lower = name.to_ascii_lowercase();
    let mut words = words(name, &lower);
    while words.len() > 1 && words.last().is_some_and(|last| is_ending(last)) {
        words.pop();
    }
    let (last, before) = words.split_last()?;
    let qualifier = before.last().copied();
    let follows = |list: &[&str]| qualifier.is_some_and(|word| list.contains(&word));
    let last = last.trim_end_matches(|digit: char| digit.is_ascii_digit());
    match last {
        "authorization" => Some(NameKind::Authorization),
        "cookie" if qualifier.is_none_or(|word| word == "set") => Some(NameKind::Cookie),
        "cookie" | "cookies" => follows(&["auth", "session"]).then_some(NameKind::Weak),
        "pass" | "pwd" | "pw" => follows(QUALIFIED_PASS).then_some(NameKind::Strong),
        "phrase" | "words" => follows(&["seed", "recovery", "backup"]).then_some(NameKind::Strong),
        "key" | "keys" => follows(KEY_QUALIFIERS).then_some(NameKind::Weak),
        "token" => (!follows(HARMLESS_TOKENS)).then_some(NameKind::Weak),
        "tokens" => follows(&["access", "api", "auth", "bearer", "refresh"]).then_some(NameKind::Weak),
        "pat" => follows(&["azure", "devops", "gh", "git", "github", "gitlab"]).then_some(NameKind::Weak),
        "auth" | "credential" | "credentials" | "creds" => Some(NameKind::Weak),
        "signature" => follows(&["amz", "goog"]).then_some(NameKind::Weak),
        glued if STRONG.iter().any(|ending| glued.ends_with(ending)) => Some(NameKind::Strong),
        glued => is_glued(glued).then_some(NameKind::Weak),
    }
}

/// Returns true for a last word that is ignored.
fn is_ending(word: &str) -> bool {
    ENDINGS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true for two words without a divider: `apikey`, `authtoken`.
fn is_glued(word: &str) -> bool {
    let key = word.strip_suffix("keys").or_else(|| word.strip_suffix("key"));
    let token = word.strip_suffix("token");
    key.is_some_and(|start| KEY_QUALIFIERS.iter().any(|qualifier| start.ends_with(qualifier)))
        || token.is_some_and(|start| {
            ["access", "api", "auth", "bearer", "bot", "id", "refresh", "session", "user"].contains(&start)
        })
}

/// Splits a name at its punctuation and capitals, and returns the parts of `lower`: three for
/// `HTTPProxyPass`.
fn words<'a>(name: &str, lower: &'a str) -> Vec<&'a str> {
    let bytes = name.as_bytes();
    let is_hump = |at: usize| {
        let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let before = bytes[at - 1];
        bytes[at].is_ascii_uppercase() && (!before.is_ascii_uppercase() || next_is_lower)
    };
    let mut words = Vec::new();
    let mut begin = 0;
    for at in 1..=bytes.len() {
        let is_end =
            at == bytes.len() || is_hump(at) || bytes[at].is_ascii_punctuation() || bytes[at] == b' ';
        if is_end {
            words.push(lower[begin..at].trim_matches(|character: char| !character.is_alphanumeric()));
            begin = at;
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
