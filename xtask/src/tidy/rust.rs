//! Checks Rust files: a header, the size of tests, nothing half done.

use anyhow::Result;
use proc_macro2::{Delimiter, TokenTree};

use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, each_token};

/// Longest file of tests or benches, in lines. [`figures`](super::figures) limits the others.
const LENGTH: usize = 800;

/// Checks every Rust file.
pub fn check(repo: &Repo, files: &[String]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for path in files.iter().filter(|path| path.ends_with(".rs")) {
        let text = repo.text(path)?;
        let source = Source::read(repo, path)?;
        found.extend(header(path, &text));
        found.extend(size(path, &text));
        found.extend(unfinished(&source, &text));
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
            "the file does not open with a `//!` sentence",
            "write one there: what this file is, and why it is a file of its own",
        )
    })
}

fn size(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (lines > LENGTH).then(|| {
        let reason = format!("it has {lines} lines; no file has more than {LENGTH}");
        Finding::new(path, "tidy/size", reason, "split it: one idea a file")
    })
}

/// Finds ignored tests, unwritten code, and debugging.
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
                let fix = "make it fast and certain, or delete it: a test that does not run proves nothing";
                ignores.then(|| (group.span_open(), "#[ignore]".to_owned(), fix))
            }
            _ => None,
        };
        if let Some((span, what, fix)) = what {
            found.push(Finding::new(
                format!("{}:{}", source.path, span.start().line),
                "tidy/unfinished",
                format!("there is a `{what}`"),
                fix,
            ));
        }
    });
    found
}
