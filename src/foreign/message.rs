//! Messages of providers: what y-protocols sends, and Hocuspocus with a name in front.

use super::bare::clocks;
use super::identified::{FileContent, FileKind, Identified, Presence, Wrapping};
use crate::wire::{ByteReader, Update, from_v2};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
/// Hocuspocus: as a sync message, which is not answered.
const SYNC_REPLY: u64 = 4;

/// A message with its type in front.
pub fn outer(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    typed(&mut reader).map(|found| found.within(Wrapping::Message("y-protocols")))
}

/// What is left of one where the type was taken off.
pub fn inner(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    sync(&mut reader).map(|found| found.within(Wrapping::Message("y-protocols, without its type")))
}

/// A message with the name of its document in front.
pub fn hocuspocus(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let name = reader.text().ok().filter(|name| !name.is_empty())?;
    let wrapping = Wrapping::Hocuspocus(name.to_owned());
    let mut found = typed(&mut reader)?;
    if let FileContent::Documents(documents) = &mut found.found {
        documents.iter_mut().for_each(|document| document.name = Some(name.to_owned()));
    }
    Some(found.within(wrapping))
}

fn typed(reader: &mut ByteReader<'_>) -> Option<Identified> {
    match reader.var().ok()? {
        SYNC | SYNC_REPLY => sync(reader),
        AWARENESS => {
            let states = reader.buffer().ok()?;
            (reader.left() == 0).then(|| awareness(states)).flatten()
        }
        _ => None,
    }
}

fn sync(reader: &mut ByteReader<'_>) -> Option<Identified> {
    let kind = reader.var().ok()?;
    let content = reader.buffer().ok()?;
    if reader.left() > 0 {
        return None;
    }
    let update = |form| {
        let v1 = Update::walk(content).is_ok().then(|| content.to_vec());
        Some(Identified::update(form, v1.or_else(|| from_v2(content).ok())?))
    };
    match kind {
        0 => Some(Identified::bare(FileKind::SyncStep1, FileContent::Vector(clocks(content)?))),
        1 => update(FileKind::SyncStep2),
        2 => update(FileKind::SyncUpdate),
        _ => None,
    }
}

/// The states of clients, without anything around them.
pub fn awareness(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut states = Vec::new();
    for _ in 0..reader.count(3).ok()? {
        let (client, clock) = (reader.client().ok()?, reader.var().ok()?);
        let state = reader.text().ok()?;
        serde_json::from_str::<serde::de::IgnoredAny>(state).ok()?;
        states.push(Presence { client, clock, state: state.to_owned() });
    }
    (reader.left() == 0)
        .then(|| Identified::bare(FileKind::Awareness, FileContent::Presences(states)))
}

/// An update as the message that sends it.
pub fn frame(update: &[u8]) -> Vec<u8> {
    let mut message = vec![0, 2];
    crate::wire::write_var(&mut message, update.len() as u64);
    message.extend_from_slice(update);
    message
}
