//! A model of the crate from its sources: modules, what each defines and imports, and which module names
//! something of which other.
//!
//! Unit tests (`#[cfg(test)]`) are left out, and so is what a macro generates. The words of a macro's
//! arguments, and of a macro's definition, are read as paths.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, Meta, Token, UseTree, Visibility};

/// The path of a module from the crate's root: `["store", "session"]`.
pub type Module = Vec<String>;

/// Every module of the library and the program, without its unit tests.
pub struct Crate {
    modules: BTreeMap<Module, Source>,
}

/// One module.
#[derive(Default)]
pub struct Source {
    /// Relative to `src`.
    pub file: String,
    /// The lines of its file outside of unit tests, without comments; none for a module inside another's
    /// file.
    pub lines: usize,
    /// The types that it defines.
    pub types: BTreeSet<String>,
    /// The names that it defines itself.
    defined: BTreeSet<String>,
    /// Its imports: the local name, and the path as written.
    imported: BTreeMap<String, Vec<String>>,
    /// Modules from which it imports everything.
    globs: Vec<Vec<String>>,
    /// Every path in it, including its imports, but not its re-exports.
    paths: BTreeSet<Vec<String>>,
    /// The string literals in it, including those in macro arguments.
    pub literals: BTreeSet<String>,
    /// Its re-exports (`pub use`).
    handed_on: BTreeSet<Vec<String>>,
}

/// What a path resolves to.
enum Target {
    /// Something of this module.
    Module(Module),
    /// Nothing of this crate: the full path.
    Foreign(Vec<String>),
}

impl Crate {
    /// Parses the library and the program from their root files.
    pub fn parse() -> Crate {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut this = Crate { modules: BTreeMap::new() };
        this.read(&src, PathBuf::from("lib.rs"), Vec::new());
        this.read(&src, PathBuf::from("main.rs"), vec!["main".to_owned()]);
        this
    }

    /// A crate of one file, for the tests of this reader.
    pub fn of(text: &str) -> Crate {
        let mut this = Crate { modules: BTreeMap::new() };
        let parsed = syn::parse_file(text).expect("Rust");
        this.add(Path::new(""), Path::new("lib.rs"), Vec::new(), parsed.items, 0);
        this
    }

    pub fn modules(&self) -> impl Iterator<Item = (&Module, &Source)> {
        self.modules.iter()
    }

    /// The modules from which this one uses something, with the path as written. A re-export is no use.
    pub fn uses(&self, module: &Module) -> BTreeMap<Module, String> {
        let Some(source) = self.modules.get(module) else { return BTreeMap::new() };
        self.modules_in(module, &source.paths)
    }

    /// The modules from which this one names something, re-exports included.
    pub fn names(&self, module: &Module) -> BTreeMap<Module, String> {
        let Some(source) = self.modules.get(module) else { return BTreeMap::new() };
        let mut found = self.modules_in(module, &source.handed_on);
        found.extend(self.modules_in(module, &source.paths));
        found
    }

    /// The paths of other crates that this module names, in full; `name!` for a macro and `.name` for a
    /// method.
    pub fn foreign(&self, module: &Module) -> BTreeSet<Vec<String>> {
        let Some(source) = self.modules.get(module) else { return BTreeSet::new() };
        let paths = source.paths.iter().chain(&source.handed_on);
        paths
            .filter_map(|path| match self.resolve(module, path, 0) {
                Target::Foreign(path) => Some(path),
                Target::Module(_) => None,
            })
            .collect()
    }

    fn modules_in(&self, from: &Module, paths: &BTreeSet<Vec<String>>) -> BTreeMap<Module, String> {
        let mut found = BTreeMap::new();
        for path in paths {
            // A name alone that is also a module's is a variable: nothing uses a module as a value.
            if path.len() == 1 && self.is_module(from, &path[0]) {
                continue;
            }
            let Target::Module(used) = self.resolve(from, path, 0) else { continue };
            if used != *from {
                found.entry(used).or_insert_with(|| path.join("::"));
            }
        }
        found
    }

    /// Whether a name stands for a module here, its own or an imported one.
    fn is_module(&self, here: &Module, name: &str) -> bool {
        if self.modules.contains_key(&below(here, name)) {
            return true;
        }
        let written = self.modules.get(here).and_then(|source| source.imported.get(name));
        let Some((last, parents)) = written.and_then(|path| path.split_last()) else {
            return false;
        };
        let parent = match parents.is_empty() {
            true => Target::Module(here.clone()),
            false => self.resolve(here, parents, 0),
        };
        matches!(parent, Target::Module(parent) if self.modules.contains_key(&below(&parent, last)))
    }

