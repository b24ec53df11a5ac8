//! Messages of providers: what y-protocols sends, and Hocuspocus with a name in front.

use super::bare::{clocks, v1_of};
use super::identified::{Depth, FileContent, FileKind, Identified, Presence, Wrapping};
use crate::wire::{ByteReader, Update};

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY_AWARENESS: u64 = 3;
/// Hocuspocus: like a sync message, but not answered.
const SYNC_REPLY: u64 = 4;
const STATELESS: u64 = 5;
const BROADCAST_STATELESS: u64 = 6;
const CLOSE: u64 = 7;
const SYNC_STATUS: u64 = 8;

/// What stands in front of the type of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// Nothing, as in y-protocols.
    None,
    /// The name of its document, as in Hocuspocus.
    Name,
}

/// A message by its lengths alone, whatever it contains.
pub struct Envelope<'b> {
    /// The name of its document.
    pub name: Option<String>,
    /// The bytes that its length covers.
    pub content: &'b [u8],
    /// Whether those should be an update.
    pub is_update: bool,
}

impl Addressing {
    /// Both, in the order in which they are tried.
    pub const ALL: [Addressing; 2] = [Addressing::None, Addressing::Name];

    /// Returns how a log of such messages is called; public API.
    pub fn log_name(self) -> &'static str {
        match self {
            Addressing::None => "messages of y-protocols, one after the other",
            Addressing::Name => "messages of Hocuspocus, one after the other",
        }
    }

    /// Reads one message, whatever it is about.
    pub fn message(self, reader: &mut ByteReader<'_>, depth: Depth<'_>) -> Option<Identified> {
        match self {
            Addressing::None => any_typed(reader, depth),
            Addressing::Name => {
                let mut ahead = reader.clone();
                match named(&mut ahead, depth) {
                    Some(found) => {
                        *reader = ahead;
                        Some(found)
                    }
                    None => named_other(reader),
                }
            }
        }
    }

    /// Whether bytes may begin with a message that carries an update. A cheap look, for every place in a
    /// file: names of 16 KiB and more are not found.
    pub fn may_be_update(self, bytes: &[u8]) -> bool {
        let name = match (self, bytes) {
            (Addressing::None, _) => 0,
            (Addressing::Name, [0, ..]) => return false,
            (Addressing::Name, [short @ 0..=0x7f, ..]) => usize::from(*short).saturating_add(1),
            (Addressing::Name, [low, high @ 0..=0x7f, ..]) => {
                (usize::from(low & 0x7f) | usize::from(*high) << 7).saturating_add(2)
            }
            _ => return false,
        };
        let head = bytes.get(name..).and_then(|rest| rest.first_chunk::<2>());
        head.is_some_and(|[outer, kind]| {
            [SYNC, SYNC_REPLY].contains(&u64::from(*outer)) && matches!(kind, 1 | 2)
        })
    }

    /// Skips one message by its lengths.
    pub fn envelope<'b>(self, reader: &mut ByteReader<'b>) -> Option<Envelope<'b>> {
        let name = match self {
            Addressing::None => None,
            Addressing::Name => Some(reader.buffer().ok().filter(|name| !name.is_empty())?),
        };
        let is_update = match reader.var().ok()? {
            SYNC | SYNC_REPLY => match reader.var().ok()? {
                0 => false,
                1 | 2 => true,
                _ => return None,
            },
            AWARENESS => false,
            _ => return None,
        };
        let content = reader.buffer().ok()?;
        let name = name.and_then(|name| String::from_utf8(name.to_vec()).ok());
        Some(Envelope { name, content, is_update })
    }
}

/// Recognises a message that begins with its type.
pub fn outer(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let found = typed(&mut reader, depth).filter(|_| reader.left() == 0)?;
    Some(found.within(Wrapping::Message("y-protocols")))
}

/// Recognises an awareness message.
pub fn outer_awareness(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    outer(bytes, depth).filter(|found| found.form == FileKind::Awareness)
}

/// Recognises a message whose type was removed.
pub fn inner(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let found = sync(&mut reader, depth).filter(|_| reader.left() == 0)?;
    Some(found.within(Wrapping::Message("y-protocols, without its type")))
}

/// Recognises a message that begins with the name of its document.
pub fn hocuspocus(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    named(&mut reader, depth).filter(|_| reader.left() == 0)
}

