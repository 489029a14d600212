//! The cleaned environment of a child process.

use std::ffi::OsString;

/// Variables that programs need to find their files and to write for people.
const KEPT: &[&str] = &[
    "HOME",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    // Of Windows.
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATHEXT",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
    "USERPROFILE",
];

/// Returns the variables that a child process gets: the usual ones and the named ones.
pub(crate) fn kept(names: &[String]) -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(move |(name, _)| {
        let Some(name) = name.to_str() else { return false };
        KEPT.contains(&name) || name.starts_with("LC_") || names.iter().any(|named| named == name)
    })
}
