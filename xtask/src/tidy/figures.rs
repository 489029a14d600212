//! Figures of every crate, and the aims that no figure may be over.

use std::fmt::Write as _;

use anyhow::Result;

use super::circles;
use super::english;
use crate::crates::{CRATES, CrateRule};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::is_test_file;

/// Longest source file, in lines, with its inline tests.
const LENGTH: usize = 350;

/// Figures: name, aim, and the rule in words.
const AIMS: [(&str, usize, &str); 5] = [
    ("pronouns %", 3, "documentation begins with a noun or a verb, not with a relative pronoun"),
    ("words", 0, "comments use the common word (WORDS in xtask/src/tidy/english.rs)"),
    ("wide", 0, "comments wrap at 100 columns"),
    ("long files", 0, "a source file has at most 350 lines"),
    ("circles", 0, "the files of a crate import each other in one direction"),
];

/// Measure of one crate.
struct Measure {
    /// Number of documented items.
    items: usize,
    /// Places over an aim.
    places: Vec<Finding>,
}

impl Measure {
    fn of(repo: &Repo, krate: &CrateRule) -> Result<Self> {
        let files = repo.files_under(krate.folder)?;
        let is_nested = |path: &str| {
            let mut inner = CRATES.iter().map(|other| other.folder).filter(|other| *other != krate.folder);
            inner.any(|other| {
                other.starts_with(&format!("{}/", krate.folder)) && path.starts_with(&format!("{other}/"))
            })
        };
        let ours: Vec<&String> =
            files.iter().filter(|path| path.ends_with(".rs") && !is_nested(path)).collect();
        let (items, mut places) = english::of(repo, &ours)?;
        for path in ours.iter().filter(|path| !is_test_file(path)) {
            let lines = repo.text(path)?.lines().count();
            if lines > LENGTH {
                let reason = format!("it has {lines} lines");
                places.push(Finding::new(*path, "tidy/long", reason, "split it: one idea a file"));
            }
        }
        places.extend(circles::of(repo, krate)?);
        Ok(Self { items, places })
    }

    /// Lists the places of each figure. The first word of a figure is the name of its rule.
    fn places(&self) -> [Vec<&Finding>; 5] {
        AIMS.map(|(name, ..)| {
            let is_its = |rule: &str| rule.strip_prefix("tidy/") == name.split(' ').next();
            self.places.iter().filter(|one| is_its(one.rule)).collect()
        })
    }

    /// Returns the figures in the order of [`AIMS`]; a share is rounded up to a percent.
    fn figures(&self) -> [usize; 5] {
        let mut figures = self.places().map(|places| places.len());
        figures[0] = (100 * figures[0]).div_ceil(self.items.max(1));
        figures
    }
}

fn measures(repo: &Repo) -> Result<Vec<(&'static CrateRule, Measure)>> {
    let built = CRATES.iter().filter(|krate| repo.has_file(&krate.manifest()));
    built.map(|krate| Ok((krate, Measure::of(repo, krate)?))).collect()
}

/// Checks that no figure is over its aim.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (krate, measure) in measures(repo)? {
        for ((figure, places), (name, aim, rule)) in
            measure.figures().into_iter().zip(measure.places()).zip(AIMS)
        {
            if figure <= aim {
                continue;
            }
            let places: Vec<&str> = places.iter().map(|one| &*one.place).take(3).collect();
            found.push(Finding::new(
                krate.folder,
                "tidy/figures",
                format!("{name} is {figure}, and {aim} is allowed: {}, …", places.join(", ")),
                format!("{rule}; `cargo xtask tidy --figures {}` lists every place", krate.folder),
            ));
        }
    }
    Ok(found)
}

/// Renders the figures of every crate, or of one crate with every place over an aim.
pub fn render(repo: &Repo, only: Option<&str>) -> Result<String> {
    let mut text = " ".repeat(18);
    AIMS.iter().for_each(|(name, ..)| text += &format!("{name:>14}"));
    text += &format!("\n{:18}", "aim");
    AIMS.iter().for_each(|(_, aim, _)| text += &format!("{aim:>14}"));
    text.push('\n');
    for (krate, measure) in measures(repo)? {
        if only.is_some_and(|only| only != krate.folder && only != krate.package) {
            continue;
        }
        write!(text, "{:18}", krate.folder)?;
        measure.figures().iter().for_each(|figure| text += &format!("{figure:>14}"));
        text.push('\n');
        if only.is_some() {
            for finding in measure.places().into_iter().flatten() {
                writeln!(text, "{}: {} → {}", finding.place, finding.reason, finding.fix)?;
            }
        }
    }
    Ok(text)
}
