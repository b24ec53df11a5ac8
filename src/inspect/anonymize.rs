//! Makes a copy of a document without what people wrote, for bug reports.
//!
//! Structure, lengths, sizes, numbers, times, flags and ids stay. Texts become filler of the same length,
//! bytes become zeros. A key stays if it is a name (letters, digits, `_`, `-`, `:`): those are fields and
//! ids. Of any other key only the form stays: the same key always gets the same substitute, and no two keys
//! get the same one.

use crate::error::{Error, Result};
use crate::schema::{FieldKind, FieldRole, Spec, is_keyed_by_member, kind_of, role_of};
use crate::wire::{Checked, Decide, Instead, TextRole, Update};
use std::collections::{HashMap, HashSet};

/// The longest key that counts as a name.
const NAME_BYTES: usize = 128;
/// The longest value that counts as a word of the schema.
const WORD_BYTES: usize = 32;

/// An anonymous copy.
pub struct Anonymous {
    /// A valid v1 update of the same length and version as the original.
    pub bytes: Vec<u8>,
    /// The number of texts replaced by filler.
    pub texts: usize,
}

/// Returns the copy. With `members` the ids of members are replaced too, each by the same substitute
/// throughout the document; copies that were given the same members agree on these.
///
/// Not promised: that nobody is recognised. Times, lengths and authorship stay, and so do ids that are
/// meaningful in themselves.
///
/// # Errors
/// `Bug` if the copy does not read like the original.
pub fn anonymize(
    update: &Update<'_, Checked>,
    spec: Option<&'static Spec>,
    members: Option<&[String]>,
) -> Result<Anonymous> {
    let rewrite = |decide: Decide<'_>| update.with_texts(decide);
    let copy = rewritten(&rewrite, spec, members);
    let read = Update::checked(&copy.bytes, spec.map_or(&[][..], |spec| spec.roots))
        .map_err(|fault| Error::bug("the anonymous copy is not valid").because(fault))?;
    same(&read, update)?;
    Ok(copy)
}

/// Returns a copy of an update of any program, with every shared type in it. Everything but field names
/// becomes filler; nothing is known about members.
///
/// # Errors
/// As [`anonymize`].
pub fn anonymize_any(update: &Update<'_>) -> Result<Anonymous> {
    let rewrite = |decide: Decide<'_>| update.with_any_texts(decide);
    let copy = rewritten(&rewrite, None, None);
    let read = Update::walk(&copy.bytes)
        .map_err(|fault| Error::bug("the anonymous copy does not decode").because(fault))?;
    same(&read, update)?;
    Ok(copy)
}

/// Checks that a copy differs only in its texts.
fn same<S>(copy: &Update<'_, S>, original: &Update<'_, S>) -> Result<()> {
    let is_as_long = copy.bytes().len() == original.bytes().len();
    match is_as_long && copy.version() == original.version() {
        true => Ok(()),
        false => Err(Error::bug("the anonymous copy has another version")),
    }
}

fn rewritten(
    rewrite: &dyn Fn(Decide<'_>) -> Vec<u8>,
    spec: Option<&'static Spec>,
    members: Option<&[String]>,
) -> Anonymous {
    let mut names = Pseudonyms::of(rewrite, spec, members);
    let mut texts = 0;
    let bytes = rewrite(&mut |role, path, text| {
        let instead = match role {
            TextRole::Root | TextRole::Key if !is_name(text) => names.substitute(text),
            TextRole::Value if !stays(spec, path, text) => Instead::Filler,
            _ => names.member(text),
        };
        texts += usize::from(instead != Instead::Same && !text.is_empty());
        instead
    });
    Anonymous { bytes, texts }
}

/// Returns whether a value is an id or a word of the schema, judged by its form and its place.
fn stays(spec: Option<&Spec>, path: &[&str], text: &str) -> bool {
    let role = path.last().and_then(|field| role_of(spec, field));
    let is_id_field = role.is_some_and(FieldRole::is_id);
    let is_word_field = role == Some(FieldRole::Word);
    let is_word = text.len() <= WORD_BYTES
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte));
    is_minted(text)
        || is_id_field && is_name(text)
        || is_reaction(spec, path) && is_name(text)
        || is_word_field && is_word
}

/// Returns whether a value is in the members of a reaction.
fn is_reaction(spec: Option<&Spec>, path: &[&str]) -> bool {
    matches!(path, [.., field, _] if kind_of(spec, field) == Some(FieldKind::Reactions))
}

