//! Checks that every table and every database file has one owner.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::finding::Finding;
use crate::house::HOUSE;
use crate::repo::Repo;
use crate::source::{Source, strings};

/// Checks the tables that migrations create, and the file names that source mentions.
///
/// # Errors
///
/// When a file cannot be read or parsed.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = tables(repo)?;
    found.extend(file_names(repo)?);
    Ok(found)
}

/// A table is created by the migrations of one crate alone.
fn tables(repo: &Repo) -> Result<Vec<Finding>> {
    let mut owners: BTreeMap<String, (&str, String)> = BTreeMap::new();
    let mut found = Vec::new();
    for room in HOUSE {
        for path in repo.files_under(&format!("{}/migrations", room.folder))? {
            if !path.ends_with(".sql") {
                continue;
            }
            let sql = String::from_utf8_lossy(&repo.bytes(&path)?).into_owned();
            for table in created_tables(&sql) {
                let owner = owners.entry(table.clone()).or_insert_with(|| (room.package, path.clone()));
                if owner.0 != room.package {
                    found.push(Finding::new(
                        path.clone(),
                        "layers/tables",
                        format!("it creates `{table}`, which is a table of {} ({})", owner.0, owner.1),
                        "ask that crate through its public API, or give this table a name of its own",
                    ));
                }
            }
        }
    }
    Ok(found)
}

/// Lists the tables that a piece of SQL creates, in lower case.
pub fn created_tables(sql: &str) -> Vec<String> {
    let words = words(sql);
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if !word.eq_ignore_ascii_case("create") {
            continue;
        }
        let rest = words[index + 1..].iter().map(|word| word.to_ascii_lowercase());
        let mut rest = rest.skip_while(|word| matches!(&**word, "temp" | "temporary" | "virtual"));
        if rest.next().as_deref() == Some("table") {
            found.extend(rest.find(|word| !matches!(&**word, "if" | "not" | "exists")));
        }
    }
    found
}

/// Splits SQL into words: names and keywords, without comments, strings and punctuation.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            '"' | '`' => {
                let end = rest[1..].find(first).map_or(rest.len() - 1, |end| end);
                words.push(rest[1..=end].to_owned());
                (end + 2).min(rest.len())
            }
            c if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                words.push(rest[..end].to_owned());
                end
            }
            c => c.len_utf8(),
        };
        rest = &rest[end..];
    }
    words
}

/// A database's file name is written in its owner's source alone: everyone else asks the owner.
fn file_names(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for room in HOUSE.iter().filter(|room| room.package != "xtask") {
        for source in Source::of_crate(repo, room.folder)? {
            for (line, text) in strings(&source.syntax) {
                for name in database_names(&text) {
                    if room.database == Some(&*name) {
                        continue;
                    }
                    let owner = HOUSE.iter().find(|room| room.database == Some(&*name));
                    let (reason, mend) = match owner {
                        Some(owner) => (
                            format!("it names {name}, the file of {}", owner.package),
                            format!("take the name from {}'s public API", owner.package),
                        ),
                        None => (
                            format!("it names {name}, which no crate of the design owns"),
                            "use the database of this crate; a new one is a row in xtask/src/house.rs"
                                .to_owned(),
                        ),
                    };
                    found.push(Finding::new(
                        format!("{}:{line}", source.path),
                        "layers/databases",
                        reason,
                        mend,
                    ));
                }
            }
        }
    }
    Ok(found)
}

/// Finds names like `state_5.sqlite` in a text.
fn database_names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, end) in text.match_indices(".sqlite") {
        let after = text[at + end.len()..].chars().next();
        let start = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        if start < at && !after.is_some_and(|c| c.is_ascii_alphanumeric()) {
            found.push(text[start..at + end.len()].to_owned());
        }
    }
    found
}
