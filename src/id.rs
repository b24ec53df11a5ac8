//! Ids, parsed once and valid from then on. A path on disk is only ever built from a [`DocId`].

use crate::error::{Error, Kind, Next, Result, listed};
use crate::limits;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// The longest plain-hex file name of a document; a longer id is named by its hash.
const FILE_STEM_CHARS: usize = 200;
/// The longest document id that is read; real ones have up to four parts.
const DOC_ID_BYTES: usize = 1024;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the id as written in documents.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                Self::parse(text)
            }
        }
    };
}

text_id! {
    /// An entity: `type:id`, for example `group:ocean-forest-moon-star`.
    EntityId
}
text_id! {
    /// A document: two to four parts joined by `:`. The third of three is its concern.
    DocId
}
text_id! {
    /// A member: usually four words, but any text without spaces or control characters.
    MemberId
}

impl EntityId {
    /// Parses `type:id`.
    pub fn parse(text: &str) -> Result<Self> {
        let Some((kind, id)) = text.split_once(':') else {
            return Err(Error::usage(format!("not an entity: {text:?}"))
                .hint("write it as TYPE:ID, for example group:ocean-forest-moon-star"));
        };
        if !is_type(kind) {
            return Err(Error::usage(format!("not an entity type: {kind:?}"))
                .hint("a type is lower-case letters, digits, '-' or '_', at most 32"));
        }
        if id.contains(':') {
            return Err(Error::usage(format!("an entity id cannot contain ':': {id:?}")));
        }
        check_text("entity id", id)?;
        Ok(EntityId(text.to_owned()))
    }

    /// `group` of `group:ocean-forest-moon-star`.
    pub fn entity_type(&self) -> &str {
        self.0.split_once(':').map_or("", |(kind, _)| kind)
    }

    /// `ocean-forest-moon-star` of `group:ocean-forest-moon-star`.
    pub fn id(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, id)| id)
    }

    /// Returns the document of one concern of this entity.
    pub fn document(&self, concern: &str) -> DocId {
        DocId(format!("{}:{concern}", self.0))
    }
}

impl DocId {
    /// Parses a document id: any text that the application uses, without control characters.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() || text.len() > DOC_ID_BYTES || text.chars().any(char::is_control) {
            return Err(Error::usage(format!("not a document id: {text:?}")));
        }
        if !text.split_once(':').is_some_and(|(kind, rest)| is_type(kind) && !rest.is_empty()) {
            return Err(Error::usage(format!("not a document id: {text:?}"))
                .hint(Next::Documents.and(" shows the documents of the store")));
        }
        Ok(DocId(text.to_owned()))
    }

    /// Returns the first part: `group` of `group:ocean-forest-moon-star:chat`.
    pub fn entity_type(&self) -> &str {
        self.0.split(':').next().unwrap_or("")
    }

    /// Returns the second part: `ocean-forest-moon-star` of `group:ocean-forest-moon-star:chat`.
    pub fn entity_id(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or("")
    }

    /// Returns the third part, if there are exactly three.
    pub fn concern(&self) -> Option<&str> {
        let mut parts = self.0.split(':').skip(2);
        match (parts.next(), parts.next()) {
            (Some(concern), None) => Some(concern),
            _ => None,
        }
    }

    /// Returns the entity of a document whose id has three parts.
    pub fn entity(&self) -> Option<EntityId> {
        self.concern()?;
        EntityId::parse(&format!("{}:{}", self.entity_type(), self.entity_id())).ok()
    }

    /// Returns the file name without its extension: the lower-case hex of the id, or `h_` and the hex SHA-256
    /// of an id whose plain name would be longer than 200 characters.
    pub fn file_stem(&self) -> String {
        let plain = self.plain_stem();
        if plain.len() <= FILE_STEM_CHARS {
            plain
        } else {
            format!("h_{}", hex(&Sha256::digest(self.0.as_bytes())))
        }
    }

    /// Returns the plain-hex name, however long: older stores have such names.
    pub fn plain_stem(&self) -> String {
        hex(self.0.as_bytes())
    }

    /// Parses the id in a plain-hex file name.
    pub fn from_stem(stem: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(stem.as_bytes()).ok()?;
        DocId::parse(std::str::from_utf8(&bytes).ok()?).ok()
    }
}

