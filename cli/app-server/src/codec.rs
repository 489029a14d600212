//! Newline-delimited lines of bounded length.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Longest line of a client, in bytes.
pub const MAX_LINE: usize = 16 << 20;
/// Capacity that is kept for the next line.
const USUAL: usize = 64 << 10;

/// Reader of lines.
pub(crate) struct LineReader<R> {
    input: R,
}

/// Line of a client, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Whole(Vec<u8>),
    /// It was longer than [`MAX_LINE`], and is discarded.
    TooLong,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input }
    }

    /// Reads the next line that is not blank. `None` at the end of the input.
    ///
    /// Not cancel safe: read on with the same future.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let Some(line) = self.line().await? else { return Ok(None) };
            if !matches!(&line, Line::Whole(bytes) if bytes.trim_ascii().is_empty()) {
                return Ok(Some(line));
            }
        }
    }

    async fn line(&mut self) -> io::Result<Option<Line>> {
        let (mut line, mut length) = (Vec::new(), 0_usize);
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                return Ok((length > 0).then(|| finish(line, length)));
            }
            let end = memchr::memchr(b'\n', available);
            let part = &available[..end.unwrap_or(available.len())];
            length = length.saturating_add(part.len());
            if length <= MAX_LINE {
                line.extend_from_slice(part);
            } else {
                line = Vec::new();
            }
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            if end.is_some() {
                return Ok(Some(finish(line, length)));
            }
        }
    }
}

fn finish(mut line: Vec<u8>, length: usize) -> Line {
    if length > MAX_LINE {
        return Line::TooLong;
    }
    if line.capacity() > USUAL {
        line.shrink_to_fit();
    }
    Line::Whole(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

    async fn lines(input: &[u8]) -> Result<Vec<Line>> {
        let (mut reader, mut lines) = (LineReader::new(input), Vec::new());
        while let Some(line) = reader.next().await? {
            lines.push(line);
        }
        Ok(lines)
    }

    #[tokio::test]
    async fn lines_end_with_a_newline_or_with_the_input() -> Result {
        let whole = |text: &str| Line::Whole(text.into());
        assert_eq!(lines(b"one\n\n \r\ntwo\r\nthree").await?, [whole("one"), whole("two\r"), whole("three")]);
        assert_eq!(lines(b"").await?, []);
        Ok(())
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_discarded_alone() -> Result {
        let longest = vec![b'x'; MAX_LINE];
        let input = [&longest[..], b"\n", &longest, b"y\nnext\n", &longest, b"y"].concat();
        let expected = [Line::Whole(longest), Line::TooLong, Line::Whole(b"next".to_vec()), Line::TooLong];
        assert!(lines(&input).await? == expected);
        Ok(())
    }
}
