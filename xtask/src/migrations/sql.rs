//! SQL as a file of statements: the place of each, its tokens, and its comments.
//!
//! It knows just enough of the language to find the ends of statements and to read their first
//! words. SQLite itself says what a statement *does*, in [`replay`](super::replay).

mod lexer;

pub use lexer::{Kind, Token};
use lexer::{Lexeme, Lexer};

/// Statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Text in the file, from the first word to the semicolon.
    pub text: String,
    /// Line of its first word, from 1.
    pub line: usize,
    /// Tokens, without blanks, comments and the semicolon at the end.
    pub tokens: Vec<Token>,
    /// Comments above it, within it and behind it on its last line.
    pub comments: Vec<Comment>,
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
        let mut open = Open::default();
        let mut last_line = 0;
        for lexeme in Lexer::new(text) {
            match lexeme? {
                Lexeme::Comment(comment) => match script.statements.last_mut() {
                    Some(last) if open.tokens.is_empty() && comment.line == last_line => {
                        last.comments.push(comment);
                    }
                    _ => open.comments.push(comment),
                },
                Lexeme::Token(token) if token.text == ";" && open.tokens.is_empty() => {
                    last_line = token.line;
                }
                Lexeme::Token(token) if token.text == ";" && open.may_end() => {
                    last_line = token.line;
                    script.statements.push(std::mem::take(&mut open).close(text, token.end));
                }
                Lexeme::Token(token) => open.tokens.push(token),
            }
        }
        if let Some(first) = open.tokens.first() {
            return Err(Unclosed { line: first.line, what: "statement" });
        }
        script.loose = open.comments;
        Ok(script)
    }
}

/// Statement that is being read.
#[derive(Default)]
struct Open {
    tokens: Vec<Token>,
    comments: Vec<Comment>,
}

impl Open {
    /// Returns true if a semicolon here ends the statement.
    fn may_end(&self) -> bool {
        let is_trigger =
            self.tokens.iter().take(3).any(|token| token.is("TRIGGER")) && self.tokens[0].is("CREATE");
        match &self.tokens[..] {
            // A CASE within the body ends with END too, but never right after a semicolon.
            [.., before, end] => !is_trigger || (before.text == ";" && end.is("END")),
            _ => true,
        }
    }

    fn close(self, text: &str, end: usize) -> Statement {
        let start = self.tokens.first().map_or(end, |token| token.start);
        let line = self.tokens.first().map_or(1, |token| token.line);
        Statement { text: text[start..end].to_owned(), line, tokens: self.tokens, comments: self.comments }
    }
}

impl Statement {
    /// Returns true if the statement begins with these words.
    pub fn begins(&self, words: &[&str]) -> bool {
        self.tokens.len() >= words.len() && self.tokens.iter().zip(words).all(|(token, word)| token.is(word))
    }

    /// Finds a word outside of all parentheses; returns its position.
    pub fn find_outside(&self, word: &str) -> Option<usize> {
        let mut depth = 0_usize;
        self.tokens.iter().position(|token| {
            match &*token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is(word)
        })
    }

    /// Returns the name at a position, without its quotes and without `main.` before it.
    pub fn name_at(&self, at: usize) -> Option<String> {
        let dotted = self.tokens.get(at + 1).is_some_and(|token| token.text == ".");
        self.tokens.get(if dotted { at + 2 } else { at }).map(Token::name)
    }

    /// Writes the statement in one line, without comments.
    pub fn one_line(&self) -> String {
        let mut line = String::new();
        for (at, token) in self.tokens.iter().enumerate() {
            line += &token.text;
            if needs_blank(&self.tokens, at) {
                line.push(' ');
            }
        }
        line
    }
}

/// Words after which a name is a table's, and no function's.
const BEFORE_TABLES: [&str; 6] = ["TABLE", "EXISTS", "ON", "REFERENCES", "INTO", "USING"];

/// Returns true if people would write a blank after a token.
pub fn needs_blank(tokens: &[Token], at: usize) -> bool {
    let (Some(left), Some(right)) = (tokens.get(at), tokens.get(at + 1)) else { return false };
    let is_table = at > 0 && BEFORE_TABLES.iter().any(|word| tokens[at - 1].is(word));
    let opens_call = right.text == "(" && left.kind == Kind::Word && !left.is_keyword() && !is_table;
    !(matches!(&*left.text, "(" | ".") || matches!(&*right.text, ")" | "," | "." | ";") || opens_call)
}
