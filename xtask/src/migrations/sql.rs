//! SQL as a file of statements: the place of each, its words, and its comments.
//!
//! It knows just enough of the language to find the ends of statements. SQLite itself says what a
//! statement *does*, in [`replay`](super::replay).

/// Statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Text in the file, from the first word to the semicolon.
    pub text: String,
    /// Line of its first word, from 1.
    pub line: usize,
    /// Text in one line, without comments and the semicolon at the end.
    pub one_line: String,
    /// Comments above it, within it and behind it on its last line.
    pub comments: Vec<Comment>,
    /// Words outside of quotes and parentheses, in capitals.
    words: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// First line, from 1.
    pub line: usize,
    /// Text, without `--`, `/*` and `*/`.
    pub text: String,
}

/// Statements of a file, and the comments after the last one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    pub statements: Vec<Statement>,
    /// Comments that belong to none of them.
    pub loose: Vec<Comment>,
}

/// Error: a text ends within a string, a comment or a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclosed {
    /// Line in which that begins.
    pub line: usize,
    /// Kind: `string`, `comment`, `statement`.
    pub what: &'static str,
}

impl std::fmt::Display for Unclosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the {} that begins in line {} does not end", self.what, self.line)
    }
}

impl std::error::Error for Unclosed {}

impl Script {
    /// Splits a text into its statements.
    ///
    /// A semicolon ends a statement. A trigger ends with `END;` after a statement of its body.
    pub fn parse(text: &str) -> Result<Self, Unclosed> {
        let mut script = Self::default();
        let mut open: Vec<Piece<'_>> = Vec::new();
        let mut last_line = 0;
        for piece in pieces(text)? {
            let ends = piece.text == ";" && may_end(&open);
            if piece.kind == Kind::Comment {
                let comment = Comment { line: piece.line, text: piece.content().to_owned() };
                match script.statements.last_mut() {
                    Some(last) if open.is_empty() && comment.line == last_line => last.comments.push(comment),
                    _ => script.loose.push(comment),
                }
            } else if !ends {
                open.push(piece);
            } else if open.is_empty() {
                last_line = piece.line;
            } else {
                last_line = piece.line;
                let comments = std::mem::take(&mut script.loose);
                let statement = Statement::new(text, &std::mem::take(&mut open), &piece, comments);
                script.statements.push(statement);
            }
        }
        match open.first() {
            Some(first) => Err(Unclosed { line: first.line, what: "statement" }),
            None => Ok(script),
        }
    }
}

/// Returns true if a semicolon after these pieces ends their statement.
fn may_end(open: &[Piece<'_>]) -> bool {
    let is_trigger = open.iter().take(3).any(|piece| piece.is("TRIGGER")) && open[0].is("CREATE");
    match open {
        // A CASE within the body ends with END too, but never right after a semicolon.
        [.., before, end] => !is_trigger || (before.text == ";" && end.is("END")),
        _ => true,
    }
}

impl Statement {
    fn new(text: &str, pieces: &[Piece<'_>], end: &Piece<'_>, comments: Vec<Comment>) -> Self {
        let first = &pieces[0];
        let (mut one_line, mut words) = (String::new(), Vec::new());
        let (mut depth, mut last_end) = (0_usize, first.start);
        for piece in pieces {
            if piece.start > last_end {
                one_line.push(' ');
            }
            one_line += piece.text;
            last_end = piece.start + piece.text.len();
            match piece.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                word if depth == 0 && piece.kind == Kind::Word => words.push(word.to_ascii_uppercase()),
                _ => {}
            }
        }
        let text = text[first.start..=end.start].to_owned();
        Self { text, line: first.line, one_line, comments, words }
    }

    pub fn begins(&self, word: &str) -> bool {
        self.words.first().is_some_and(|first| first == word)
    }

    /// Returns true if words follow each other outside of quotes and parentheses.
    pub fn says(&self, words: &[&str]) -> bool {
        self.words.windows(words.len()).any(|here| here == words)
    }

    /// Returns true if the statement replaces rows. `replace(…)` is a function, too.
    pub fn replaces(&self) -> bool {
        self.says(&["OR", "REPLACE"]) || self.says(&["REPLACE", "INTO"])
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Comment,
    /// String or name in quotes. A doubled quote begins the next piece.
    Quoted,
    /// Keyword, name or number.
    Word,
    /// Any other character.
    Sign,
}

/// Piece of SQL: a word, a sign, something in quotes, or a comment.
pub(super) struct Piece<'a> {
    kind: Kind,
    text: &'a str,
    start: usize,
    line: usize,
}

impl Piece<'_> {
    /// Returns true if it is this word or sign.
    pub(super) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }

    /// Returns true if it is this name, with or without quotes.
    pub(super) fn names(&self, name: &str) -> bool {
        self.text.trim_matches(['"', '`', '[', ']']).eq_ignore_ascii_case(name)
    }

    /// Returns a comment's text.
    fn content(&self) -> &str {
        let text = self.text.strip_prefix("--").or(self.text.strip_prefix("/*")).unwrap_or(self.text);
        text.strip_suffix("*/").unwrap_or(text).trim()
    }
}

/// Cuts SQL into pieces, without the blanks between them.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unclosed> {
    let (mut found, mut start, mut line) = (Vec::new(), 0, 1);
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let closed = |opener: usize, end: &str, what| {
            let length = rest[opener..].find(end).ok_or(Unclosed { line, what })?;
            Ok(opener + length + end.len())
        };
        let (kind, length) = match first {
            '-' if rest.starts_with("--") => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (Kind::Comment, closed(2, "*/", "comment")?),
            '\'' | '"' | '`' => (Kind::Quoted, closed(1, &rest[..1], "string")?),
            '[' => (Kind::Quoted, closed(1, "]", "string")?),
            _ if is_word(first) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            _ => (Kind::Sign, first.len_utf8()),
        };
        if !first.is_whitespace() {
            found.push(Piece { kind, text: &rest[..length], start, line });
        }
        line += rest[..length].matches('\n').count();
        start += length;
    }
    Ok(found)
}

/// Returns true for a character of a word; to SQLite, every character beyond ASCII is a letter.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '_' | '$')
        || (!character.is_ascii() && !character.is_whitespace())
}
