//! The generated part of a file, between two marks, and the user's text around it.

const BEGIN: &str = "<!-- threadkeep:begin -->";
const END: &str = "<!-- threadkeep:end -->";
const NOTICE: &str = "<!-- Generated: changes in here are replaced. Text outside of the two marks stays. -->";

/// Returns a file without its generated part; `None` if it has none.
#[must_use]
pub fn without_digest(file: &[u8]) -> Option<Vec<u8>> {
    let has_block = file.split(|byte| *byte == b'\n').any(|line| line.trim_ascii() == BEGIN.as_bytes());
    has_block.then(|| Surroundings::of(file).alone())
}

/// Text of the user in a file with a generated block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Surroundings {
    /// Separates the user's text from the block. Lines in the block that cannot be generated ones
    /// are the user's, too, and move to the text after it. So nothing is lost if a mark is missing.
    pub(crate) fn of(file: &[u8]) -> Self {
        let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
        let is_mark = |mark: &'static str| move |line: &&[u8]| line.trim_ascii() == mark.as_bytes();
        let Some(begin) = lines.iter().position(is_mark(BEGIN)) else {
            let before =
                lines.iter().filter(|line| !is_mark(END)(line)).copied().collect::<Vec<_>>().concat();
            return Self { before, after: Vec::new() };
        };
        let inner = &lines[begin + 1..];
        let end = inner.iter().position(is_mark(END)).unwrap_or(inner.len());
        let foreign: Vec<&[u8]> = inner[..end].iter().filter(|line| !is_generated(line)).copied().collect();
        let mut after = foreign.concat();
        if !after.is_empty() {
            after.insert(0, b'\n');
            end_line(&mut after);
        }
        after.extend(inner.iter().skip(end + 1).copied().flatten());
        Self { before: lines[..begin].concat(), after }
    }

    /// Returns the text without a block.
    pub(crate) fn alone(self) -> Vec<u8> {
        let mut text = self.before;
        text.extend(self.after);
        text
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.before.len() + self.after.len()
    }

    /// Returns the file with a new block.
    pub(crate) fn around(&self, block: &str) -> Vec<u8> {
        let mut file = self.before.clone();
        if !file.is_empty() {
            end_line(&mut file);
            if !file.ends_with(b"\n\n") && !file.ends_with(b"\n\r\n") {
                file.push(b'\n');
            }
        }
        let space = if block.is_empty() { "" } else { "\n" };
        file.extend(format!("{BEGIN}\n{NOTICE}\n{space}{block}{space}{END}\n").as_bytes());
        file.extend(&self.after);
        file
    }
}

fn end_line(text: &mut Vec<u8>) {
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
}

/// Returns true if a line has the form of a generated one: empty, a heading, a comment, or a list
/// item that ends with ids of threads.
fn is_generated(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let line = line.trim();
    let has_ids = || {
        let ids = line.strip_prefix("- ")?.strip_suffix(']')?.rsplit_once(" [")?.1;
        let is_id = |id: &str| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        ids.split(" +").next()?.split(", ").all(is_id).then_some(())
    };
    line.is_empty() || line.starts_with('#') || line.starts_with("<!--") || has_ids().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(file: &str, block: &str) -> String {
        String::from_utf8(Surroundings::of(file.as_bytes()).around(block)).expect("text")
    }

    #[test]
    fn the_users_text_stays_byte_for_byte() {
        let first = again("", "- a [00000000]\n");
        let edited = format!("Mine\r\n\n{first}\nand  mine \u{00e9}");
        let second = again(&edited, "- b [00000000]\n");
        assert_eq!(second, edited.replace("- a", "- b"));
        assert_eq!(again(&second, "- b [00000000]\n"), second);
    }

    #[test]
    fn bytes_that_are_no_text_stay() {
        let file = b"\xff\xfe\n";
        assert!(Surroundings::of(file).around("").starts_with(file));
    }

    #[test]
    fn a_file_without_marks_stays_before_the_block() {
        insta::assert_snapshot!(again("Mine", ""), @r"
        Mine

        <!-- threadkeep:begin -->
        <!-- Generated: changes in here are replaced. Text outside of the two marks stays. -->
        <!-- threadkeep:end -->
        ");
    }

    #[test]
    fn the_users_lines_in_the_block_move_out() {
        let block = "## /a\n\n- a [00000000, 1111111122 +3]\n- mine\n- a link [there]\n";
        let edited = again("", block);
        let lost_end = edited.replace(&format!("{END}\n"), "");
        let expected = again("", "") + "\n- mine\n- a link [there]\n";
        assert_eq!(again(&edited, ""), expected);
        assert_eq!(again(&lost_end, ""), expected);
        assert_eq!(again(&expected, ""), expected);
    }
}