/// Returns whether a text is a UUID, or an id with a UUID among its parts: `group:3f2a…:chat`.
fn is_minted(text: &str) -> bool {
    let is_uuid = |part: &str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    is_name(text) && text.split(':').any(is_uuid)
}

fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
}

/// The keys of a document, its members, and their substitutes in the copy.
#[derive(Default)]
struct Pseudonyms {
    /// Every key of the document and every substitute: each must be unique.
    taken: HashSet<String>,
    /// The members to be replaced.
    members: HashSet<String>,
    substitutes: HashMap<String, String>,
    /// Per prefix, the next number to try.
    next: HashMap<String, u64>,
}

impl Pseudonyms {
    /// Returns those of a document; known members come first, so that their substitutes do not depend on it.
    fn of(
        rewrite: &dyn Fn(Decide<'_>) -> Vec<u8>,
        spec: Option<&Spec>,
        members: Option<&[String]>,
    ) -> Pseudonyms {
        let mut names = Pseudonyms::default();
        rewrite(&mut |role, path, text| {
            let is_member = is_name(text) && is_member(spec, role, path, text);
            if is_member && members.is_some() {
                names.members.insert(text.to_owned());
            }
            if is_member || role != TextRole::Value {
                names.taken.insert(text.to_owned());
            }
            Instead::Same
        });
        for member in members.into_iter().flatten().filter(|member| is_name(member)) {
            names.members.insert(member.clone());
            names.substitute(member);
        }
        names
    }

    /// Returns what a name becomes.
    fn member(&mut self, text: &str) -> Instead {
        match self.members.contains(text) {
            true => self.substitute(text),
            false => Instead::Same,
        }
    }

    /// Returns the substitute of a key, always the same. A key so short that no substitute is free stays.
    fn substitute(&mut self, text: &str) -> Instead {
        if let Some(substitute) = self.substitutes.get(text) {
            return Instead::Text(substitute.clone());
        }
        let next = self.next.entry(numbered(text, 0).unwrap_or_default()).or_default();
        while let Some(substitute) = numbered(text, *next) {
            *next += 1;
            if self.taken.insert(substitute.clone()) {
                self.substitutes.insert(text.to_owned(), substitute.clone());
                return Instead::Text(substitute);
            }
        }
        Instead::Same
    }
}

/// Returns whether a text names a member, by its place. The application also writes the key `_`, which names
/// nobody.
fn is_member(spec: Option<&Spec>, role: TextRole, path: &[&str], text: &str) -> bool {
    match (role, path) {
        _ if !text.bytes().any(|byte| byte.is_ascii_alphanumeric()) => false,
        (TextRole::Key, [root, _]) if is_keyed_by_member(spec, root) => true,
        (TextRole::Key, [.., field, _]) => {
            kind_of(spec, field) == Some(FieldKind::Acknowledgements)
        }
        (TextRole::Value, [.., field]) => {
            role_of(spec, field).is_some_and(FieldRole::is_person) || is_reaction(spec, path)
        }
        _ => false,
    }
}

/// Returns a number written in the text's letters and digits at the same width, so that what looks like an id
/// still does; `None` if there are too few of them.
fn numbered(text: &str, mut number: u64) -> Option<String> {
    let mut digits: Vec<char> = Vec::new();
    for char in text.chars().rev() {
        let (first, count) = match char.len_utf8() {
            1 if char.is_ascii_alphabetic() => ('a', 26),
            1 if char.is_ascii_digit() => ('0', 10),
            1 => (char, 1),
            2 => ('\u{100}', 128),
            3 => ('\u{4e00}', 4096),
            _ => ('\u{1f300}', 256),
        };
        let digit = u32::try_from(number % count).ok()?;
        digits.push(char::from_u32(u32::from(first) + digit)?);
        number /= count;
    }
    digits.reverse();
    (number == 0).then(|| digits.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::source::Source;
    use crate::crdt::testing::{Rng, World, fixtures, state, view};
    use crate::crdt::view::View;
    use crate::wire::Value;

    /// A value without its texts: lengths in bytes and UTF-16 units, and the rest as it is.
    fn shape(value: &Value) -> String {
        let lengths = |text: &str| format!("{}/{}", text.len(), text.encode_utf16().count());
        match value {
            Value::String(text) => format!("s{}", lengths(text)),
            Value::Text(text) => format!("t{}", lengths(text)),
            Value::Bytes(bytes) => format!("b{}", bytes.len()),
            Value::Map(map) | Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| (lengths(key), shape(value));
                let mut entries: Vec<_> = map.iter().map(entry).collect();
                entries.sort();
                format!("{entries:?}")
            }
            Value::Array(items) | Value::List(items) => {
                format!("{:?}", items.iter().map(shape).collect::<Vec<_>>())
            }
            other => format!("{other:?}"),
        }
    }

    fn shapes(view: &View) -> Vec<String> {
        let root =
            |root: &String| format!("{} {}", root.len(), shape(&view.value(&[root]).unwrap()));
        let mut roots: Vec<String> = view.roots().iter().map(root).collect();
        roots.sort();
        roots
    }

    #[test]
    fn copies_have_the_same_blocks_and_the_same_shape() {
        let random = (0..400).map(|seed| {
            let mut rng = Rng::new(seed);
            let steps = 3 + rng.below(40);
            (format!("seed {seed}"), state(&World::random(&mut rng, steps).all()))
        });
        for (name, bytes) in random.chain(fixtures()) {
            let update = Update::checked(&bytes, &[]).unwrap();
            for members in [None, Some(&[][..])] {
                let copy = anonymize(&update, None, members).unwrap().bytes;
                let walked = Update::checked(&copy, &[]).unwrap();
                let spans = |update: &Update<'_, Checked>| -> Vec<_> {
                    let blocks = update.blocks().iter();
                    blocks.map(|b| (b.kind, b.clock, b.len, b.span(), b.content_span())).collect()
                };
                assert_eq!(spans(&walked), spans(&update), "{name}");
                assert_eq!(shapes(&view(&copy)), shapes(&view(&bytes)), "{name}");
                let again = anonymize(&walked, None, None).unwrap();
                assert_eq!(shapes(&view(&again.bytes)), shapes(&view(&bytes)), "{name}");
            }
        }
    }

