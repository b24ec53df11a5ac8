//! Makes a website from Markdown: a page for each text, an index for each directory, and nothing that a
//! browser would run or fetch from elsewhere.

mod links;
mod map;
mod render;

use super::escape;
use super::page::markup;
use map::{INDEX, SiteMap, index_of, page_of, stem};
use std::ops::Bound;

/// The most places of the site's root directory for which every page lists them at its top.
const TOP_PLACES: usize = 12;

/// Forbids anything that a browser would still fetch or run, except pictures beside the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:";

const STYLE: &str = "\
:root { color-scheme: light dark } \
body { font: 1.0625rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1rem; \
color: #1c1c1c; background: #ffffff; overflow-wrap: anywhere } \
header { border-bottom: 1px solid #d0d0d0; padding-bottom: .5rem; margin-bottom: 1.5rem } \
nav.beside { border-top: 1px solid #d0d0d0; margin-top: 2rem } \
header .site { font-weight: bold; margin: 0 } \
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .25rem 0; padding: 0 } \
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .5em } h1 { margin-top: .4em } \
a { color: #0b57a4 } img { max-width: 100%; height: auto } \
pre { overflow-x: auto; background: #f3f3f3; padding: .75rem; border-radius: .25rem; line-height: 1.4; \
overflow-wrap: normal } \
code { font-size: .9em } \
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid #d0d0d0; color: #4a4a4a } \
table { border-collapse: collapse; display: block; max-width: 100%; overflow-x: auto; overflow-wrap: normal } \
th, td { border: 1px solid #d0d0d0; padding: .25rem .6rem; text-align: left } \
@media (prefers-color-scheme: dark) { body { color: #e4e4e4; background: #181818 } \
a { color: #8ab9f1 } pre { background: #242424 } blockquote { color: #b4b4b4 } \
header, blockquote, th, td, nav.beside { border-color: #484848 } }";

/// The pages and other files of a website, by path: names joined with `/`.
#[derive(Debug, Default)]
pub struct Site {
    title: String,
    map: SiteMap,
}

/// A generated page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePage {
    /// Its path in the site.
    pub path: String,
    /// The whole page.
    pub html: String,
    /// References in the text to something that is not in the site, or that no page may refer to.
    pub dangling: Vec<String>,
}

impl Site {
    /// An empty website with this title.
    pub fn new(title: &str) -> Site {
        Site { title: title.to_owned(), ..Site::default() }
    }

    /// Whether a text at this path becomes a page.
    pub fn is_page(path: &str) -> bool {
        stem(path).is_some()
    }

    /// Adds a text that becomes a page.
    pub fn add_page(&mut self, path: &str, text: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let title = render::title(text).unwrap_or_else(|| stem(name).unwrap_or(name).to_owned());
        self.map.add_page(path, title);
    }

    /// Adds a file that is copied as it is.
    pub fn add_file(&mut self, path: &str) {
        self.map.files.insert(path.to_owned());
    }

    /// Texts that do not become pages, because another file has the page's path already.
    pub fn hidden(&self) -> Vec<&str> {
        let taken = |path: &&String| {
            let page = page_of(path);
            self.map.files.contains(&page) || self.map.made.get(&page) != Some(*path)
        };
        self.map.pages.keys().filter(taken).map(String::as_str).collect()
    }

    /// Generates the page of a text that was added.
    pub fn page(&self, path: &str, text: &str) -> SitePage {
        let (body, dangling) = render::body(&self.map, path, text);
        let title = self.map.pages.get(path).map_or("", String::as_str);
        let target = page_of(path);
        let mut inner = body;
        match index_of(&target) {
            Some(dir) => inner.push_str(&self.places(dir)),
            None => inner.push_str(&self.neighbours(&target)),
        }
        SitePage { html: self.frame(&target, title, &inner), path: target, dangling }
    }

    /// Generates the index pages of directories that contain pages but no text for an index.
    pub fn indexes(&self) -> Vec<SitePage> {
        let index = |dir: &String| {
            let path = format!("{dir}{INDEX}");
            let is_free = !self.map.made.contains_key(&path) && !self.map.files.contains(&path);
            is_free.then(|| {
                let name = dir.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let title = if name.is_empty() { self.title.as_str() } else { name };
                let inner = format!("<h1 dir=\"auto\">{}</h1>\n{}", line(title), self.places(dir));
                let html = self.frame(&path, title, &inner);
                SitePage { path, html, dangling: Vec::new() }
            })
        };
        let mut pages: Vec<SitePage> = self.map.directories.keys().filter_map(index).collect();
        // Even a site without pages has an index.
        if self.map.directories.is_empty() {
            pages.extend(index(&String::new()));
        }
        pages
    }

