//! Where each block is, deleted or not.

use super::super::view::span::NONE;
use super::build::Places;
use super::content::TypeKind;
use super::turns;
use crate::path::step;
use crate::wire::Update;

/// The most steps that a path names; of a longer one only the last ones.
const STEPS: usize = 32;

/// The places of the blocks of an update.
pub struct PlacedBlocks {
    /// Per block, its list, or [`NONE`].
    list_of: Vec<u32>,
    /// Each list, its container, and its key; sorted.
    lists: Vec<(u32, u32, Option<String>)>,
    /// Per container, its name: that of a root, or that of an element.
    names: Vec<String>,
    /// Per container, the list in which it was created; [`NONE`] for roots.
    created_in: Vec<u32>,
    /// Per container, its root, or itself; [`NONE`] if that is not known.
    root_of: Vec<u32>,
}

impl PlacedBlocks {
    /// Places every block that does not wait for something missing.
    pub fn of<S>(update: &Update<'_, S>) -> PlacedBlocks {
        let (order, _) = turns::take(update);
        let mut places = Places::new(update);
        order.iter().for_each(|block| places.settle(block));
        let mut names = vec![String::new(); places.nodes.len()];
        let mut created_in = vec![NONE; places.nodes.len()];
        for (name, node) in &places.roots {
            if let Some(entry) = names.get_mut(*node as usize) {
                (*name).clone_into(entry);
            }
        }
        for (block, node) in places.created() {
            let list = places.list_of.get(block as usize).copied().unwrap_or(NONE);
            if let Some(entry) = created_in.get_mut(node as usize) {
                *entry = list;
            }
            let Some(made) = places.nodes.get(node as usize) else { continue };
            let start = made.name.start as usize;
            let name = update.bytes().get(start..start + made.name.len as usize);
            if matches!(made.kind, TypeKind::XmlElement | TypeKind::XmlHook)
                && let (Some(name), Some(entry)) = (name, names.get_mut(node as usize))
            {
                *entry = String::from_utf8_lossy(name).into_owned();
            }
        }
        // A list is identified by its first block.
        let heads = (0u32..).zip(&places.list_of).filter(|(block, list)| block == *list);
        let list = |(list, _)| {
            let (node, key) = places.place(list)?;
            Some((list, node, key.map(str::to_owned)))
        };
        let lists = heads.filter_map(list).collect();
        let list_of = places.list_of;
        let mut placed = PlacedBlocks { lists, list_of, names, created_in, root_of: Vec::new() };
        placed.root_of = placed.roots();
        placed
    }

    /// Returns the root of each container. Each is climbed through once, however deep it is.
    fn roots(&self) -> Vec<u32> {
        let mut known: Vec<Option<u32>> = vec![None; self.created_in.len()];
        let mut climbed: Vec<u32> = Vec::new();
        for start in 0..u32::try_from(known.len()).unwrap_or(NONE) {
            let mut at = start;
            let root = loop {
                match known.get_mut(at as usize) {
                    Some(Some(root)) => break *root,
                    // If it is inside itself, it will be found here again.
                    Some(entry) => *entry = Some(NONE),
                    None => break NONE,
                }
                climbed.push(at);
                match self.created_in.get(at as usize).copied().unwrap_or(NONE) {
                    NONE => break at,
                    list => at = self.place(list).map_or(NONE, |(node, _)| node),
                }
            };
            for node in climbed.drain(..) {
                if let Some(entry) = known.get_mut(node as usize) {
                    *entry = Some(root);
                }
            }
        }
        known.into_iter().map(|root| root.unwrap_or(NONE)).collect()
    }

    /// Returns the list of a block: equal for blocks of one sequence or one key. `None` if that is not known.
    pub fn list(&self, block: usize) -> Option<u32> {
        self.list_of.get(block).copied().filter(|list| *list != NONE)
    }

    /// Returns the container of a list, and its key.
    fn place(&self, list: u32) -> Option<(u32, Option<&str>)> {
        let at = self.lists.binary_search_by_key(&list, |(list, ..)| *list).ok()?;
        self.lists.get(at).map(|(_, node, key)| (*node, key.as_deref()))
    }

    /// Whether a list is under a key.
    pub fn is_keyed(&self, list: u32) -> bool {
        self.place(list).is_some_and(|(_, key)| key.is_some())
    }

    /// Returns the path to a list from its root: `root/key/*/name`, with `*` for elements without a name and
    /// each step escaped.
    pub fn path(&self, list: u32) -> String {
        let mut steps: Vec<String> = Vec::new();
        let mut at = list;
        // Each container is inside an older one, so this ends.
        for _ in 0..=self.lists.len() {
            let Some((node, key)) = self.place(at) else { break };
            steps.extend(key.map(step));
            let name = self.names.get(node as usize).map_or("", String::as_str);
            at = self.created_in.get(node as usize).copied().unwrap_or(NONE);
            if at == NONE {
                steps.push(step(name));
                break;
            }
            let is_keyed = self.is_keyed(at);
            match (name.is_empty(), is_keyed) {
                (false, _) => steps.push(step(name)),
                (true, false) => steps.push("*".to_owned()),
                (true, true) => {}
            }
            if steps.len() > STEPS {
                steps.push("…".to_owned());
                break;
            }
        }
        steps.reverse();
        steps.join("/")
    }

    /// Returns the root of a list.
    pub fn root(&self, list: u32) -> &str {
        let root = self.place(list).and_then(|(node, _)| self.root_of.get(node as usize).copied());
        root.and_then(|root| self.names.get(root as usize)).map_or("", String::as_str)
    }
}
