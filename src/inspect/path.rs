//! Paths that stand for many: `messages/*/content` is the content of every message.
//!
//! Which keys are names and which are ids is known of a concern's collections; elsewhere it is
//! seen from the key itself. [`keys`] are the path of one location alone.

use crate::path::DocPath;
use crate::schema::{Collection, FieldKind, FieldRole, Spec, UNLISTED, role_by_name};
use crate::wire::{Id, Locations, Owner};
use std::collections::HashMap;
use std::rc::Rc;

/// Deeper containers are counted with the one at this depth. Documents of ours nest 16 deep.
const DEPTH: u16 = 32;
/// A container that has more different names than this has ids.
const NAMES: usize = 64;
/// The longest key that can be a name.
const NAME_CHARS: usize = 40;

/// Steps of a path that are shown; what lies deeper is cut off at its beginning.
const STEPS: usize = 32;

/// No pattern.
pub const NONE: u32 = u32::MAX;

/// Records of a document that no concern understands.
const OPAQUE: Collection = Collection { tombstone: None, ..UNLISTED };

/// What stands at a pattern.
#[derive(Debug, Clone, Copy)]
pub enum PatternRole {
    /// Anything.
    Plain,
    /// The records of a collection stand below it.
    Records(&'static Collection),
    /// Here is one.
    Record(&'static Collection),
    /// Who has acknowledged a deletion, and what stands below.
    Acknowledgements,
    /// The reactions to a record, and what stands below.
    Reactions,
}

/// A field that says something of its whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The flag that says whether the record is deleted.
    Tombstone,
    /// The member id of whoever wrote the record.
    Author,
    /// When the record was made, in Unix seconds.
    Created,
}

/// Every pattern of a document, made as they are asked for.
pub struct Patterns {
    spec: Option<&'static Spec>,
    nodes: Vec<PatternNode>,
    roots: HashMap<Rc<str>, u32>,
}

struct PatternNode {
    parent: u32,
    /// None for `*`.
    name: Option<Rc<str>>,
    depth: u16,
    /// The children that have a name: no more than [`NAMES`].
    named: Vec<(Rc<str>, u32)>,
    /// Where among them the last one was found: records are alike.
    found: usize,
    /// The child `*`, or [`NONE`].
    any: u32,
    role: PatternRole,
    mark: Option<Mark>,
    /// Where the acknowledgements or reactions that it belongs to begin; else itself.
    top: u32,
    /// The nearest collection or root around it, itself included.
    collection: u32,
}

impl Patterns {
    /// No patterns yet, of a document whose concern has this `spec`; None where no concern knows
    /// it.
    pub fn new(spec: Option<&'static Spec>) -> Self {
        Patterns { spec, nodes: Vec::new(), roots: HashMap::new() }
    }

    /// A root.
    pub fn root(&mut self, name: &str) -> u32 {
        self.roots.get(name).copied().unwrap_or_else(|| self.add(NONE, Some(name)))
    }

    /// What stands under a key; under every key, where keys are ids.
    pub fn child(&mut self, parent: u32, key: &str) -> u32 {
        self.child_by_bytes(parent, key.as_bytes())
    }

    /// The same, and the key as the bytes of a text.
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

    /// What stands under a name that is no id, whatever it looks like.
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

    /// What stands in a sequence, or under keys that are ids.
    pub fn element(&mut self, parent: u32) -> u32 {
        match self.node(parent) {
            None => NONE,
            Some(node) if node.any != NONE => node.any,
            Some(_) => self.add(parent, None),
        }
    }

    /// What stands at a pattern; [`PatternRole::Plain`] for [`NONE`].
    pub fn role(&self, pattern: u32) -> PatternRole {
        self.node(pattern).map_or(PatternRole::Plain, |node| node.role)
    }

    /// What a pattern says of the whole record around it; None for all but the fields that do.
    pub fn mark(&self, pattern: u32) -> Option<Mark> {
        self.node(pattern).and_then(|node| node.mark)
    }

    /// The acknowledgements or reactions that a pattern belongs to; else itself.
    pub fn top(&self, pattern: u32) -> u32 {
        self.node(pattern).map_or(NONE, |node| node.top)
    }

    /// The collection that a pattern belongs to: the nearest, or its root.
    pub fn collection(&self, pattern: u32) -> u32 {
        self.node(pattern).map_or(NONE, |node| node.collection)
    }

    /// `messages/*/content`; empty for [`NONE`].
    pub fn name(&self, pattern: u32) -> String {
        let steps: Vec<String> =
            self.steps(pattern).into_iter().map(|name| name.map_or("*".to_owned(), step)).collect();
        steps.join("/")
    }

    fn steps(&self, pattern: u32) -> Vec<Option<&str>> {
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

    /// Lets the parent know its child.
    fn enter(&mut self, own: u32, parent: u32, name: Option<&str>) {
        match (self.nodes.get_mut(parent as usize), name) {
            (Some(above), Some(name)) => above.named.push((name.into(), own)),
            (Some(above), None) => above.any = own,
            (None, Some(name)) => drop(self.roots.insert(name.into(), own)),
            (None, None) => {}
        }
    }

    /// Makes a pattern the location of a collection where the Spec says so.
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
    /// The child with this name. Looked for where the last one was found, and behind it first.
    fn known(&mut self, name: &[u8]) -> Option<u32> {
        let is_it = |(named, _): &&(Rc<str>, u32)| named.as_bytes() == name;
        let (before, behind) = self.named.split_at_checked(self.found)?;
        let place = behind.iter().position(|child| is_it(&child)).map(|at| at + before.len());
        let place = place.or_else(|| before.iter().position(|child| is_it(&child)))?;
        self.found = place;
        self.named.get(place).map(|(_, child)| *child)
    }
}

/// What stands one step below.
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

/// Whether a key looks like the name of a field, and not like an id.
fn is_name(key: &[u8]) -> bool {
    !key.is_empty()
        && key.len() <= NAME_CHARS
        && key.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_')
}

/// A key as one step of a path, as in JSON Pointer: `~` is `~0`, `/` is `~1`.
pub fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The keys that lead to a location, its own included, the root first. An element of a sequence has
/// its id for a key.
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

/// An id as a step of a path.
pub fn bracketed(id: Id) -> String {
    format!("[{}:{}]", id.client, id.clock)
}

/// Keys as one path; see [`step`].
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
