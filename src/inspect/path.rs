//! Paths that stand for many: `messages/*/content` is the content of every message.
//!
//! Which keys are names and which are ids is known for a concern's collections; elsewhere it is inferred from
//! the key. [`keys`] returns the path of a single location.

use crate::path::{DocPath, step};
use crate::schema::{Collection, FieldKind, FieldRole, Spec, UNLISTED, role_by_name};
use crate::wire::{Id, Locations, Owner};
use std::collections::HashMap;
use std::rc::Rc;

/// Deeper containers are counted with the one at this depth. Our own documents nest 16 deep.
const DEPTH: u16 = 32;
/// A container with more different names than this is taken to have ids as keys.
const NAMES: usize = 64;
/// The longest key that can be a name.
const NAME_CHARS: usize = 40;

/// The number of path steps shown; of deeper paths the beginning is cut off.
const STEPS: usize = 32;

/// No pattern.
pub const NONE: u32 = u32::MAX;

/// Records of a document that no concern understands.
const OPAQUE: Collection = Collection { tombstone: None, ..UNLISTED };

/// What a pattern stands for.
#[derive(Debug, Clone, Copy)]
pub enum PatternRole {
    /// Anything.
    Plain,
    /// The parent of the records of a collection.
    Records(&'static Collection),
    /// A record.
    Record(&'static Collection),
    /// The acknowledgements of a deletion, and everything below.
    Acknowledgements,
    /// The reactions to a record, and everything below.
    Reactions,
}

/// A field that describes its whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The flag that says whether the record is deleted.
    Tombstone,
    /// The member id of the record's author.
    Author,
    /// When the record was created, in Unix seconds.
    Created,
}

/// Every pattern of a document, created on demand.
pub struct Patterns {
    spec: Option<&'static Spec>,
    nodes: Vec<PatternNode>,
    roots: HashMap<Rc<str>, u32>,
}

struct PatternNode {
    parent: u32,
    /// `None` for `*`.
    name: Option<Rc<str>>,
    depth: u16,
    /// The children that have a name: no more than [`NAMES`].
    named: Vec<(Rc<str>, u32)>,
    /// The index of the child found last: records are alike.
    found: usize,
    /// The child `*`, or [`NONE`].
    any: u32,
    role: PatternRole,
    mark: Option<Mark>,
    /// The root of the acknowledgements or reactions it belongs to; else itself.
    top: u32,
    /// The nearest collection or root around it, including itself.
    collection: u32,
}

impl Patterns {
    /// Returns an empty set of patterns for a document whose concern has this `spec`; `None` if no concern
    /// knows it.
    pub fn new(spec: Option<&'static Spec>) -> Self {
        Patterns { spec, nodes: Vec::new(), roots: HashMap::new() }
    }

    /// Returns the pattern of a root.
    pub fn root(&mut self, name: &str) -> u32 {
        self.roots.get(name).copied().unwrap_or_else(|| self.add(NONE, Some(name)))
    }

    /// Returns the pattern under a key; under every key, if keys are ids.
    pub fn child(&mut self, parent: u32, key: &str) -> u32 {
        self.child_by_bytes(parent, key.as_bytes())
    }

    /// Like [`Patterns::child`], for a key given as the bytes of a text.
    pub fn child_by_bytes(&mut self, parent: u32, key: &[u8]) -> u32 {
        let Some(node) = self.node(parent) else { return NONE };
        let keys_are_ids = match node.role {
            PatternRole::Records(collection) if !collection.path.is_empty() => true,
            PatternRole::Acknowledgements | PatternRole::Reactions => true,
            PatternRole::Plain | PatternRole::Records(_) | PatternRole::Record(_) => !is_name(key),
        };
        if keys_are_ids {
            return self.element(parent);
        }
        self.named_by_bytes(parent, key)
    }

    /// Returns the pattern under a name that is not an id, whatever it looks like.
    pub fn named_child(&mut self, parent: u32, name: &str) -> u32 {
        self.named_by_bytes(parent, name.as_bytes())
    }

