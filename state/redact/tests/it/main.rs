//! Tests of the redactor: a corpus of secrets, a corpus of what must stay, properties, and hostile
//! texts.

mod assigned;
mod hostile;
mod keys;
mod names;
mod properties;
mod shapes;
mod stays;

/// Fails with every row of a table whose text is not redacted as it says, rather than with the
/// first.
#[track_caller]
fn assert_rows<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .map(|(text, expected)| (text, expected, threadkeep_redact::redact(text)))
        .filter(|(_, expected, redacted)| redacted != expected)
        .map(|(text, expected, redacted)| format!("  {text:?}\n  is {redacted:?}\n  not {expected:?}\n"))
        .collect();
    assert!(wrong.is_empty(), "{} rows are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