impl MemberId {
    /// Parses a member id.
    pub fn parse(text: &str) -> Result<Self> {
        check_text("member id", text)?;
        if text.contains(char::is_whitespace) {
            return Err(Error::usage(format!("a member id cannot contain spaces: {text:?}"))
                .hint("four words are joined by '-', for example alice-river-stone-sky"));
        }
        Ok(MemberId(text.to_owned()))
    }

    /// Refuses a prefix of a member id where a whole one is needed.
    ///
    /// # Errors
    /// `Usage` if a word is missing at either end.
    pub fn check_whole(&self) -> Result<()> {
        match self.0.starts_with('-') || self.0.ends_with('-') {
            true => Err(Error::usage(format!("{:?} is only part of a member id", self.0))
                .hint("give the whole id, for example alice-river-stone-sky")),
            false => Ok(()),
        }
    }
}

/// Returns the candidate that a person means: the exact id, or the only one with this prefix.
///
/// # Errors
/// `NotFound` if none matches, `Usage` if a prefix is shorter than four characters, `Ambiguous` (with the
/// candidates) if several match.
pub fn resolve<'a>(
    prefix: &str,
    candidates: impl Iterator<Item = &'a str>,
    noun: &str,
) -> Result<String> {
    let mut fitting: Vec<&str> = Vec::new();
    for candidate in candidates {
        if candidate == prefix {
            return Ok(prefix.to_owned());
        }
        if candidate.starts_with(prefix) {
            fitting.push(candidate);
        }
    }
    fitting.sort_unstable();
    fitting.dedup();
    if prefix.chars().count() < limits::PREFIX_CHARS && !fitting.is_empty() {
        let (least, names) = (limits::PREFIX_CHARS, listed(&fitting));
        let a = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        return Err(Error::usage(format!("{prefix:?} is too short to name {a} {noun}"))
            .hint(format!("give at least {least} characters of one: {names}")));
    }
    match fitting.as_slice() {
        [] => Err(Error::not_found(format!("no {noun} {prefix:?}"))),
        [one] => Ok((*one).to_owned()),
        several => {
            let names = listed(several);
            Err(Error::new(Kind::Ambiguous, format!("{prefix:?} names {} {noun}s", several.len()))
                .hint(format!("give more of the id: {names}")))
        }
    }
}

fn is_type(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn check_text(what: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::usage(format!("an empty {what}")));
    }
    if text.len() > limits::ID_BYTES {
        return Err(Error::refused(format!(
            "the {what} has {} bytes, more than {}",
            text.len(),
            limits::ID_BYTES
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::usage(format!("a {what} with control characters: {text:?}")));
    }
    Ok(())
}

/// Encodes bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_disk_is_the_hex_of_the_id() {
        let doc = DocId::parse("group:empty-one:core").unwrap();
        assert_eq!(doc.file_stem(), "67726f75703a656d7074792d6f6e653a636f7265");
        assert_eq!(DocId::from_stem(&doc.file_stem()), Some(doc));
    }

    #[test]
    fn a_long_id_is_named_by_its_hash() {
        let doc = DocId::parse(
            "file:6d449eaa-972b-4a80-8f17-fb56e47a7ab1:shared:\
             20d9944f9033c4dd46716844d6964ea7bc7342429644eab1f7b586712208dcb2",
        )
        .unwrap();
        assert_eq!(
            doc.file_stem(),
            "h_2299b9aff75a384f28243771710f8e48875402953be6432fa3c8d6d46ef2aad4"
        );
        assert_eq!(doc.concern(), None);
        assert_eq!(doc.entity(), None);
    }

    #[test]
    fn the_concern_is_the_third_of_three_parts() {
        let doc = DocId::parse("group:a/b:chat").unwrap();
        assert_eq!(doc.concern(), Some("chat"));
        assert_eq!(doc.entity().unwrap().as_str(), "group:a/b");
        assert_eq!(DocId::parse("member:member-one").unwrap().concern(), None);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in ["", "group", "group:", "Group:x", "group:a:b", "group:\u{7}", ":x"] {
            assert!(EntityId::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "x", "x:", "x:\n"] {
            assert!(DocId::parse(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "two words", "\u{1b}[31m"] {
            assert!(MemberId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(MemberId::parse(&"x".repeat(129)).is_err());
    }
}
