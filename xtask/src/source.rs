//! Rust source, parsed. Checks look at syntax, so that no comment or string can fool them.

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

use crate::repo::Repo;

pub struct Source {
    /// Path, relative to the root.
    pub path: String,
    pub syntax: syn::File,
}

impl Source {
    /// Reads and parses one file.
    pub fn read(repo: &Repo, path: &str) -> Result<Self> {
        let text = repo.text(path)?;
        let syntax = syn::parse_file(&text).map_err(|error| {
            let at = error.span().start();
            anyhow::anyhow!("{path}:{}:{}: {error}", at.line, at.column + 1)
        })?;
        Ok(Self { path: path.to_owned(), syntax })
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

/// Returns true if an item is compiled for tests alone.
pub fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::NameValue(_) => false,
    })
}

/// Returns the attributes of an item.
pub fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Lists the string literals that end up in the program: no comments, documentation or tests.
pub fn strings(syntax: &syn::File) -> Vec<(usize, String)> {
    named_strings(syntax).into_iter().map(|(line, _, text)| (line, text)).collect()
}

/// Lists the same as [`strings`], each with the name of the innermost function, constant or static.
pub fn named_strings(syntax: &syn::File) -> Vec<(usize, String, String)> {
    let mut found = Strings { names: Vec::new(), found: Vec::new() };
    found.visit_file(syntax);
    found.found
}

struct Strings {
    names: Vec<String>,
    found: Vec<(usize, String, String)>,
}

impl Strings {
    fn within(&mut self, name: &syn::Ident, visit: impl FnOnce(&mut Self)) {
        self.names.push(name.to_string());
        visit(self);
        self.names.pop();
    }
}

impl<'ast> Visit<'ast> for Strings {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test_only(attributes(item)) {
            return;
        }
        match item {
            syn::Item::Fn(syn::ItemFn { sig: syn::Signature { ident, .. }, .. })
            | syn::Item::Const(syn::ItemConst { ident, .. })
            | syn::Item::Static(syn::ItemStatic { ident, .. }) => {
                self.within(ident, |this| syn::visit::visit_item(this, item));
            }
            _ => syn::visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.within(&function.sig.ident, |this| syn::visit::visit_impl_item_fn(this, function));
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        let name = self.names.last().cloned().unwrap_or_default();
        self.found.push((literal.span().start().line, name, literal.value()));
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        each_token(&call.tokens, &mut |tokens| {
            if let TokenTree::Literal(literal) = &tokens[0]
                && let syn::Lit::Str(literal) = syn::Lit::new(literal.clone())
            {
                self.visit_lit_str(&literal);
            }
        });
    }
}

/// Calls `look` with every token of a stream, at any depth, followed by the rest of its group.
pub fn each_token(stream: &TokenStream, look: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        look(&tokens[index..]);
        if let TokenTree::Group(group) = token {
            each_token(&group.stream(), look);
        }
    }
}
