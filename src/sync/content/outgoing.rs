//! Chooses which contents an export carries, and finds where they lie.

use super::BundledContent;
use crate::concern;
use crate::concern::disk::is_disk;
use crate::disk::{Contents, NamedContent, named_contents};
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::inspect::touched::{TouchKind, TouchMap};
use crate::store::{Environment, Reader};
use crate::sync::export::{self, Exported, Lacked};
use crate::sync::peer::KnownPeer;
use crate::wire::Update;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Which contents of files go into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentChoice {
    /// No contents.
    #[default]
    Without,
    /// All that the receiver lacks.
    All,
    /// Those of at most this many bytes.
    Under(u64),
}

/// The contents that a bundle carries, ready to be read.
#[derive(Default)]
pub struct OutgoingContents {
    lying: Option<Contents>,
    /// The contents, in bundle order.
    pub list: Vec<BundledContent>,
    /// Sentences about those that are left out.
    pub notes: Vec<String>,
}

/// Adds to an export the contents of files that the receiver lacks.
///
/// # Errors
/// Those of the store and of the file system.
pub fn carry(
    exported: &mut Exported,
    reader: &Reader,
    environment: &Environment,
    peer: Option<&KnownPeer>,
    choice: ContentChoice,
) -> Result<OutgoingContents> {
    let docs = exported.bundle.documents().map(|(document, _)| document.doc.clone());
    let docs: Vec<DocId> = docs.collect();
    let contents = OutgoingContents::select(reader, environment, &docs, peer, choice)?;
    exported.bundle.carry(contents.list.clone());
    exported.notes.extend(contents.notes.iter().cloned());
    Ok(contents)
}

impl OutgoingContents {
    fn select(
        reader: &Reader,
        environment: &Environment,
        docs: &[DocId],
        peer: Option<&KnownPeer>,
        choice: ContentChoice,
    ) -> Result<OutgoingContents> {
        let mut outgoing = OutgoingContents::default();
        let wanted = wanted(reader, environment, docs, peer)?;
        if wanted.is_empty() || choice == ContentChoice::Without {
            outgoing.leave_out(wanted.values().copied(), "not asked for");
            return Ok(outgoing);
        }
        let contents = Contents::of(reader)?;
        let (mut large, mut gone, mut changed) = (Vec::new(), 0usize, 0usize);
        for (blake3, bytes) in wanted {
            if matches!(choice, ContentChoice::Under(most) if bytes > most) {
                large.push(bytes);
                continue;
            }
            let Some(input) = contents.open(&blake3)? else {
                gone = gone.saturating_add(1);
                continue;
            };
            let reading = |e| Error::io("the content of a file cannot be read", e);
            let content = BundledContent::of(input).map_err(reading)?;
            match content.blake3.to_string() == blake3 {
                true => outgoing.list.push(content),
                false => changed = changed.saturating_add(1),
            }
        }
        outgoing.leave_out(large.into_iter(), "larger than asked for");
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                outgoing.notes.push(format!("{} {what}", files(count)));
            }
        };
        say(gone, "whose content is not here: it cannot go into this bundle");
        say(changed, "changed behind the store's back: the recorded content cannot go");
        outgoing.lying = Some(contents);
        Ok(outgoing)
    }

    fn leave_out(&mut self, sizes: impl Iterator<Item = u64>, why: &str) {
        let sizes: Vec<u64> = sizes.collect();
        if !sizes.is_empty() {
            let bytes = sizes.iter().fold(0u64, |all, bytes| all.saturating_add(*bytes));
            let count = files(sizes.len());
            self.notes.push(format!("left out the contents of {count}, {bytes} bytes ({why})"));
        }
    }

    /// Opens a content for writing it into the bundle.
    ///
    /// # Errors
    /// `Io`; `Refused` if it is no longer there.
    pub fn open(&self, content: &BundledContent) -> Result<Box<dyn Read>> {
        let blake3 = content.blake3.to_string();
        let found = match &self.lying {
            Some(contents) => contents.open(&blake3)?,
            None => None,
        };
        match found {
            Some(file) => Ok(Box::new(file)),
            None => Err(super::changed_meanwhile()),
        }
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    }
}

/// Returns the contents that the receiver lacks, with their sizes.
fn wanted(
    reader: &Reader,
    environment: &Environment,
    docs: &[DocId],
    peer: Option<&KnownPeer>,
) -> Result<BTreeMap<String, u64>> {
    let mut wanted = BTreeMap::new();
    for doc in docs.iter().filter(|doc| is_disk(doc)) {
        let named = named_contents(reader, doc)?;
        let files = match peer {
            Some(peer) => lacking(reader, environment, doc, peer)?,
            None => None,
        };
        let asked = |one: &NamedContent| {
            let of_peer = peer.is_some_and(|peer| peer.missing.contains(&one.blake3));
            of_peer || files.as_ref().is_none_or(|files| files.contains(&one.file))
        };
        wanted.extend(named.into_iter().filter(asked).map(|one| (one.blake3, one.bytes)));
    }
    Ok(wanted)
}

/// Returns the files of which a peer lacks a version, by its receipt, or `None` if it may lack all.
fn lacking(
    reader: &Reader,
    environment: &Environment,
    doc: &DocId,
    peer: &KnownPeer,
) -> Result<Option<BTreeSet<String>>> {
    let Some(bytes) = reader.bytes(doc)? else { return Ok(None) };
    let fault = |fault| Error::undecodable(doc, fault);
    let whole = Update::checked(&bytes, (environment.roots)(doc)).map_err(fault)?;
    let update = match export::lacked(reader, environment, doc, &whole, peer)? {
        Lacked::Nothing => return Ok(Some(BTreeSet::new())),
        Lacked::Whole => return Ok(None),
        Lacked::Part(update) => update,
    };
    let walked = Update::walk(&bytes).map_err(fault)?;
    let touched = TouchMap::of(concern::of(doc), &walked).touched(&update).map_err(fault)?;
    let files = touched.records.iter().filter_map(|record| {
        let steps: Vec<&str> = record.steps.iter().map(String::as_str).collect();
        match steps.as_slice() {
            [_, file] if record.change == TouchKind::Created => Some((*file).to_owned()),
            [_, file, "versions", ..] => Some((*file).to_owned()),
            _ => None,
        }
    });
    Ok(Some(files.collect()))
}