    fn named_by_bytes(&mut self, parent: u32, name: &[u8]) -> u32 {
        let Some(node) = self.nodes.get_mut(parent as usize) else { return NONE };
        if let Some(known) = node.known(name) {
            return known;
        }
        match std::str::from_utf8(name) {
            Ok(name) if node.named.len() < NAMES => self.add(parent, Some(name)),
            _ => self.element(parent),
        }
    }

    /// Returns the pattern of what is in a sequence, or under keys that are ids.
    pub fn element(&mut self, parent: u32) -> u32 {
        match self.node(parent) {
            None => NONE,
            Some(node) if node.any != NONE => node.any,
            Some(_) => self.add(parent, None),
        }
    }

    /// Returns the role of a pattern; [`PatternRole::Plain`] for [`NONE`].
    pub fn role(&self, pattern: u32) -> PatternRole {
        self.node(pattern).map_or(PatternRole::Plain, |node| node.role)
    }

    /// Returns what a pattern says about the whole record around it; `None` for most fields.
    pub fn mark(&self, pattern: u32) -> Option<Mark> {
        self.node(pattern).and_then(|node| node.mark)
    }

    /// Returns the acknowledgements or reactions that a pattern belongs to; else itself.
    pub fn top(&self, pattern: u32) -> u32 {
        self.node(pattern).map_or(NONE, |node| node.top)
    }

    /// Returns the collection that a pattern belongs to: the nearest, or its root.
    pub fn collection(&self, pattern: u32) -> u32 {
        self.node(pattern).map_or(NONE, |node| node.collection)
    }

    /// Returns the path: `messages/*/content`; empty for [`NONE`].
    pub fn name(&self, pattern: u32) -> String {
        let steps: Vec<String> =
            self.steps(pattern).into_iter().map(|name| name.map_or("*".to_owned(), step)).collect();
        steps.join("/")
    }

    /// Whether some pattern has as many names below it as there can be.
    pub fn have_all_names(&self) -> bool {
        self.nodes.iter().any(|node| node.named.len() >= NAMES)
    }

    /// Returns the steps of a path, its root first; `None` for `*`.
    pub fn steps(&self, pattern: u32) -> Vec<Option<&str>> {
        let node = |at: u32| self.node(at);
        let mut steps: Vec<_> = std::iter::successors(node(pattern), |below| node(below.parent))
            .map(|n| n.name.as_deref())
            .collect();
        steps.reverse();
        steps
    }

    fn node(&self, pattern: u32) -> Option<&PatternNode> {
        self.nodes.get(pattern as usize)
    }

    fn add(&mut self, parent: u32, name: Option<&str>) -> u32 {
        let above = self.node(parent);
        let depth = above.map_or(0, |above| above.depth);
        if depth >= DEPTH {
            return parent;
        }
        let own = self.nodes.len() as u32;
        let (role, mark) = match above {
            Some(above) => below(above, name),
            None => (self.root_role(), None),
        };
        let inherits = matches!(role, PatternRole::Acknowledgements | PatternRole::Reactions)
            && matches!(
                above.map(|above| above.role),
                Some(PatternRole::Acknowledgements | PatternRole::Reactions)
            );
        let top = above.filter(|_| inherits).map_or(own, |above| above.top);
        let collection = above.map_or(own, |above| above.collection);
        let node = PatternNode {
            parent,
            name: name.map(Rc::from),
            depth: depth.saturating_add(1),
            named: Vec::new(),
            found: 0,
            any: NONE,
            role,
            mark,
            top,
            collection,
        };
        self.nodes.push(node);
        self.enter(own, parent, name);
        self.list(own);
        own
    }

    /// Registers a child with its parent.
    fn enter(&mut self, own: u32, parent: u32, name: Option<&str>) {
        match (self.nodes.get_mut(parent as usize), name) {
            (Some(above), Some(name)) => above.named.push((name.into(), own)),
            (Some(above), None) => above.any = own,
            (None, Some(name)) => drop(self.roots.insert(name.into(), own)),
            (None, None) => {}
        }
    }

