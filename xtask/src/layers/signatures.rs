//! Checks that no public signature shows a type of a crate that callers must not depend on.
//!
//! Only syntax is known, so names are followed as far as one crate's text goes: imports, renamed
//! imports, and private aliases. `pub` means public, because `unreachable_pub` is an error here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use syn::visit::{self, Visit};
use syn::{Item, Visibility};

use crate::crates::{CRATES, CrateRule, HIDDEN_CRATES, MAY_SHOW};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, attributes, is_test_only};

/// Checks the public signatures of every library.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES.iter().filter(|krate| krate.is_library()) {
        let sources = Source::of_crate(repo, krate.folder)?;
        found.extend(check_crate(krate, &sources));
    }
    Ok(found)
}

/// Checks one crate's sources.
fn check_crate(krate: &CrateRule, sources: &[Source]) -> Vec<Finding> {
    let mut declared = Declared::default();
    for source in sources {
        declared.learn(&source.syntax.items);
    }
    let mut found = Vec::new();
    for source in sources {
        let mut look = Look { imports: BTreeMap::new(), declared: &declared, shown: BTreeSet::new() };
        look.items(&source.syntax.items);
        for (line, what, hidden) in look.shown {
            let allowed =
                MAY_SHOW.iter().any(|(package, shows, _)| *package == krate.package && *shows == hidden);
            if !allowed {
                found.push(Finding::new(
                    format!("{}:{line}", source.path),
                    "layers/signatures",
                    format!("{what} shows a type of `{hidden}` to every caller of {}", krate.package),
                    "take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`",
                ));
            }
        }
    }
    found
}

/// Names that a crate declares.
#[derive(Default)]
struct Declared {
    /// Types and traits, each with true for `pub`.
    types: BTreeMap<String, bool>,
    /// Private aliases of a type of a hidden crate.
    aliases: BTreeMap<String, &'static str>,
}

impl Declared {
    fn learn(&mut self, items: &[Item]) {
        let mut imports = BTreeMap::new();
        for item in items {
            let (name, visibility) = match item {
                Item::Struct(item) => (&item.ident, &item.vis),
                Item::Enum(item) => (&item.ident, &item.vis),
                Item::Union(item) => (&item.ident, &item.vis),
                Item::Trait(item) => (&item.ident, &item.vis),
                Item::Type(item) => {
                    let mut look = Look { imports: imports.clone(), declared: self, shown: BTreeSet::new() };
                    look.visit_type(&item.ty);
                    if let Some(&(_, _, hidden)) = look.shown.first() {
                        self.aliases.insert(item.ident.to_string(), hidden);
                    }
                    continue;
                }
                Item::Use(item) => {
                    import(&item.tree, None, &mut imports);
                    continue;
                }
                Item::Mod(item) => {
                    self.learn(item.content.as_ref().map_or(&[], |(_, items)| items));
                    continue;
                }
                _ => continue,
            };
            // Of two types with one name, in two modules, the public one decides.
            *self.types.entry(name.to_string()).or_default() |= is_public(visibility);
        }
    }

    /// Returns true if callers can name a type. A type that is not declared here counts as public.
    fn is_public(&self, path: Option<&syn::Path>) -> bool {
        let name = path.and_then(|path| path.segments.last()).map(|segment| segment.ident.to_string());
        name.and_then(|name| self.types.get(&name).copied()).unwrap_or(true)
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Records the names that an import brings from a hidden crate, under their local names.
fn import(tree: &syn::UseTree, root: Option<&'static str>, names: &mut BTreeMap<String, &'static str>) {
    let from = |name: &syn::Ident| root.or_else(|| hidden(&name.to_string()));
    match tree {
        syn::UseTree::Path(path) => import(&path.tree, from(&path.ident), names),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| import(tree, root, names)),
        syn::UseTree::Name(name) => {
            names.extend(from(&name.ident).map(|hidden| (name.ident.to_string(), hidden)));
        }
        syn::UseTree::Rename(name) => {
            names.extend(from(&name.ident).map(|hidden| (name.rename.to_string(), hidden)));
        }
        syn::UseTree::Glob(_) => {}
    }
}

/// Finds the hidden crate that a name means, by itself or as part of a family.
fn hidden(name: &str) -> Option<&'static str> {
    let family = match name {
        "sqlx_core" | "sqlx_sqlite" => "sqlx",
        name if name.starts_with("gix_") => "gix",
        name => name,
    };
    HIDDEN_CRATES.iter().copied().find(|hidden| *hidden == family)
}

