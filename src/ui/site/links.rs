//! Decides where links of a page may lead: into the site, or to the listed schemes.

use super::map::{INDEX, SiteMap, page_of};

/// The schemes that a link may use outside the site. Nothing runs or is fetched until somebody follows the
/// link.
const SCHEMES: &[&str] = &["http", "https", "mailto"];

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// Something in the site, as the page has to write it.
    Inside(String),
    /// An address outside the site.
    Outside(String),
    /// An address that is not allowed, or something that does not exist.
    Nowhere,
}

/// Returns the relative link from a page to another file of the site.
pub fn relative(from: &str, to: &str) -> String {
    let mut from: Vec<&str> = from.split('/').collect();
    from.pop();
    let to: Vec<&str> = to.split('/').collect();
    let common = from.iter().zip(to.iter().take(to.len().saturating_sub(1)));
    let common = common.take_while(|(a, b)| a == b).count();
    let up = "../".repeat(from.len().saturating_sub(common));
    let down = encoded(&to.get(common..).unwrap_or_default().join("/"));
    // The name of a file must not be taken for a scheme or a host.
    if up.is_empty() { format!("./{down}") } else { up + &down }
}

/// Resolves a reference in a page at `from`. Reads it as a browser does, which ignores control characters,
/// and more strictly: blanks cannot hide a scheme either.
pub fn target(site: &SiteMap, from: &str, written: &str) -> LinkTarget {
    let written: String = written.trim().chars().filter(|c| !c.is_control()).collect();
    let dense: String = written.chars().filter(|c| !c.is_whitespace()).collect();
    let scheme = dense.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((scheme, _)) = scheme.split_once(':') {
        let is_listed = SCHEMES.iter().any(|listed| scheme.eq_ignore_ascii_case(listed));
        return if is_listed { LinkTarget::Outside(written) } else { LinkTarget::Nowhere };
    }
    if written.starts_with("//") || written.contains('\\') {
        return LinkTarget::Nowhere;
    }
    let (path, fragment) = match written.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (written.as_str(), None),
    };
    let path = path.split('?').next().unwrap_or_default();
    let fragment = fragment.map(|of| {
        let of = decoded(of).unwrap_or_default();
        format!("#{}", encoded(&of))
    });
    let fragment = fragment.unwrap_or_default();
    if path.is_empty() {
        return match fragment.is_empty() {
            true => LinkTarget::Nowhere,
            false => LinkTarget::Inside(fragment),
        };
    }
    match resolve(from, path).and_then(|path| found(site, &path)) {
        Some(there) => {
            let page = page_of(from);
            LinkTarget::Inside(relative(&page, &there) + &fragment)
        }
        None => LinkTarget::Nowhere,
    }
}

/// Resolves a path from the site's root directory; `None` if it leads out of the site.
pub fn resolve(from: &str, path: &str) -> Option<String> {
    let mut names: Vec<String> = match path.starts_with('/') {
        true => Vec::new(),
        false => from.split('/').map(str::to_owned).collect(),
    };
    if !path.starts_with('/') {
        names.pop();
    }
    for name in path.split('/') {
        let name = decoded(name)?;
        match name.as_str() {
            "" | "." => {}
            ".." => drop(names.pop()?),
            name if name.contains('/') => return None,
            name => names.push(name.to_owned()),
        }
    }
    Some(names.join("/"))
}

/// Returns what the site has at a path: the page of a text, a file, or the index of a directory.
fn found(site: &SiteMap, path: &str) -> Option<String> {
    if site.pages.contains_key(path) {
        return Some(page_of(path));
    }
    if site.files.contains(path) || site.made.contains_key(path) {
        return Some(path.to_owned());
    }
    let dir = if path.is_empty() { String::new() } else { format!("{path}/") };
    let has_pages = site.directories.contains_key(&dir);
    let index = format!("{dir}{INDEX}");
    (has_pages || site.files.contains(&index)).then_some(index)
}

/// Percent-encodes a path for a link.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Percent-decodes a link; `None` if the result is not UTF-8. A `%` that starts no byte stands for itself.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}
