//! What stands between a name and its value: `=`, `: `, `": "`, `=>`, `>` of a tag, `", "` of a list, a space.

use std::sync::LazyLock;

use regex::Regex;

/// Tells the ways in which a value is given to a name. Prose and code use some of them more than others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `NAME=value`, as in environments, queries and options: whatever follows is a value.
    Tight,
    /// `name: value` or `name = value`: it may be code or prose.
    Loose,
    /// `"name", "value"`: a pair, or two items of any list.
    Comma,
    /// `--name value`, also as two items of a list.
    Option,
    /// `<name>value<`.
    Tag,
}

/// Finds the separator after a name that ends at `end` and begins at `start`: which it is, and where the value begins.
pub(crate) fn after_name(text: &str, start: usize, end: usize) -> Option<(Separator, usize)> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)\A(?:
              (?<quoted> \\{0,7}["'`] )? \]? (?:
                (?<annotated> : \s{0,4} [^\s"`=,;(){}]{1,40} (?: \x20\|\x20\w{1,16} )? \s{0,4} = \s{0,8} ) ["'`]
              | (?<tight> = )
              | (?<loose> [\x20\t]{0,8} (?: => | := | ={1,3} | : ) )
              | (?<comma> \s{0,8} , )
              )
            | (?<tag> > )
            | (?<space> [\x20\t]{1,8} )
            )"#,
        )
        .expect("the pattern is right: tests use it")
    });
    let rest = &text[end..];
    let before = &text[..start];
    let captures = PATTERN.captures(rest)?;
    let has = |group: &str| captures.name(group).is_some();
    let kind = match () {
        () if has("annotated") => Separator::Loose,
        () if has("tight") => Separator::Tight,
        () if has("loose") => Separator::Loose,
        () if has("comma") && !has("quoted") => return None,
        () if has("comma") && !before.ends_with("--") => Separator::Comma,
        () if has("tag") => before.ends_with('<').then_some(Separator::Tag)?,
        () => (has("comma") || before.ends_with("--")).then_some(Separator::Option)?,
    };
    let stop = captures.name("annotated").or_else(|| captures.get(0))?.end();
    let at = end + stop + skip(&rest[stop..]);
    let kind =
        if kind == Separator::Tight && text[end + stop..at].contains(' ') { Separator::Loose } else { kind };
    Some((kind, at))
}

/// Counts the bytes to skip before a value: blanks, line breaks before a quote, the head of a YAML block.
fn skip(rest: &str) -> usize {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\A(?:[ \t]{0,64}[|>][+-]?[ \t]{0,8}\r?\n[ \t]{1,64}|\s{0,64}\\{0,7}["'`]|[ \t]{0,64})"#)
            .expect("the pattern is right: tests use it")
    });
    let end = PATTERN.find(rest).map_or(0, |found| found.end());
    rest[..end].trim_end_matches(['"', '\'', '`']).trim_end_matches('\\').len()
}
