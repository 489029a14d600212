//! Placeholders in arguments.

use std::ffi::OsString;
use std::path::Path;

/// Replaces `{root}` and `{prompt_file}`. Paths are not searched for placeholders again.
pub(crate) fn filled(argument: &str, root: &Path, prompt_file: &Path) -> OsString {
    let places = [("{root}", root), ("{prompt_file}", prompt_file)];
    let mut filled = OsString::new();
    let mut rest = argument;
    loop {
        let next = places.iter().filter_map(|(name, path)| Some((rest.find(name)?, name, path)));
        let Some((at, name, path)) = next.min_by_key(|(at, ..)| *at) else { break };
        filled.push(&rest[..at]);
        filled.push(path);
        rest = &rest[at + name.len()..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_replaced_once() {
        let filled = |argument| filled(argument, Path::new("/{prompt_file}"), Path::new("/p"));
        assert_eq!(filled("a={root}:{prompt_file},{root}"), "a=/{prompt_file}:/p,/{prompt_file}");
        assert_eq!(filled("{other} {"), "{other} {");
    }
}
