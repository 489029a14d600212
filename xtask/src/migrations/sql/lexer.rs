//! Tokens of SQL: names, strings, numbers, signs, comments.

use std::str::CharIndices;

use super::{Comment, Unclosed};

/// Kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes, backticks or brackets.
    Name,
    /// A string in single quotes, or a blob.
    Text,
    Number,
    /// A sign: one of SQLite's operators, or any other character.
    Sign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    /// Text in the file.
    pub text: String,
    /// First line, from 1.
    pub line: usize,
    /// Offset of its first byte.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
}

impl Token {
    /// Returns true if it is this keyword, in upper or lower case.
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Returns the name, without quotes.
    pub fn name(&self) -> String {
        match self.kind {
            Kind::Name | Kind::Text => self.text[1..self.text.len() - 1].to_owned(),
            _ => self.text.clone(),
        }
    }

    /// Returns true if it is written in capitals, like a keyword.
    pub fn is_keyword(&self) -> bool {
        self.kind == Kind::Word && self.text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    }
}

pub(super) enum Lexeme {
    Token(Token),
    Comment(Comment),
}

/// Reads a text token by token.
pub(super) struct Lexer<'a> {
    text: &'a str,
    rest: CharIndices<'a>,
    line: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, rest: text.char_indices(), line: 1 }
    }

    fn at(&self) -> usize {
        self.rest.offset()
    }

    fn peek(&self) -> Option<char> {
        self.rest.as_str().chars().next()
    }

    fn next_char(&mut self) -> Option<char> {
        let (_, next) = self.rest.next()?;
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip_while(&mut self, is_part: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_part) {
            self.next_char();
        }
    }

    /// Skips to the end of a quoted text; a quote that is doubled is part of it.
    fn skip_quoted(&mut self, close: char, line: usize) -> Result<(), Unclosed> {
        loop {
            match self.next_char() {
                Some(found) if found == close => {
                    if close == ']' || self.peek() != Some(close) {
                        return Ok(());
                    }
                    self.next_char();
                }
                Some(_) => {}
                None => return Err(Unclosed { line, what: "string" }),
            }
        }
    }

    /// Reads the rest of a comment, after its first two characters.
    fn comment(&mut self, opener: &str, line: usize) -> Result<Comment, Unclosed> {
        let start = self.at();
        let end = match opener {
            "--" => self.rest.as_str().find('\n'),
            _ => Some(self.rest.as_str().find("*/").ok_or(Unclosed { line, what: "comment" })?),
        };
        let end = end.map_or(self.text.len(), |length| start + length);
        let text = self.text[start..end].trim().to_owned();
        let after = if opener == "--" { end } else { end + 2 };
        while self.at() < after {
            self.next_char();
        }
        Ok(Comment { line, text })
    }

    fn lexeme(&mut self) -> Option<Result<Lexeme, Unclosed>> {
        self.skip_while(char::is_whitespace);
        let (start, line) = (self.at(), self.line);
        let first = self.next_char()?;
        let pair = self.text.get(start..start + 2).unwrap_or_default();
        if pair == "--" || pair == "/*" {
            self.next_char();
            return Some(self.comment(pair, line).map(Lexeme::Comment));
        }
        let kind = match self.token(first, pair, line) {
            Ok(kind) => kind,
            Err(unclosed) => return Some(Err(unclosed)),
        };
        let end = self.at();
        Some(Ok(Lexeme::Token(Token { kind, text: self.text[start..end].to_owned(), line, start, end })))
    }

    /// Reads the rest of a token, after its first character.
    fn token(&mut self, first: char, pair: &str, line: usize) -> Result<Kind, Unclosed> {
        Ok(match first {
            '\'' => self.skip_quoted('\'', line).map(|()| Kind::Text)?,
            'x' | 'X' if pair.ends_with('\'') => {
                self.next_char();
                self.skip_quoted('\'', line).map(|()| Kind::Text)?
            }
            '"' | '`' => self.skip_quoted(first, line).map(|()| Kind::Name)?,
            '[' => self.skip_quoted(']', line).map(|()| Kind::Name)?,
            first if is_name_start(first) => {
                self.skip_while(is_name_part);
                Kind::Word
            }
            first if first.is_ascii_digit() => {
                self.skip_while(|next| next.is_ascii_alphanumeric() || next == '.');
                Kind::Number
            }
            '?' | ':' | '@' | '$' => {
                self.skip_while(is_name_part);
                Kind::Sign
            }
            _ => {
                if matches!(pair, "||" | "<>" | "<=" | ">=" | "==" | "!=" | "<<" | ">>" | "->") {
                    self.next_char();
                    if pair == "->" {
                        self.skip_while(|next| next == '>');
                    }
                }
                Kind::Sign
            }
        })
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<Lexeme, Unclosed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.lexeme()
    }
}

/// Returns true for letters; to SQLite, every character beyond ASCII is one.
fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_ascii_digit() || character == '$'
}
