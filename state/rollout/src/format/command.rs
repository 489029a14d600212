//! Commands as people type them, and results as a model was given them.

use std::borrow::Cow;

use crate::json;

/// Result of a tool that runs a program.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ToolResult<'a> {
    pub(super) exit_code: Option<i64>,
    pub(super) duration_ms: Option<u64>,
    pub(crate) output: Cow<'a, str>,
}

/// Returns a command as a person would type it: the script of `bash -lc`, otherwise the words,
/// quoted for a shell.
pub fn command_line(words: &[String]) -> String {
    match words {
        [shell, flag, script] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            script.clone()
        }
        // A command that was given as one line.
        [line] => line.clone(),
        _ => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

fn is_shell(program: &str) -> bool {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    matches!(name, "sh" | "bash" | "zsh" | "dash" | "fish")
}

fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// Splits exit code and duration from the output that the model was given: a JSON object, or lines
/// before `Output:`. Some versions write such lines twice.
pub(crate) fn result_of(text: &str) -> ToolResult<'_> {
    if let Ok([output, metadata]) = json::fields(text, ["output", "metadata"])
        && metadata.is_some()
    {
        let [code, seconds] = json::object(metadata, ["exit_code", "duration_seconds"]);
        return ToolResult {
            exit_code: json::number(code),
            duration_ms: json::number(seconds).map(milliseconds),
            output: json::text(output).unwrap_or_default(),
        };
    }
    let mut result = ToolResult { output: Cow::Borrowed(text), ..ToolResult::default() };
    let mut rest = text;
    while let Some((head, output)) = head_of(rest) {
        for line in head.lines() {
            if let Some(code) = after(line, &["Process exited with code ", "Exit code: "]) {
                result.exit_code = code.parse().ok();
            } else if let Some(time) = after(line, &["Wall time: "]) {
                let seconds = time.trim_end_matches(" seconds").trim_end_matches(" second");
                result.duration_ms = seconds.parse().ok().map(milliseconds);
            }
        }
        result.output = Cow::Borrowed(output);
        rest = output;
    }
    result
}

/// Splits a text at its line `Output:`, if only lines about a result stand before it.
fn head_of(text: &str) -> Option<(&str, &str)> {
    const KNOWN: [&str; 7] = [
        "Chunk ID: ",
        "Wall time: ",
        "Process exited with code ",
        "Process running with session ID ",
        "Exit code: ",
        "Original token count: ",
        "Total output lines: ",
    ];
    let (head, output) =
        text.split_once("Output:\n").or_else(|| Some((text.strip_suffix("Output:")?, "")))?;
    let is_head = !head.is_empty() && head.lines().all(|line| after(line, &KNOWN).is_some());
    is_head.then_some((head, output))
}

fn after<'a>(line: &'a str, marks: &[&str]) -> Option<&'a str> {
    marks.iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

fn milliseconds(seconds: f64) -> u64 {
    // A float becomes the nearest number that there is.
    (seconds * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(exit_code: Option<i64>, duration_ms: Option<u64>, output: &str) -> ToolResult<'_> {
        ToolResult { exit_code, duration_ms, output: output.into() }
    }

    #[test]
    fn a_result_of_every_version() {
        let json = r#"{"output":"no\n","metadata":{"exit_code":101,"duration_seconds":0.4}}"#;
        assert_eq!(result_of(json), result(Some(101), Some(400), "no\n"));
        let text = "Chunk ID: a1\nWall time: 0.0513 seconds\nProcess exited with code 0\nOriginal token count: 3\nOutput:\na\n";
        assert_eq!(result_of(text), result(Some(0), Some(51), "a\n"));
        let twice =
            "Wall time: 0.0000 seconds\nOutput:\nExit code: 2\nWall time: 0.1 seconds\nOutput:\nbad\n";
        assert_eq!(result_of(twice), result(Some(2), Some(100), "bad\n"));
        let running = "Wall time: 5.0 seconds\nProcess running with session ID 7\nOutput:\n";
        assert_eq!(result_of(running), result(None, Some(5_000), ""));
        for plain in ["", "clean", "Output:\nx", "my log\nOutput:\nx", "{\"output\":1}", "[]"] {
            assert_eq!(result_of(plain), result(None, None, plain), "{plain}");
        }
    }

    #[test]
    fn a_command_as_it_is_typed() {
        let line =
            |words: &[&str]| command_line(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        assert_eq!(line(&["/bin/bash", "-lc", "ls | wc"]), "ls | wc");
        assert_eq!(line(&["git", "commit", "-m", "it's so"]), r"git commit -m 'it'\''s so'");
        assert_eq!(line(&["cat a b"]), "cat a b");
        assert_eq!(line(&["bash", "-lc"]), "bash -lc");
    }
}