fn named(reader: &mut ByteReader<'_>, depth: Depth<'_>) -> Option<Identified> {
    let name = reader.text().ok().filter(|name| !name.is_empty())?.to_owned();
    let mut found = typed(reader, depth)?;
    if let FileContent::Documents(documents) = &mut found.found {
        documents.iter_mut().for_each(|document| document.name = Some(name.clone()));
    }
    Some(found.within(Wrapping::Hocuspocus(name)))
}

/// Recognises a message of Hocuspocus without content: signing in, closing, an application's own message. It
/// has few distinguishing bytes, so other forms are tried first.
pub fn hocuspocus_other(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    named_other(&mut reader).filter(|_| reader.left() == 0)
}

fn named_other(reader: &mut ByteReader<'_>) -> Option<Identified> {
    let name = reader.text().ok().filter(|name| !name.is_empty())?.to_owned();
    // The text of a token or an application's message is not shown.
    let what = match reader.var().ok()? {
        AUTH => match (reader.var().ok()?, reader.text().ok()?) {
            (0, _) => "a token to sign in with",
            (1, _) => "a sign-in that was refused",
            (2, _) => "a sign-in that was accepted",
            _ => return None,
        },
        QUERY_AWARENESS => "an awareness query",
        STATELESS | BROADCAST_STATELESS => {
            reader.text().ok().map(|_| "an application's own message")?
        }
        CLOSE => reader.text().ok().map(|_| "the end of a connection")?,
        SYNC_STATUS => reader.var().ok().map(|_| "whether an update was stored")?,
        _ => return None,
    };
    let found = Identified::bare(FileKind::Message, FileContent::Nothing(what));
    Some(found.within(Wrapping::Hocuspocus(name)))
}

/// Recognises a message of y-protocols without content. It has few distinguishing bytes, so other forms are
/// tried first.
pub fn outer_other(bytes: &[u8]) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let found = other(&mut reader).filter(|_| reader.left() == 0)?;
    Some(found.within(Wrapping::Message("y-protocols")))
}

fn other(reader: &mut ByteReader<'_>) -> Option<Identified> {
    let what = match reader.var().ok()? {
        AUTH => match (reader.var().ok()?, reader.text().ok()?) {
            (0, _) => "a sign-in that was refused",
            _ => return None,
        },
        QUERY_AWARENESS => "an awareness query",
        _ => return None,
    };
    Some(Identified::bare(FileKind::Message, FileContent::Nothing(what)))
}

/// Reads one message with its type, whatever it is about.
fn any_typed(reader: &mut ByteReader<'_>, depth: Depth<'_>) -> Option<Identified> {
    match reader.peek().map(u64::from) {
        Some(AUTH | QUERY_AWARENESS) => other(reader),
        _ => typed(reader, depth),
    }
}

/// Reads one message with its type.
fn typed(reader: &mut ByteReader<'_>, depth: Depth<'_>) -> Option<Identified> {
    match reader.var().ok()? {
        SYNC | SYNC_REPLY => sync(reader, depth),
        AWARENESS => awareness(reader.buffer().ok()?),
        _ => None,
    }
}

/// Reads one message after its type.
fn sync(reader: &mut ByteReader<'_>, depth: Depth<'_>) -> Option<Identified> {
    let kind = reader.var().ok()?;
    let content = reader.buffer().ok()?;
    let update = |form| {
        let v1 = Update::walk(content).is_ok().then(|| content.to_vec());
        Some(Identified::update(form, v1.or_else(|| v1_of(content, depth))?))
    };
    match kind {
        0 => Some(Identified::bare(FileKind::SyncStep1, FileContent::Vector(clocks(content)?))),
        1 => update(FileKind::SyncStep2),
        2 => update(FileKind::SyncUpdate),
        _ => None,
    }
}

/// Recognises awareness states without a type, if the bytes can be nothing else: each state is an object, or
/// says that a client left.
pub fn bare_awareness(bytes: &[u8]) -> Option<Identified> {
    let found = awareness(bytes)?;
    let FileContent::Presences(states) = &found.found else { return None };
    let is_state = |one: &Presence| one.state == "null" || one.state.starts_with('{');
    (!states.is_empty() && states.iter().all(is_state)).then_some(found)
}

/// Recognises awareness states without any wrapping.
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

/// Returns an update as the message that sends it.
pub fn frame(update: &[u8]) -> Vec<u8> {
    let mut message = vec![0, 2];
    crate::wire::write_var(&mut message, update.len() as u64);
    message.extend_from_slice(update);
    message
}
