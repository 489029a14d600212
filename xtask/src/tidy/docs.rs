//! Checks documentation: the promises of each library, and the commands that documents show.

use anyhow::Result;
use clap::Parser as _;
use syn::Item;

use crate::commands::Xtask;
use crate::crates::{CRATES, Kind};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, arguments};

/// Headings in the root documentation of every library.
const SECTIONS: [&str; 4] = ["Locking", "Compatibility", "Performance", "File systems"];

/// Documents whose commands are checked.
const DOCUMENTS: [&str; 3] = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"];

/// Checks the root documentation of the libraries, and the documents of the repository.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES.iter().filter(|krate| matches!(krate.kind, Kind::Ports | Kind::Library)) {
        let path = format!("{}/src/lib.rs", krate.folder);
        if repo.has_file(&path) {
            found.extend(sections(&path, &repo.text(&path)?));
        }
    }
    let commands = commands_of_the_binary(repo)?;
    for path in DOCUMENTS.into_iter().filter(|path| repo.has_file(path)) {
        for (line, shown) in shown_commands(&repo.text(path)?) {
            if let Some(reason) = refused(&shown, &commands) {
                found.push(Finding::new(
                    format!("{path}:{line}"),
                    "tidy/commands",
                    reason,
                    "show a command that exists: type it once before you commit it",
                ));
            }
        }
    }
    Ok(found)
}

fn sections(path: &str, text: &str) -> Vec<Finding> {
    let is_there = |section: &&str| {
        let mut headings = text.lines().filter_map(|line| line.strip_prefix("//! #"));
        headings.any(|heading| heading.trim_start_matches('#').trim() == *section)
    };
    let finding = |section: &&str| {
        Finding::new(
            format!("{path}:1"),
            "tidy/sections",
            format!("the crate's documentation has no section `{section}`"),
            format!("write `//! # {section}` and what the crate promises there; `Nothing.` is a promise"),
        )
    };
    SECTIONS.iter().filter(|section| !is_there(section)).map(finding).collect()
}

/// Lists the commands in a document's shell blocks, with their lines; continued lines are joined.
fn shown_commands(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut inside, mut continues) = (false, false);
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            inside = !inside && matches!(fence.trim(), "sh" | "bash" | "shell" | "console");
            continues = false;
            continue;
        }
        if !inside {
            continue;
        }
        let line = line.trim();
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let command = line.strip_suffix('\\').unwrap_or(line).trim_end();
        match found.last_mut().filter(|_| continues) {
            Some((_, last)) => *last = format!("{last} {command}"),
            None => found.push((number, command.to_owned())),
        }
        continues = line.ends_with('\\');
    }
    found
}

/// Returns the reason that a shown command cannot run, for a command of ours.
fn refused(shown: &str, commands: &[String]) -> Option<String> {
    // Comments, redirections and further commands belong to the shell.
    let end = shown.find([';', '|', '&', '>', '#']).unwrap_or(shown.len());
    let words: Vec<&str> = shown[..end].split_whitespace().collect();
    if let ["cargo", "xtask", rest @ ..] = &words[..] {
        let parsed = Xtask::try_parse_from(std::iter::once("cargo xtask").chain(rest.iter().copied()));
        let error = parsed.err().filter(clap::Error::use_stderr)?;
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        return Some(format!("`{}` is refused: {first}", words.join(" ")));
    }
    let arguments = match words[..] {
        ["threadkeep", ..] => &words[1..],
        // Without these, what runs is the default member.
        ["cargo", "run", ..]
            if !words.iter().any(|word| matches!(*word, "--example" | "--package" | "-p")) =>
        {
            &words[words.iter().position(|word| *word == "--")? + 1..]
        }
        _ => return None,
    };
    let mut named = arguments.iter().filter(|word| !word.starts_with('-')).peekable();
    named.peek()?;
    let known = named.any(|word| commands.contains(&word.replace('-', "")));
    (!known && !commands.is_empty()).then(|| format!("`{}` names no command of threadkeep", words.join(" ")))
}

/// Reads the tool's commands, without dashes: the variants of every enum that derives `Subcommand`.
fn commands_of_the_binary(repo: &Repo) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for source in Source::of_crate(repo, "cli")? {
        for item in &source.items {
            let Item::Enum(item) = item else { continue };
            let mut derived = item.attrs.iter().filter_map(|attribute| arguments(attribute, "derive"));
            if derived.any(|traits| traits.contains("Subcommand")) {
                names.extend(item.variants.iter().map(|variant| variant.ident.to_string().to_lowercase()));
            }
        }
    }
    Ok(names)
}
