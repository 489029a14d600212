//! Shape of a private key in PEM armour.

/// Finds a private key from its first line to its last, or, if that is missing, to the end of its
/// body.
///
/// A body ends at the first two hyphens in a row, so that none is read twice. Armour without Base64
/// is prose about keys, and stays.
pub(crate) const PATTERN: &str = r#"(?x)
    -----BEGIN\ (?:[A-Z0-9]{1,12}\ ){0,3}PRIVATE\ KEY(?:\ BLOCK)?-----
    (?:
        # Closed.
        (?: [^-] | -[^-] )*? [A-Za-z0-9+/=]{16} (?: [^-] | -[^-] )* -----END\ [A-Z0-9\ ]{0,48}-----
    |
        # Cut off: header lines, stretches of Base64, and a short last line.
        (?: (?:\s|\\[nrt]|["'+,|>\#]){0,16} [A-Z][A-Za-z-]{2,16}:\ [A-Za-z0-9,.\ -]{1,80} ){0,8}
        (?: (?:\s|\\[nrt]|["'+,|>\#]){0,16} [A-Za-z0-9+/=]{16,} )+
        (?: (?: [\r\n] | \\n | \\r )+ [\ \t]* [A-Za-z0-9+/]{1,15}(?: ={1,2} | (?-u:\b) ) )?
    )"#;
