//! Checks that no public signature shows a type of a crate that callers must not depend on.
//!
//! Only syntax is known, so names are followed as far as one crate's text goes: imports, renamed
//! imports, and private aliases. `pub` means public, because `unreachable_pub` is an error here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, Visibility};

use crate::crates::{CRATES, HIDDEN_CRATES, MAY_SHOW};
use crate::finding::Finding;
use crate::repo::Repo;
use crate::source::{Source, imports};

pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES.iter().filter(|krate| krate.is_library()) {
        let sources = Source::of_crate(repo, krate.folder)?;
        let mut declared = Declared::default();
        sources.iter().for_each(|source| declared.learn(&source.items));
        let may_show =
            |shown: &str| MAY_SHOW.iter().any(|(package, may, _)| *package == krate.package && *may == shown);
        for source in &sources {
            let mut look = Look::new(&declared, &source.items);
            source.items.iter().for_each(|item| look.visit_item(item));
            for (line, what, hidden) in look.shown.into_iter().filter(|shown| !may_show(shown.2)) {
                found.push(Finding::new(
                    format!("{}:{line}", source.path),
                    "layers/signatures",
                    format!("{what} shows a type of `{hidden}` to every caller of {}", krate.package),
                    "take or return a type of this crate; an error's cause is `Box<dyn Error + Send + Sync>`",
                ));
            }
        }
    }
    Ok(found)
}

/// Names that a crate declares.
#[derive(Default)]
struct Declared {
    /// Names of items, each with true for `pub`. Of two with one name, the public one decides.
    items: BTreeMap<String, bool>,
    /// Aliases of a type of a hidden crate.
    aliases: BTreeMap<String, &'static str>,
}

impl Declared {
    fn learn(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(item) => self.learn(inner(item)),
                Item::Type(item) => {
                    let mut look = Look::new(self, items);
                    look.visit_type(&item.ty);
                    if let Some(&(_, _, hidden)) = look.shown.first() {
                        self.aliases.insert(item.ident.to_string(), hidden);
                    }
                }
                _ => {
                    if let Some((name, visibility)) = named(item) {
                        *self.items.entry(name.to_string()).or_default() |= is_public(visibility);
                    }
                }
            }
        }
    }

    /// Returns true if callers can name a type. A type that is not declared here counts as public.
    fn is_public(&self, path: &syn::Path) -> bool {
        let name = path.segments.last().map(|segment| segment.ident.to_string());
        name.and_then(|name| self.items.get(&name).copied()).unwrap_or(true)
    }
}

fn named(item: &Item) -> Option<(&syn::Ident, &Visibility)> {
    Some(match item {
        Item::Const(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Fn(item) => (&item.sig.ident, &item.vis),
        Item::Static(item) => (&item.ident, &item.vis),
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Trait(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        Item::Union(item) => (&item.ident, &item.vis),
        _ => return None,
    })
}

fn inner(module: &syn::ItemMod) -> &[Item] {
    module.content.as_ref().map_or(&[], |(_, items)| items)
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
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

/// Lists the imports from hidden crates: local name, path, crate.
fn hidden_imports(tree: &syn::UseTree) -> impl Iterator<Item = (String, String, &'static str)> {
    let found = imports(tree).into_iter();
    found.filter_map(|(name, path)| Some((name, path.join("::"), path.iter().find_map(|part| hidden(part))?)))
}

/// Visitor of public items, which collects the types they show.
struct Look<'a> {
    /// Local names of what a hidden crate declares.
    imports: BTreeMap<String, &'static str>,
    declared: &'a Declared,
    /// Line, item, and hidden crate.
    shown: BTreeSet<(usize, String, &'static str)>,
}

impl<'a> Look<'a> {
    fn new(declared: &'a Declared, items: &[Item]) -> Self {
        let mut look = Self { imports: BTreeMap::new(), declared, shown: BTreeSet::new() };
        look.import(items);
        look
    }

    fn import(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Use(item) = item {
                self.imports.extend(hidden_imports(&item.tree).map(|(name, _, hidden)| (name, hidden)));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Look<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(item) if is_public(&item.vis) => {
                let line = item.use_token.span.start().line;
                let shown = hidden_imports(&item.tree);
                self.shown.extend(shown.map(|(_, path, hidden)| (line, format!("`pub use {path}`"), hidden)));
            }
            Item::Mod(item) if is_public(&item.vis) => {
                let outside = self.imports.clone();
                self.import(inner(item));
                inner(item).iter().for_each(|item| self.visit_item(item));
                self.imports = outside;
            }
            Item::Impl(item) => self.visit_item_impl(item),
            _ if named(item).is_some_and(|(_, visibility)| is_public(visibility)) => {
                visit::visit_item(self, item);
            }
            _ => {}
        }
    }

    /// Visits an impl. An inherent one shows its public items, one of a trait shows everything.
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of_trait = item.trait_.as_ref().map(|(path, ..)| path);
        let of_type = match &*item.self_ty {
            syn::Type::Path(path) => Some(&path.path),
            _ => None,
        };
        if of_trait.into_iter().chain(of_type).any(|path| !self.declared.is_public(path)) {
            return;
        }
        self.visit_generics(&item.generics);
        self.visit_type(&item.self_ty);
        of_trait.into_iter().for_each(|path| self.visit_path(path));
        for item in &item.items {
            let is_shown = match item {
                ImplItem::Fn(item) => is_public(&item.vis),
                ImplItem::Const(item) => is_public(&item.vis),
                _ => false,
            };
            if is_shown || of_trait.is_some() {
                self.visit_impl_item(item);
            }
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if is_public(&field.vis) {
            self.visit_type(&field.ty);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        variant.fields.iter().for_each(|field| self.visit_type(&field.ty));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let by_path = names.iter().filter(|_| names.len() > 1).find_map(|name| hidden(name));
        let by_import = || self.imports.get(names.first()?).copied();
        let by_alias = || self.declared.aliases.get(names.last()?).copied();
        if let Some(hidden) = by_path.or_else(by_import).or_else(by_alias) {
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