    /// Makes a pattern the location of a collection if the `Spec` says so.
    fn list(&mut self, own: u32) {
        let steps = self.steps(own);
        let fits = |collection: &&'static Collection| {
            let same = |(step, listed): (&Option<&str>, &&str)| step.unwrap_or("*") == *listed;
            collection.path.len() == steps.len() && steps.iter().zip(collection.path).all(same)
        };
        let collection = self.spec.and_then(|spec| spec.collections.iter().find(fits));
        if let (Some(collection), Some(node)) = (collection, self.nodes.get_mut(own as usize)) {
            node.role = PatternRole::Records(collection);
            node.collection = own;
        }
    }

    fn root_role(&self) -> PatternRole {
        match self.spec {
            Some(_) => PatternRole::Records(&UNLISTED),
            None => PatternRole::Records(&OPAQUE),
        }
    }
}

impl PatternNode {
    /// Returns the child with this name, searching first at and after the last match.
    fn known(&mut self, name: &[u8]) -> Option<u32> {
        let is_it = |(named, _): &&(Rc<str>, u32)| named.as_bytes() == name;
        let (before, behind) = self.named.split_at_checked(self.found)?;
        let place = behind.iter().position(|child| is_it(&child)).map(|at| at + before.len());
        let place = place.or_else(|| before.iter().position(|child| is_it(&child)))?;
        self.found = place;
        self.named.get(place).map(|(_, child)| *child)
    }
}

/// Returns the role and mark of what is one step below.
fn below(above: &PatternNode, name: Option<&str>) -> (PatternRole, Option<Mark>) {
    match (above.role, name) {
        (PatternRole::Records(collection), None) => (PatternRole::Record(collection), None),
        (PatternRole::Record(collection), Some(name)) => {
            let field = collection.field(name);
            let role = match field.map(|field| field.kind) {
                Some(FieldKind::Acknowledgements) => PatternRole::Acknowledgements,
                Some(FieldKind::Reactions) => PatternRole::Reactions,
                _ => PatternRole::Plain,
            };
            (role, mark(collection, name))
        }
        (role @ (PatternRole::Acknowledgements | PatternRole::Reactions), _) => (role, None),
        _ => (PatternRole::Plain, None),
    }
}

fn mark(collection: &Collection, name: &str) -> Option<Mark> {
    if collection.tombstone.as_ref().is_some_and(|marks| marks.flag == name) {
        return Some(Mark::Tombstone);
    }
    // Another program may write a name where ours have an id.
    let guessed = || {
        let role = role_by_name(name);
        name == "author" || matches!(role, Some(FieldRole::Author | FieldRole::Creator))
    };
    match collection.field(name).map(|field| field.role) {
        Some(FieldRole::Author) => Some(Mark::Author),
        Some(FieldRole::Created) => Some(Mark::Created),
        None if guessed() => Some(Mark::Author),
        _ => None,
    }
}

/// Returns whether a key looks like the name of a field, and not like an id.
fn is_name(key: &[u8]) -> bool {
    !key.is_empty()
        && key.len() <= NAME_CHARS
        && key.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
}

/// Returns the keys that lead to a location, including its own, the root first. The key of an element of a
/// sequence is its id.
pub fn keys(locations: &Locations<'_>, location: usize) -> DocPath {
    let mut keys = Vec::new();
    let mut at = locations.get(location);
    while let Some(location) = at {
        keys.extend(location.key.map(str::to_owned));
        at = match location.owner {
            Owner::Root(root) => {
                keys.push(locations.root(root).to_owned());
                None
            }
            Owner::Item { id, block } => {
                let above = block.and_then(|b| locations.get(locations.index(b as usize)?));
                if above.is_none_or(|above| above.key.is_none()) {
                    keys.push(bracketed(id));
                }
                above
            }
        };
        if keys.len() > STEPS {
            keys.push("…".to_owned());
            break;
        }
    }
    keys.reverse();
    keys.into()
}