    #[test]
    fn substitutes_have_the_same_width_and_are_all_different() {
        let mut seen = HashSet::new();
        for number in 0..2000 {
            let name = numbered("été 7/🎉", number).unwrap();
            let widths = |text: &str| text.chars().map(char::len_utf8).collect::<Vec<_>>();
            assert_eq!(widths(&name), widths("été 7/🎉"));
            assert!(seen.insert(name));
        }
        assert_eq!(numbered("a-b", 27).unwrap(), "b-b");
        assert_eq!(numbered("/", 1), None);
        assert_eq!(numbered("", 0), Some(String::new()));
    }

    #[test]
    fn ids_and_words_of_the_schema_stay_and_text_does_not() {
        let uuid = "3f2a1b2c-0000-4000-8000-000000000001";
        assert!(stays(None, &["messages", uuid, "author_id"], "alice-river-stone-sky"));
        assert!(stays(None, &["messages", uuid, "reactions", "🎉"], "alice-river-stone-sky"));
        assert!(stays(None, &["order"], uuid));
        assert!(stays(None, &["invites"], &format!("group:{uuid}:chat")));
        assert!(!stays(None, &["notes"], &format!("see {uuid}")));
        assert!(stays(None, &["file", "disk_type"], "shared"));
        assert!(stays(None, &["members", "a", "role"], "owner"));
        assert!(!stays(None, &["members", "a", "role"], "Owner of the harbour"));
        assert!(!stays(None, &["messages", uuid, "author_id"], "Alice of the harbour"));
        assert!(!stays(None, &["messages", uuid, "content"], "hello"));
        assert!(!stays(None, &[], "hello"));
    }

    #[test]
    fn whom_a_field_names_the_schema_says() {
        let issues = crate::concern::named("issues");
        let names = |spec, field| is_member(spec, TextRole::Value, &["issues", "i", field], "dave");
        for field in ["reporter_id", "assignee_id", "author_id", "closed_by"] {
            assert!(names(issues, field), "{field}");
        }
        assert!(!names(issues, "id") && !names(issues, "title") && !names(None, "reporter_id"));
        let keyed = |spec, root| is_member(spec, TextRole::Key, &[root, "dave"], "dave");
        assert!(keyed(crate::concern::named("core"), "active_members"));
        assert!(!keyed(issues, "issues"));
        let acks = ["issues", "i", "ack_vector", "dave"];
        assert!(is_member(issues, TextRole::Key, &acks, "dave"));
    }
}
