//! What is in a website, and what the pages of its texts are called.

use std::collections::{BTreeMap, BTreeSet};

/// How the files of pages end.
const PAGE: &str = ".html";
/// The page of a directory.
pub const INDEX: &str = "index.html";

/// The files of a website by their paths.
#[derive(Debug, Default)]
pub struct SiteMap {
    /// The titles of the pages, by the paths of their texts.
    pub pages: BTreeMap<String, String>,
    /// The texts of which pages are made, by the paths of those.
    pub made: BTreeMap<String, String>,
    /// Everything else, as it is.
    pub files: BTreeSet<String>,
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
