//! Rust source, parsed. Checks look at syntax, so that no comment or string can fool them.

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, Lit, UseTree};

use crate::repo::Repo;

pub struct Source {
    /// Path, relative to the root.
    pub path: String,
    /// Items of the file, without tests.
    pub items: Vec<Item>,
    /// Attributes of the file as a whole.
    pub attributes: Vec<syn::Attribute>,
}

impl Source {
    pub fn read(repo: &Repo, path: &str) -> Result<Self> {
        let text = repo.text(path)?;
        let mut syntax = syn::parse_file(&text).map_err(|error| {
            let at = error.span().start();
            anyhow::anyhow!("{path}:{}:{}: {error}", at.line, at.column + 1)
        })?;
        remove_tests(&mut syntax.items);
        Ok(Self { path: path.to_owned(), attributes: syntax.attrs, items: syntax.items })
    }

    /// Reads the sources of a crate, without test modules in files of their own.
    pub fn of_crate(repo: &Repo, folder: &str) -> Result<Vec<Self>> {
        let files = repo.files_under(&format!("{folder}/src"))?;
        let ours = files.iter().filter(|path| path.ends_with(".rs") && !is_test_file(path));
        ours.map(|path| Self::read(repo, path))
            .collect::<Result<_>>()
            .context("the source could not be parsed")
    }
}

/// Returns true if a file holds tests or benches only, going by where it lies.
pub fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests" || part == "benches")
}

/// Removes what is compiled for tests alone, at any depth of modules.
fn remove_tests(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_for_tests));
    for item in items {
        if let Item::Mod(syn::ItemMod { content: Some((_, inner)), .. }) = item {
            remove_tests(inner);
        }
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("test") || arguments(attribute, "cfg").is_some_and(|cfg| cfg == "test")
}

/// Returns the text between the parentheses of an attribute of this name.
pub fn arguments(attribute: &syn::Attribute, name: &str) -> Option<String> {
    let list = attribute.meta.require_list().ok().filter(|list| list.path.is_ident(name))?;
    Some(list.tokens.to_string())
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Lists the names that an import brings (`*` for a glob), each with the path it stands for.
pub fn imports(tree: &UseTree) -> Vec<(String, Vec<String>)> {
    let end = |name: &syn::Ident| if name == "self" { Vec::new() } else { vec![name.to_string()] };
    match tree {
        UseTree::Path(step) => {
            let head = step.ident.to_string();
            let below = imports(&step.tree).into_iter().map(|(name, rest)| {
                let name = if name == "self" { head.clone() } else { name };
                (name, std::iter::once(head.clone()).chain(rest).collect())
            });
            below.collect()
        }
        UseTree::Group(group) => group.items.iter().flat_map(imports).collect(),
        UseTree::Name(one) => vec![(one.ident.to_string(), end(&one.ident))],
        UseTree::Rename(one) => vec![(one.rename.to_string(), end(&one.ident))],
        UseTree::Glob(_) => vec![("*".to_owned(), vec!["*".to_owned()])],
    }
}

/// String literal of a program.
pub struct Text {
    pub line: usize,
    /// Name of the innermost function, constant or static around it.
    pub within: String,
    pub text: String,
}

/// Lists the string literals that end up in the program: no comments, documentation or tests.
pub fn strings(source: &Source) -> Vec<Text> {
    let mut found = Strings::default();
    source.items.iter().for_each(|item| found.visit_item(item));
    found.found
}

#[derive(Default)]
struct Strings {
    names: Vec<String>,
    found: Vec<Text>,
}

impl Strings {
    fn within(&mut self, name: &syn::Ident, visit: impl FnOnce(&mut Self)) {
        self.names.push(name.to_string());
        visit(self);
        self.names.pop();
    }

    fn tokens(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => self.visit_lit(&Lit::new(literal)),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Strings {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Fn(syn::ItemFn { sig: syn::Signature { ident, .. }, .. })
            | Item::Const(syn::ItemConst { ident, .. })
            | Item::Static(syn::ItemStatic { ident, .. }) => {
                self.within(ident, |this| visit::visit_item(this, item));
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.within(&function.sig.ident, |this| visit::visit_impl_item_fn(this, function));
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        let within = self.names.last().cloned().unwrap_or_default();
        self.found.push(Text { line: literal.span().start().line, within, text: literal.value() });
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
