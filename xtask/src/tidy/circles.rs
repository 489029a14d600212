//! Finds files of a crate that import each other in a circle.
//!
//! An arrow is a path in the code of one file that ends in another. Names are followed through
//! re-exports to the file that declares them; a re-export itself is no arrow.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use syn::visit::{self, Visit};

use crate::crates::CrateRule;
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, imports};

/// Circles that may stay: one of the files, and why the files are one thing.
const ONE_THING: &[(&str, &str)] = &[
    ("xtask/src/commands.rs", "documents show commands, and the parser of the command line checks them"),
    ("xtask/src/migrations/task.rs", "a task keeps what its parts make, and each part takes a task"),
];

type Module = Vec<String>;

/// Finds the circles of one crate.
pub fn of(repo: &Repo, krate: &CrateRule) -> Result<Vec<Finding>> {
    let sources = Source::of_crate(repo, krate.folder)?;
    let mut modules = BTreeMap::new();
    for (at, source) in sources.iter().enumerate() {
        modules.insert(module(&source.path, krate.folder), at);
    }
    let files: Vec<File> = modules.iter().map(|(module, at)| File::read(module, &sources[*at])).collect();
    let by_module: BTreeMap<&Module, &File> = modules.keys().zip(&files).collect();
    let arrows: BTreeMap<&Module, BTreeSet<&Module>> = by_module
        .iter()
        .map(|(module, file)| {
            let ends = file.paths.iter().filter_map(|path| declared(path, &by_module));
            // A module and the parts below it are one thing, so no arrow up to it counts.
            (*module, ends.filter(|end| !module.starts_with(end)).collect())
        })
        .collect();
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        arrows.keys().map(|module| (*module, reachable(module, &arrows))).collect();
    let mut circles = BTreeSet::new();
    for (module, others) in reach.iter().filter(|(module, others)| others.contains(*module)) {
        let together = others.iter().filter(|other| reach[*other].contains(module));
        let paths: Vec<&str> = together.map(|other| &*sources[modules[*other]].path).collect();
        circles.insert(paths);
    }
    let is_allowed = |circle: &Vec<&str>| ONE_THING.iter().any(|(file, _)| circle.contains(file));
    let finding = |circle: Vec<&str>| {
        let reason = format!("these files import each other: {}", circle.join(", "));
        let fix = "move what both need into a file below, or merge what is one thing";
        Finding::new(circle[0], "tidy/circles", reason, fix)
    };
    Ok(circles.into_iter().filter(|circle| !is_allowed(circle)).map(finding).collect())
}

/// Turns `state/src/threads/list.rs` into `threads`, `list`.
fn module(path: &str, folder: &str) -> Module {
    let inner = path[folder.len() + "/src/".len()..].trim_end_matches(".rs").trim_end_matches("/mod");
    let root = matches!(inner, "lib" | "main" | "mod");
    if root { Module::new() } else { inner.split('/').map(str::to_owned).collect() }
}

/// Finds the module that declares what a path names.
fn declared<'a>(path: &Module, files: &BTreeMap<&'a Module, &File>) -> Option<&'a Module> {
    let mut path = path.clone();
    // A re-export of a re-export is followed; a mistake in the code must not become a loop.
    for _ in 0..8 {
        let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length].to_vec()))?;
        let (module, file) = files.get_key_value(&path[..length].to_vec())?;
        let name = path.get(length)?;
        match file.names.get(name).filter(|target| **target != path) {
            Some(target) => path = target.iter().chain(&path[length + 1..]).cloned().collect(),
            None => return Some(module),
        }
    }
    None
}

fn reachable<'a>(from: &Module, arrows: &BTreeMap<&'a Module, BTreeSet<&'a Module>>) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = arrows[from].iter().copied().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(&arrows[module]);
        }
    }
    found
}

/// Names and paths of one file, as paths from the root of the crate.
struct File {
    module: Module,
    /// Imported and re-exported names.
    names: BTreeMap<String, Module>,
    /// Paths in code and in private imports.
    paths: BTreeSet<Module>,
}

impl File {
    fn read(module: &Module, source: &Source) -> Self {
        let mut file = Self { module: module.clone(), names: BTreeMap::new(), paths: BTreeSet::new() };
        for item in &source.items {
            let syn::Item::Use(item) = item else { continue };
            let is_private = matches!(item.vis, syn::Visibility::Inherited);
            for (name, path) in imports(&item.tree).into_iter().filter(|(name, _)| name != "*") {
                let path = file.absolute(&path);
                file.paths.extend(is_private.then(|| path.clone()));
                file.names.insert(name, path);
            }
        }
        source.items.iter().for_each(|item| file.visit_item(item));
        file
    }

    /// Turns a path as written into one from the root of the crate.
    fn absolute(&self, path: &Module) -> Module {
        let up = path.iter().take_while(|part| *part == "super").count();
        let parent = || self.module[..self.module.len().saturating_sub(up)].iter();
        match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => self.module.iter().chain(&path[1..]).cloned().collect(),
            Some("super") => parent().chain(&path[up..]).cloned().collect(),
            // A name of this file, a module below it, or another crate.
            Some(first) => match self.names.get(first) {
                Some(known) => known.iter().chain(&path[1..]).cloned().collect(),
                None => self.module.iter().chain(path).cloned().collect(),
            },
            None => Module::new(),
        }
    }
}

impl<'ast> Visit<'ast> for File {
    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let parts: Module = path.segments.iter().map(|part| part.ident.to_string()).collect();
            self.paths.insert(self.absolute(&parts));
        }
        visit::visit_path(self, path);
    }
}