    fn read(&mut self, src: &Path, file: PathBuf, module: Module) {
        let text = std::fs::read_to_string(src.join(&file)).expect("a source file");
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let lines = lines(&text, &parsed.items);
        self.add(src, &file, module, parsed.items, lines);
    }

    fn add(&mut self, src: &Path, file: &Path, module: Module, items: Vec<Item>, lines: usize) {
        let name = file.to_str().expect("UTF-8").replace('\\', "/");
        let mut source = Source { file: name, lines, ..Source::default() };
        for item in items {
            if is_test(attributes(&item)) {
                continue;
            }
            match &item {
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let path = below(&module, &name);
                    match item {
                        Item::Mod(syn::ItemMod { content: Some((_, items)), .. }) => {
                            self.add(src, file, path, items, 0);
                        }
                        _ => self.read(src, file_of(file, &name), path),
                    }
                }
                Item::Use(import) => source.import(import),
                _ => {
                    source.defined.extend(name_of(&item));
                    source.types.extend(type_of(&item));
                    Paths(&mut source.paths).visit_item(&item);
                    Literals(&mut source.literals).visit_item(&item);
                }
            }
        }
        self.modules.insert(module, source);
    }

    /// Resolves a path from the module in which it is written.
    fn resolve(&self, from: &Module, path: &[String], depth: usize) -> Target {
        let foreign = || Target::Foreign(path.to_vec());
        // A name that is imported in a cycle ends here instead of looping.
        let (Some((first, rest)), true) = (path.split_first(), depth < 20) else {
            return foreign();
        };
        let found = match first.as_str() {
            "crate" => self.descend(Vec::new(), rest, depth),
            "self" => self.descend(from.clone(), rest, depth),
            "super" => match from.split_last() {
                Some((_, parent)) => self.descend(parent.to_vec(), rest, depth),
                None => None,
            },
            // The program sees the library as a crate.
            "crdtctl" => self.descend(Vec::new(), rest, depth),
            _ => self.descend(from.clone(), path, depth),
        };
        found.unwrap_or_else(foreign)
    }

    /// Resolves a path inside a module; `None` if the module has no such name.
    fn descend(&self, module: Module, path: &[String], depth: usize) -> Option<Target> {
        let Some((first, rest)) = path.split_first() else { return Some(Target::Module(module)) };
        if first == "super" {
            let parent = module.split_last().map(|(_, parent)| parent.to_vec())?;
            return self.descend(parent, rest, depth);
        }
        let source = self.modules.get(&module)?;
        let child = below(&module, first);
        if self.modules.contains_key(&child) {
            return self.descend(child, rest, depth);
        }
        if source.defined.contains(first) {
            return Some(Target::Module(module));
        }
        if let Some(written) = source.imported.get(first).filter(|written| written[..] != *path) {
            let whole = [&written[..], rest].concat();
            return Some(self.resolve(&module, &whole, depth + 1));
        }
        source.globs.iter().find_map(|glob| {
            let whole = [&glob[..], path].concat();
            match self.resolve(&module, &whole, depth + 1) {
                // Whether another crate has the name is not known here.
                Target::Foreign(_) => None,
                found => Some(found),
            }
        })
    }
}

impl Source {
    fn import(&mut self, import: &syn::ItemUse) {
        let mut leaves = Vec::new();
        flatten(&import.tree, Vec::new(), &mut leaves);
        for Leaf { path, name } in leaves {
            let paths = match import.vis {
                Visibility::Inherited => &mut self.paths,
                _ => &mut self.handed_on,
            };
            paths.insert(path.clone());
            match name {
                Some(name) => drop(self.imported.insert(name, path)),
                None => self.globs.push(path),
            }
        }
    }
}

/// One import of a `use`: its path, and its local name; `None` for everything below a path.
struct Leaf {
    path: Vec<String>,
    name: Option<String>,
}

fn flatten(tree: &UseTree, mut path: Vec<String>, leaves: &mut Vec<Leaf>) {
    match tree {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            flatten(&part.tree, path, leaves);
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push(Leaf { name: path.last().cloned(), path });
        }
        UseTree::Name(name) => {
            path.push(name.ident.to_string());
            leaves.push(Leaf { name: path.last().cloned(), path });
        }
        UseTree::Rename(part) => {
            if part.ident != "self" {
                path.push(part.ident.to_string());
            }
            leaves.push(Leaf { name: Some(part.rename.to_string()), path });
        }
        UseTree::Glob(_) => leaves.push(Leaf { path, name: None }),
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| flatten(tree, path.clone(), leaves));
        }
    }
}