    /// How many places [`Site::inside`] has.
    fn count_inside(&self, dir: &str) -> usize {
        let inside = self.map.directories.get(dir);
        inside.map_or(0, |inside| inside.pages.len().saturating_add(inside.dirs.len()))
    }

    /// The places in a directory that its page links to: targets and titles, directories last.
    fn inside(&self, dir: &str) -> Vec<(String, String)> {
        let Some(inside) = self.map.directories.get(dir) else { return Vec::new() };
        let pages = inside.pages.iter().map(|(page, title)| (page.clone(), title.clone()));
        let dirs = inside.dirs.iter();
        let dirs = dirs.map(|name| (format!("{dir}{name}/{INDEX}"), format!("{name}/")));
        pages.chain(dirs).collect()
    }

    fn places(&self, dir: &str) -> String {
        let inside = self.inside(dir);
        if inside.is_empty() {
            return String::new();
        }
        let at = format!("{dir}{INDEX}");
        format!("<nav class=\"inside\" aria-label=\"Pages\">\n{}</nav>\n", list(&at, &inside))
    }

    /// Whether every page lists the site's root directory at its top.
    fn has_few_places(&self) -> bool {
        self.count_inside("") <= TOP_PLACES
    }

    /// Links to the previous and next page in the directory. Linking all of them would make the size of a
    /// site quadratic in its pages.
    fn neighbours(&self, page: &str) -> String {
        let dir = page.rfind('/').and_then(|end| page.get(..=end)).unwrap_or_default();
        if dir.is_empty() && self.has_few_places() {
            return String::new();
        }
        let Some(inside) = self.map.directories.get(dir) else { return String::new() };
        let before =
            inside.pages.range::<str, _>((Bound::Unbounded, Bound::Excluded(page))).next_back();
        let behind = inside.pages.range::<str, _>((Bound::Excluded(page), Bound::Unbounded)).next();
        let link = |found: Option<(&String, &String)>, rel: &str, word: &str| match found {
            Some((target, title)) => format!(
                "<li>{word}: <a rel=\"{rel}\" href=\"{}\">{}</a></li>\n",
                links::relative(page, target),
                line(title)
            ),
            None => String::new(),
        };
        let links = link(before, "prev", "Previous") + &link(behind, "next", "Next");
        match links.is_empty() {
            true => links,
            false => format!(
                "<nav class=\"beside\" aria-label=\"Beside\">\n<ul>\n{links}</ul>\n</nav>\n"
            ),
        }
    }

    /// Wraps the content of a page into a whole page.
    fn frame(&self, path: &str, title: &str, inner: &str) -> String {
        let site = line(&self.title);
        let title = match title == self.title {
            true => site.clone(),
            false => format!("{} · {site}", line(title)),
        };
        let home = links::relative(path, INDEX);
        let mut top: Vec<(String, String)> = vec![(INDEX.to_owned(), "Home".to_owned())];
        if self.has_few_places() {
            top.extend(self.inside(""));
        }
        // The enclosing directories.
        let ends = path.match_indices('/').map(|(at, _)| at + 1);
        for dir in ends.filter_map(|end| path.get(..end)) {
            let place = format!("{dir}{INDEX}");
            if !top.iter().any(|(target, _)| *target == place) {
                top.push((place, dir.to_owned()));
            }
        }
        format!(
            "<!DOCTYPE html>\n<html lang=\"\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\n\
             <meta name=\"referrer\" content=\"no-referrer\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n\
             <p class=\"site\" dir=\"auto\"><a href=\"{home}\">{site}</a></p>\n\
             <nav aria-label=\"Site\">\n{}</nav>\n</header>\n<main dir=\"auto\">\n{inner}</main>\n\
             </body>\n</html>\n",
            list(path, &top)
        )
    }
}

/// Returns a list of links from a page to others.
fn list(from: &str, places: &[(String, String)]) -> String {
    let mut out = "<ul>\n".to_owned();
    for (target, title) in places {
        let current = if target == from { " aria-current=\"page\"" } else { "" };
        let href = links::relative(from, target);
        out.push_str(&format!("<li><a href=\"{href}\"{current}>{}</a></li>\n", line(title)));
    }
    out + "</ul>\n"
}

/// Escapes text as one line in which nothing is markup.
fn line(text: &str) -> String {
    markup(&escape::line(text))
}

#[cfg(test)]
mod tests;