/// Visitor of a file's public items, which collects the types they show.
struct Look<'a> {
    imports: BTreeMap<String, &'static str>,
    declared: &'a Declared,
    /// Line, item, and hidden crate.
    shown: BTreeSet<(usize, String, &'static str)>,
}

impl Look<'_> {
    fn items(&mut self, items: &[Item]) {
        let outside = self.imports.clone();
        for item in items {
            if let Item::Use(item) = item {
                import(&item.tree, None, &mut self.imports);
            }
        }
        for item in items.iter().filter(|item| !is_test_only(attributes(item))) {
            self.item(item);
        }
        self.imports = outside;
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fn(item) if is_public(&item.vis) => self.visit_signature(&item.sig),
            Item::Struct(item) if is_public(&item.vis) => {
                self.visit_generics(&item.generics);
                item.fields
                    .iter()
                    .filter(|field| is_public(&field.vis))
                    .for_each(|field| self.visit_field(field));
            }
            Item::Enum(item) if is_public(&item.vis) => self.visit_item_enum(item),
            Item::Trait(item) if is_public(&item.vis) => self.visit_item_trait(item),
            Item::Type(item) if is_public(&item.vis) => self.visit_item_type(item),
            Item::Const(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Static(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            Item::Use(item) if is_public(&item.vis) => self.reexport(item),
            Item::Mod(item) if is_public(&item.vis) => {
                self.items(item.content.as_ref().map_or(&[], |(_, items)| items));
            }
            Item::Impl(item) => self.implementation(item),
            _ => {}
        }
    }

    /// Visits an impl. An inherent one shows its public items, one of a trait shows everything.
    fn implementation(&mut self, item: &syn::ItemImpl) {
        let path = match &*item.self_ty {
            syn::Type::Path(path) => Some(&path.path),
            _ => None,
        };
        let of_trait = item.trait_.as_ref().map(|(path, ..)| path);
        if !self.declared.is_public(path) || of_trait.is_some_and(|path| !self.declared.is_public(Some(path)))
        {
            return;
        }
        self.visit_generics(&item.generics);
        self.visit_type(&item.self_ty);
        if let Some(path) = of_trait {
            self.visit_path(path);
        }
        for item in &item.items {
            match item {
                syn::ImplItem::Fn(item) if of_trait.is_some() || is_public(&item.vis) => {
                    self.visit_signature(&item.sig);
                }
                syn::ImplItem::Const(item) if of_trait.is_some() || is_public(&item.vis) => {
                    self.visit_type(&item.ty);
                }
                syn::ImplItem::Type(item) => self.visit_type(&item.ty),
                _ => {}
            }
        }
    }

    fn reexport(&mut self, item: &syn::ItemUse) {
        let mut names = BTreeMap::new();
        import(&item.tree, None, &mut names);
        // A glob names nothing, and shows everything.
        if names.is_empty()
            && let syn::UseTree::Path(path) = &item.tree
            && let Some(hidden) = hidden(&path.ident.to_string())
        {
            names.insert(format!("{}::…", path.ident), hidden);
        }
        let line = item.use_token.span.start().line;
        self.shown
            .extend(names.into_iter().map(|(name, hidden)| (line, format!("`pub use {name}`"), hidden)));
    }
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let by_root = names.first().filter(|_| names.len() > 1).and_then(|name| hidden(name));
        let by_import = names.first().and_then(|name| self.imports.get(name).copied());
        let by_alias = names.last().and_then(|name| self.declared.aliases.get(name).copied());
        let inside =
            names.iter().find_map(|name| HIDDEN_CRATES.iter().copied().find(|hidden| hidden == name));
        if let Some(hidden) = by_root.or(by_import).or(by_alias).or(inside.filter(|_| names.len() > 1)) {
            let line = path.segments[0].ident.span().start().line;
            self.shown.insert((line, format!("`{}`", names.join("::")), hidden));
        }
        visit::visit_path(self, path);
    }

    // Bodies show nothing, nor do those of default methods.
    fn visit_block(&mut self, _: &'ast syn::Block) {}
    fn visit_expr(&mut self, _: &'ast syn::Expr) {}
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}