/// Collects every path in code.
struct Paths<'p>(&'p mut BTreeSet<Vec<String>>);

impl Paths<'_> {
    /// The paths among unparsed tokens: `a::b`, `name!`, `.name(`; a single word if it can be a type.
    fn words(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, c: char| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == c);
        let is_group = |at: usize| matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() != Delimiter::None);
        let mut at = 0;
        while at < tokens.len() {
            let start = at;
            at += 1;
            match &tokens[start] {
                TokenTree::Group(group) => self.words(group.stream()),
                TokenTree::Ident(ident) => {
                    let mut path = vec![ident.to_string()];
                    while let (true, true, Some(TokenTree::Ident(next))) =
                        (is(at, ':'), is(at + 1, ':'), tokens.get(at + 2))
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    let is_method = start > 0 && is(start - 1, '.');
                    if is_method && is_group(at) {
                        self.0.insert(vec![format!(".{ident}")]);
                    } else if is(at, '!') && is_group(at + 1) {
                        self.0.insert(called(path));
                    } else if path.len() > 1 || path[0].starts_with(char::is_uppercase) {
                        self.0.insert(path);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Collects every string literal in code.
struct Literals<'l>(&'l mut BTreeSet<String>);

impl Literals<'_> {
    fn words(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.words(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                    self.0.extend(text.map(|text| text.value()));
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Literals<'_> {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.insert(text.value());
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.words(call.tokens.clone());
    }

    /// Doc comments and attributes are no texts of the program.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }
}

/// The path of a macro call.
fn called(mut path: Vec<String>) -> Vec<String> {
    if let Some(last) = path.last_mut() {
        last.push('!');
    }
    path
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.insert(path.segments.iter().map(|part| part.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.0.insert(vec![format!(".{}", call.method)]);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let path = call.path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.0.insert(called(path));
        self.words(call.tokens.clone());
        // Arguments that parse as code say more than their tokens: single names, in `format!` and similar.
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for argument in arguments.iter().flatten() {
            Paths(&mut *self.0).visit_expr(argument);
        }
    }

    /// An import inside a function.
    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        let mut leaves = Vec::new();
        flatten(&import.tree, Vec::new(), &mut leaves);
        self.0.extend(leaves.into_iter().map(|leaf| leaf.path));
    }

    /// The scope of a visibility is no dependency: `pub(super)`, `pub(in crate::store)`.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    /// What a derive or an attribute calls by name: `#[serde(with = "super::words")]`.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let Meta::List(list) = &attribute.meta else { return };
        let mut open = vec![list.tokens.clone()];
        while let Some(tokens) = open.pop() {
            for token in tokens.clone() {
                match token {
                    TokenTree::Group(group) => open.push(group.stream()),
                    TokenTree::Literal(literal) => {
                        let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                        if let Ok(path) = text.and_then(|text| text.parse::<syn::Path>())
                            && path.segments.len() > 1
                        {
                            Paths(&mut *self.0).visit_path(&path);
                        }
                    }
                    _ => {}
                }
            }
            self.words(tokens);
        }
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }
}

fn below(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// The number of lines of a file that are neither comment nor unit test.
fn lines(text: &str, items: &[Item]) -> usize {
    let tests: Vec<_> = items
        .iter()
        .filter(|item| is_test(attributes(item)))
        .map(|item| item.span().start().line..=item.span().end().line)
        .collect();
    let is_code = |number: usize, line: &str| {
        !line.trim_start().starts_with("//") && !tests.iter().any(|test| test.contains(&number))
    };
    (1..).zip(text.lines()).filter(|(number, line)| is_code(*number, line)).count()
}

/// The file of a child module: `child.rs`, in the directory with its parent's name; the root's are beside it.
fn file_of(parent: &Path, child: &str) -> PathBuf {
    let dir = match parent == Path::new("lib.rs") {
        true => PathBuf::new(),
        false => parent.with_extension(""),
    };
    dir.join(format!("{child}.rs"))
}

fn is_test(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.into_iter().any(|cfg| cfg.parse_args::<Meta>().is_ok_and(|meta| is_of_tests(&meta)))
}

/// `test`, or `all(…)` with it: never compiled into the program.
fn is_of_tests(condition: &Meta) -> bool {
    if condition.path().is_ident("test") {
        return true;
    }
    let Meta::List(list) = condition else { return false };
    let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    list.path.is_ident("all") && parts.iter().flatten().any(is_of_tests)
}

fn attributes(item: &Item) -> &[Attribute] {
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

fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Const(item) => Some(item.ident.to_string()),
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        Item::Static(item) => Some(item.ident.to_string()),
        _ => type_of(item),
    }
}

fn type_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Enum(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