/// Returns an id as a step of a path.
pub fn bracketed(id: Id) -> String {
    format!("[{}:{}]", id.client, id.clock)
}

/// Joins keys into one path; see [`crate::path::step`].
pub fn joined(keys: &[String]) -> String {
    keys.iter().map(|key| step(key)).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern;

    fn names(spec: Option<&'static Spec>, paths: &[&[&'static str]]) -> Vec<String> {
        let mut patterns = Patterns::new(spec);
        let at = |patterns: &mut Patterns, path: &[&'static str]| {
            let root = patterns.root(path[0]);
            path[1..].iter().fold(root, |at, key| patterns.child(at, key))
        };
        paths
            .iter()
            .map(|path| at(&mut patterns, path))
            .collect::<Vec<_>>()
            .into_iter()
            .map(|pattern| patterns.name(pattern))
            .collect()
    }

    #[test]
    fn keys_of_collections_are_ids_and_keys_of_records_are_names() {
        let chat = concern::named("chat");
        let named = names(
            chat,
            &[
                &["messages", "abc", "content"],
                &["messages", "abc", "ack_vector", "alice"],
                &["messages", "abc", "reactions", "heart"],
                &["threads", "abc", "replies", "def", "content"],
                &["threads", "abc", "reply_count"],
                &["drafts", "d1"],
                &["a/b", "mood"],
            ],
        );
        assert_eq!(
            named,
            [
                "messages/*/content",
                "messages/*/ack_vector/*",
                "messages/*/reactions/*",
                "threads/*/replies/*/content",
                "threads/*/reply_count",
                "drafts/*",
                "a~1b/mood",
            ]
        );
    }

    #[test]
    fn elsewhere_a_key_shows_what_it_is() {
        let named = names(
            None,
            &[
                &["root", "name"],
                &["root", "alice-river-stone-sky"],
                &["root", "00ea531f-c349-4ceb-a546-f520cf7b410c", "data"],
                &["root", "👍"],
            ],
        );
        assert_eq!(named, ["root/name", "root/*", "root/*/data", "root/*"]);
    }

    #[test]
    fn what_would_have_no_end_is_counted_together() {
        let mut patterns = Patterns::new(None);
        let root = patterns.root("r");
        let keys: Vec<String> = (0..100)
            .map(|n| format!("{}{}", char::from(b'a' + n / 26), char::from(b'a' + n % 26)))
            .collect();
        let distinct: std::collections::BTreeSet<u32> =
            keys.iter().map(|key| patterns.child(root, key)).collect();
        assert_eq!(distinct.len(), NAMES + 1);
        let mut deep = root;
        for _ in 0..1000 {
            deep = patterns.element(deep);
        }
        assert_eq!(patterns.name(deep).matches('/').count() + 1, usize::from(DEPTH));
    }

    #[test]
    fn collections_and_their_marks_are_known() {
        let mut patterns = Patterns::new(concern::named("chat"));
        let threads = patterns.root("threads");
        let thread = patterns.child(threads, "x");
        let replies = patterns.child(thread, "replies");
        let reply = patterns.child(replies, "y");
        let deleted = patterns.child(reply, "deleted");
        let reactions = patterns.child(reply, "reactions");
        let emoji = patterns.child(reactions, "👍");
        assert!(matches!(patterns.role(reply), PatternRole::Record(c) if c.noun == "reply"));
        assert_eq!(patterns.mark(deleted), Some(Mark::Tombstone));
        assert_eq!(patterns.collection(emoji), replies);
        assert_eq!(patterns.top(emoji), reactions);
        assert_eq!(patterns.top(deleted), deleted);
        let author = patterns.child(reply, "author_id");
        assert_eq!(patterns.mark(author), Some(Mark::Author));
        let created = patterns.child(reply, "created_at");
        assert_eq!(patterns.mark(created), Some(Mark::Created));
    }
}
