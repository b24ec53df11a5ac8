//! The position of a value in a document: the keys that lead to it from a root.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

/// An owned path: `messages/3f2a…/content`. In memory, in the log and in the ledgers it is the list of its
/// keys, whatever they contain.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocPath(Vec<String>);

impl DocPath {
    /// Appends a key.
    pub fn push(&mut self, key: impl Into<String>) {
        self.0.push(key.into());
    }

    /// Returns the path of a key below, made of the key itself.
    #[must_use]
    pub fn with(&self, key: String) -> DocPath {
        let mut keys = Vec::with_capacity(self.0.len().saturating_add(1));
        keys.extend_from_slice(&self.0);
        keys.push(key);
        DocPath(keys)
    }

    /// Removes the last key and returns it; `None` if the path is empty.
    pub fn pop(&mut self) -> Option<String> {
        self.0.pop()
    }

    /// Removes keys until no more than `depth` are left.
    pub fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }
}

impl Deref for DocPath {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

impl<S: AsRef<str>> From<&[S]> for DocPath {
    fn from(keys: &[S]) -> Self {
        keys.iter().collect()
    }
}

impl<S: AsRef<str>, const N: usize> From<[S; N]> for DocPath {
    fn from(keys: [S; N]) -> Self {
        keys.iter().collect()
    }
}

impl From<Vec<String>> for DocPath {
    fn from(keys: Vec<String>) -> Self {
        DocPath(keys)
    }
}

impl<'a, S: AsRef<str>> FromIterator<&'a S> for DocPath {
    fn from_iter<I: IntoIterator<Item = &'a S>>(keys: I) -> Self {
        DocPath(keys.into_iter().map(|key| key.as_ref().to_owned()).collect())
    }
}

impl FromIterator<String> for DocPath {
    fn from_iter<I: IntoIterator<Item = String>>(keys: I) -> Self {
        DocPath(keys.into_iter().collect())
    }
}

/// Joins the keys with `/`, for people: a key may contain one itself.
impl fmt::Display for DocPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("/"))
    }
}

/// Escapes a key as one step of a path, as in JSON Pointer: `~` is `~0`, `/` is `~1`.
pub fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Returns the key that a step of a path stands for.
pub fn key(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// What the keys of a path offer, owned or borrowed.
pub trait Keys {
    /// Returns the path as a borrowed list, as documents take it.
    fn steps(&self) -> Steps<'_>;

    /// Returns the path of a key below, for a lookup.
    fn field<'a>(&'a self, key: &'a str) -> Steps<'a>;

    /// Returns the path of a key below, to be kept.
    fn child(&self, key: &str) -> DocPath;

    /// Returns the path above; `None` at the top.
    fn parent(&self) -> Option<DocPath>;
}

impl<S: AsRef<str>> Keys for [S] {
    fn steps(&self) -> Steps<'_> {
        self.iter().map(AsRef::as_ref).collect()
    }

    fn field<'a>(&'a self, key: &'a str) -> Steps<'a> {
        self.iter().map(AsRef::as_ref).chain([key]).collect()
    }

    fn child(&self, key: &str) -> DocPath {
        DocPath(self.field(key).iter().map(|key| (*key).to_owned()).collect())
    }

    fn parent(&self) -> Option<DocPath> {
        self.split_last().map(|(_, above)| DocPath::from(above))
    }
}

/// More keys than a path of any known concern has.
const INLINE: usize = 8;

/// A borrowed path. One is made for every field that is read, and it allocates nothing unless it is deeper
/// than any path of a known concern.
#[derive(Clone)]
pub struct Steps<'a> {
    few: [&'a str; INLINE],
    len: usize,
    /// All of them, if they do not fit there.
    many: Vec<&'a str>,
}

impl<'a> FromIterator<&'a str> for Steps<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(keys: I) -> Self {
        let mut steps = Steps { few: [""; INLINE], len: 0, many: Vec::new() };
        for key in keys {
            match steps.few.get_mut(steps.len) {
                Some(place) => *place = key,
                None => {
                    if steps.many.is_empty() {
                        steps.many.extend(steps.few);
                    }
                    steps.many.push(key);
                }
            }
            steps.len += 1;
        }
        steps
    }
}

impl<'a> Deref for Steps<'a> {
    type Target = [&'a str];

    fn deref(&self) -> &[&'a str] {
        self.few.get(..self.len).unwrap_or(&self.many)
    }
}

impl fmt::Debug for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_any_depth_leads_down_and_up_again() {
        let mut path = DocPath::default();
        assert_eq!((path.parent(), path.to_string()), (None, String::new()));
        for depth in 0..20 {
            let key = format!("k{depth}");
            let (below, steps) = (path.child(&key), path.steps());
            assert_eq!(steps.len(), depth);
            assert_eq!(path.field(&key)[..], below.steps()[..]);
            assert_eq!(steps.field(&key)[..], below.steps()[..]);
            assert_eq!(below.parent().as_ref(), Some(&path));
            path.push(key);
            assert_eq!(path, below);
        }
        assert!(path.to_string().starts_with("k0/k1/"));
        assert_eq!(DocPath::from(&path.steps()[..]), path);
    }

    #[test]
    fn a_step_stands_for_its_key() {
        for (name, written) in [("a/b", "a~1b"), ("a~1b", "a~01b"), ("~", "~0"), ("/", "~1")] {
            assert_eq!((step(name), key(written)), (written.to_owned(), name.to_owned()));
        }
        assert_eq!(key("a~b"), "a~b");
    }

    #[test]
    fn it_is_stored_as_the_list_of_its_keys() {
        let path = DocPath::from(["messages", "a/b", ""]);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, r#"["messages","a/b",""]"#);
        assert_eq!(serde_json::from_str::<DocPath>(&json).unwrap(), path);
    }
}
