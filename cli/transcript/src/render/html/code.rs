//! Highlighted code: comments, strings, numbers and keywords, by the manners that most languages
//! share.
//!
//! A library that knows each grammar (`syntect`) made the tool's build a quarter longer and its
//! program 2.6 MB larger.

use super::page::escaped;

/// Manners of a family of languages.
struct Family {
    names: &'static str,
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    quotes: &'static str,
    keywords: &'static str,
}

const FAMILIES: &[Family] = &[
    Family {
        names: "rust rs c h cpp c++ cc hpp cs csharp java kotlin kt go golang swift scala dart zig \
            javascript js jsx mjs typescript ts tsx php",
        line_comments: &["//"],
        block_comment: Some(("/*", "*/")),
        quotes: "\"`",
        keywords: "abstract as async await bool boolean break case catch char class const continue \
            crate default defer delete do double dyn else enum export extends extern false final finally \
            float fn for from func function if impl implements import in instanceof int interface is let \
            long loop match mod move mut namespace new nil null number object of override package private \
            protected pub public ref return select self Self short signed sizeof static string String struct \
            super switch template this throw throws trait true try type typeof undefined union unsafe \
            unsigned use using val var virtual void where while yield",
    },
    Family {
        names: "python py ruby rb elixir ex perl pl r julia jl",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
        keywords: "and as assert async await begin break case class continue def defmodule del do elif else \
            elsif end ensure except False finally for from function global if import in is lambda let local \
            match module my next nil None nonlocal not or pass raise require rescue return self sub super \
            then True try unless until use using when while with yield",
    },
    Family {
        names: "sh bash shell zsh console fish make makefile dockerfile",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
        keywords: "case cd do done echo elif else esac exit export fi for function if in local return set \
            shift source sudo then trap unset until while FROM RUN COPY CMD ENV WORKDIR",
    },
    Family {
        names: "toml yaml yml ini conf json json5 jsonc",
        line_comments: &["#"],
        block_comment: None,
        quotes: "\"'",
        keywords: "true false null yes no",
    },
    Family {
        names: "sql sqlite postgresql mysql",
        line_comments: &["--"],
        block_comment: Some(("/*", "*/")),
        quotes: "'\"",
        keywords: "ADD ALTER AND AS ASC BEGIN BY CASE COMMIT CREATE DELETE DESC DISTINCT DROP ELSE END EXISTS \
            FROM GROUP HAVING IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT NOT NULL ON OR ORDER OUTER \
            PRIMARY ROLLBACK SELECT SET TABLE THEN UNION UPDATE VALUES VIEW WHEN WHERE WITH",
    },
];

/// Renders code in HTML. A language that is not known is only escaped.
pub(super) fn highlighted(code: &str, language: &str) -> String {
    let language = language.to_ascii_lowercase();
    if language == "diff" || language == "patch" {
        return code.lines().map(|line| of_diff(line) + "\n").collect();
    }
    let is_meant = |family: &&Family| family.names.split_ascii_whitespace().any(|name| name == language);
    match FAMILIES.iter().find(is_meant) {
        Some(family) => of_family(code, family),
        None => escaped(code),
    }
}

fn of_diff(line: &str) -> String {
    match line.as_bytes().first() {
        Some(b'+') => span("add", line),
        Some(b'-') => span("del", line),
        Some(b'@') => span("hunk", line),
        _ => escaped(line),
    }
}

fn of_family(code: &str, family: &Family) -> String {
    let mut html = String::with_capacity(code.len() * 2);
    let mut rest = code;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let (class, length) = token(rest, first, before, family);
        let (text, after) = rest.split_at(length.max(first.len_utf8()));
        html.push_str(&if class.is_empty() { escaped(text) } else { span(class, text) });
        before = text.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    html
}

/// Returns the class and the length of the token with which a text begins.
fn token(rest: &str, first: char, before: char, family: &Family) -> (&'static str, usize) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let line = rest.find('\n').unwrap_or(rest.len());
    // In a shell, `#` within a word begins no comment.
    let may_comment = !family.line_comments.contains(&"#") || before.is_whitespace();
    if may_comment && family.line_comments.iter().any(|mark| rest.starts_with(mark)) {
        return ("com", line);
    }
    if let Some((open, close)) = family.block_comment.filter(|(open, _)| rest.starts_with(open)) {
        let end = rest[open.len()..].find(close).map_or(rest.len(), |at| open.len() + at + close.len());
        return ("com", end);
    }
    if family.quotes.contains(first) {
        return ("str", quoted(rest, first));
    }
    if is_word(first) {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let is_number = first.is_ascii_digit() && !is_word(before);
        let is_keyword = family.keywords.split_ascii_whitespace().any(|keyword| keyword == &rest[..word]);
        return (
            if is_number {
                "num"
            } else if is_keyword {
                "key"
            } else {
                ""
            },
            word,
        );
    }
    // Everything up to the next token that could mean something.
    let is_plain = |c: char| !is_word(c) && !family.quotes.contains(c) && !"/#-'".contains(c);
    let plain = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
    ("", plain)
}

/// Returns the length of a string with its quotes. An open string goes to the end of its line.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return at,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn span(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{}</span>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Removes the spans again.
    fn plain(html: &str) -> String {
        let mut text = html.replace("</span>", "");
        while let Some(at) = text.find("<span class=\"") {
            let end = text[at..].find('>').map_or(text.len(), |end| at + end + 1);
            text.replace_range(at..end, "");
        }
        text
    }

    #[test]
    fn code_keeps_every_character() {
        let code =
            "// a <b> & \"c\"\nlet x = 'a'; /* open\n\"s\\\"t\" é 0x1f `q\nr` # no\n\tif self.x_1 { 'ü' }";
        for language in ["rust", "py", "sh", "toml", "sql", "", "diff", "klingon"] {
            for end in (0..=code.len()).filter(|end| code.is_char_boundary(*end)) {
                let shown = plain(&highlighted(&code[..end], language));
                assert_eq!(shown.trim_end(), escaped(&code[..end]).trim_end(), "{language} {end}");
            }
        }
    }

    #[test]
    fn tokens_are_marked() {
        assert_eq!(
            highlighted("let a = \"<\"; // 1", "Rust"),
            "<span class=\"key\">let</span> a = <span class=\"str\">&quot;&lt;&quot;</span>; <span class=\"com\">// 1</span>"
        );
        assert_eq!(
            highlighted("echo a#b 12 # c", "sh"),
            "<span class=\"key\">echo</span> a#b <span class=\"num\">12</span> <span class=\"com\"># c</span>"
        );
        assert_eq!(highlighted("+a\n b", "diff"), "<span class=\"add\">+a</span>\n b\n");
    }
}
