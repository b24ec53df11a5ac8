//! What is in a website, and what the pages of its texts are called.

use std::collections::{BTreeMap, BTreeSet};

/// How the files of pages end.
const PAGE: &str = ".html";
/// The page of a directory.
pub const INDEX: &str = "index.html";

/// What lies in a directory that pages lead to.
#[derive(Debug, Default)]
pub struct SiteDirectory {
    /// The titles of its pages but for the index, by their whole paths.
    pub pages: BTreeMap<String, String>,
    /// The names of the directories in it that have pages in them.
    pub dirs: BTreeSet<String>,
}

/// The files of a website by their paths.
#[derive(Debug, Default)]
pub struct SiteMap {
    /// The titles of the pages, by the paths of their texts.
    pub pages: BTreeMap<String, String>,
    /// The texts of which pages are made, by the paths of those.
    pub made: BTreeMap<String, String>,
    /// Everything else, as it is.
    pub files: BTreeSet<String>,
    /// The directories that have pages in them, by their paths with `/` behind each name.
    pub directories: BTreeMap<String, SiteDirectory>,
}

impl SiteMap {
    /// Notes a text that becomes a page. Of several that would become one the first does.
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

/// The path of a text without what says that it is Markdown; None for other files.
pub fn stem(path: &str) -> Option<&str> {
    let (stem, end) = path.rsplit_once('.')?;
    let is_markdown = end.eq_ignore_ascii_case("md") || end.eq_ignore_ascii_case("markdown");
    (is_markdown && !stem.is_empty() && !stem.ends_with('/')).then_some(stem)
}

/// The path of the page that is made of a text.
pub fn page_of(path: &str) -> String {
    format!("{}{PAGE}", stem(path).unwrap_or(path))
}

/// The directory whose index a page is.
pub fn index_of(path: &str) -> Option<&str> {
    let dir = path.strip_suffix(INDEX)?;
    (dir.is_empty() || dir.ends_with('/')).then_some(dir)
}
