//! Checks Rust files: a header, a bearable size, nothing half done.

use anyhow::Result;
use proc_macro2::{Delimiter, TokenTree};
use syn::spanned::Spanned as _;

use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, attributes, each_token, is_test_file, is_test_only};

/// How many lines of code a file may have, its tests not counted.
const MAX_CODE: usize = 500;
/// How many lines a file may have, tests and all.
const MAX_LINES: usize = 800;

/// Names the files that may have more code than others, and why one idea needs that much.
pub const LONG: &[(&str, &str)] = &[];

/// Checks every Rust file.
///
/// # Errors
///
/// When a file cannot be read or parsed.
pub fn check(repo: &Repo, files: &[String]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| path.ends_with(".rs")) {
        let text = repo.text(path)?;
        let source = Source::read(repo, path)?;
        found.extend(header(path, &text));
        found.extend(size(&source, &text));
        found.extend(unfinished(&source, &text));
    }
    for (path, _) in LONG.iter().filter(|(path, _)| !files.iter().any(|file| file == path)) {
        found.push(Finding::new(
            *path,
            "tidy/size",
            "it is in the table of long files, and is no file",
            "remove its row from LONG in xtask/src/tidy/rust.rs",
        ));
    }
    Ok(found)
}

fn header(path: &str, text: &str) -> Option<Finding> {
    let first = text.lines().next().unwrap_or_default();
    let says = first.strip_prefix("//! ").is_some_and(|rest| !rest.trim().is_empty());
    (!says).then(|| {
        Finding::new(
            format!("{path}:1"),
            "tidy/header",
            "the file does not open with a `//!` that says what it is for",
            "write one sentence there: what this file is, and why it is a file of its own",
        )
    })
}

fn size(source: &Source, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let tests = source.syntax.items.iter().filter(|item| is_test_only(attributes(item)));
    let tests: usize = tests.map(|item| item.span().end().line - item.span().start().line + 1).sum();
    let code = if is_test_file(&source.path) { 0 } else { lines - tests };
    let excused = LONG.iter().any(|(path, _)| *path == source.path);
    let (reason, mend) = if lines > MAX_LINES {
        (format!("it has {lines} lines; no file has more than {MAX_LINES}"), "split it: one idea a file")
    } else if code > MAX_CODE && !excused {
        (
            format!("it has {code} lines of code; {MAX_CODE} are plenty for one idea"),
            "split it; if it truly is one idea, give it a row and a reason in LONG in xtask/src/tidy/rust.rs",
        )
    } else {
        return None;
    };
    Some(Finding::new(&source.path, "tidy/size", reason, mend))
}

/// Finds what must not be merged: tests that do not run, code that is not written, debugging.
fn unfinished(source: &Source, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let Ok(tokens) = text.parse::<proc_macro2::TokenStream>() else { return found };
    each_token(&tokens, &mut |tokens| {
        let what = match tokens {
            [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_), ..]
                if bang.as_char() == '!' && (name == "todo" || name == "dbg" || name == "unimplemented") =>
            {
                Some((name.span(), format!("{name}!"), "write what is missing, or leave it out"))
            }
            [TokenTree::Punct(hash), TokenTree::Group(group), ..]
                if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
            {
                let first = group.stream().into_iter().next();
                let ignores = matches!(&first, Some(TokenTree::Ident(name)) if name == "ignore");
                let mend = "make it fast and certain, or delete it: a test that does not run proves nothing";
                ignores.then(|| (group.span_open(), "#[ignore]".to_owned(), mend))
            }
            _ => None,
        };
        if let Some((span, what, mend)) = what {
            found.push(Finding::new(
                format!("{}:{}", source.path, span.start().line),
                "tidy/unfinished",
                format!("there is a `{what}`"),
                mend,
            ));
        }
    });
    found
}
