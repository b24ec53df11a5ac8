//! The content of a website, and the paths of its pages.

use std::collections::{BTreeMap, BTreeSet};

/// The extension of pages.
const PAGE: &str = ".html";
/// The page of a directory.
pub const INDEX: &str = "index.html";

/// The places in a directory that pages link to.
#[derive(Debug, Default)]
pub struct SiteDirectory {
    /// The titles of its pages except the index, by their full paths.
    pub pages: BTreeMap<String, String>,
    /// The names of its subdirectories that contain pages.
    pub dirs: BTreeSet<String>,
}

/// The files of a website by their paths.
#[derive(Debug, Default)]
pub struct SiteMap {
    /// The titles of the pages, by the paths of their texts.
    pub pages: BTreeMap<String, String>,
    /// The texts that become pages, by the paths of the pages.
    pub made: BTreeMap<String, String>,
    /// All other files, which are copied as they are.
    pub files: BTreeSet<String>,
    /// The directories that contain pages, by their paths with `/` after each name.
    pub directories: BTreeMap<String, SiteDirectory>,
}

impl SiteMap {
    /// Adds a text that becomes a page. If several would become the same page, the first one does.
    pub fn add_page(&mut self, path: &str, title: String) {
        self.pages.insert(path.to_owned(), title.clone());
        let page = page_of(path);
        if self.made.contains_key(&page) {
            return;
        }
        let mut dir = 0;
        for (at, _) in page.match_indices('/') {
            let (up, name) = page.split_at(dir);
            dir = at.saturating_add(1);
            let name = name.split('/').next().unwrap_or_default();
            self.directories.entry(up.to_owned()).or_default().dirs.insert(name.to_owned());
        }
        let (up, name) = page.split_at(dir);
        let inside = self.directories.entry(up.to_owned()).or_default();
        if name != INDEX {
            inside.pages.insert(page.clone(), title);
        }
        self.made.insert(page, path.to_owned());
    }
}

/// Returns the path of a Markdown file without its extension; `None` for other files.
pub fn stem(path: &str) -> Option<&str> {
    let (stem, end) = path.rsplit_once('.')?;
    let is_markdown = end.eq_ignore_ascii_case("md") || end.eq_ignore_ascii_case("markdown");
    (is_markdown && !stem.is_empty() && !stem.ends_with('/')).then_some(stem)
}

/// Returns the path of the page that a text becomes.
pub fn page_of(path: &str) -> String {
    format!("{}{PAGE}", stem(path).unwrap_or(path))
}

/// Returns the directory whose index a page is.
pub fn index_of(path: &str) -> Option<&str> {
    let dir = path.strip_suffix(INDEX)?;
    (dir.is_empty() || dir.ends_with('/')).then_some(dir)
}
