//! Messages one after the other, as somebody recorded them.

use super::identified::{
    AHEAD, Depth, Evidence, FileContent, FileKind, FoundDocument, Identified, NAMED, Wrapping,
};
use super::message::{Addressing, Envelope};
use super::refused::why_not;
use crate::error::counted;
use crate::wire::{ByteReader, Update};
use std::collections::HashMap;
use std::ops::Range;

/// How many damaged messages in sequence are skipped by their lengths.
const HOPS: usize = 8;

/// Recognises consecutive messages of either provider: their updates form a log. `None` if they hold none.
pub fn several(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    Addressing::ALL.into_iter().find_map(|addressing| several_of(addressing, bytes, depth))
}

/// The same for messages of one provider.
pub fn several_of(addressing: Addressing, bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut log = MessageLog::default();
    while reader.left() > 0 {
        log.take(addressing.message(&mut reader, depth)?);
    }
    // Messages without content have few distinguishing bytes.
    let is_known = log.contentless == 0 || log.content() > 0;
    is_known.then(|| log.identified(addressing)).flatten()
}

/// Recognises consecutive messages of either provider of which some are damaged.
pub fn damaged(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let of = |addressing| damaged_of(addressing, bytes, depth, Evidence::Bytes);
    Addressing::ALL.into_iter().find_map(of)
}

/// The same for messages of one provider.
pub fn damaged_of(
    addressing: Addressing,
    bytes: &[u8],
    depth: Depth<'_>,
    evidence: Evidence,
) -> Option<Identified> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut log = MessageLog::default();
    let mut search =
        MessageSearch { addressing, bytes, depth, budget: bytes.len().saturating_mul(8) };
    while reader.left() > 0 {
        let begin = reader.offset();
        if let Some(message) = addressing.message(&mut reader, depth) {
            log.take(message);
            continue;
        }
        let damage = search.damage_at(begin);
        reader = ByteReader::at(bytes, damage.end);
        log.leave_out(damage, begin, bytes.len());
        if log.is_hopeless() {
            return None;
        }
    }
    log.is_damaged_log(bytes.len(), evidence).then(|| log.identified(addressing)).flatten()
}

/// What was read of the messages.
#[derive(Default)]
struct MessageLog {
    documents: Vec<FoundDocument>,
    by_name: HashMap<Option<String>, usize>,
    /// How many messages are sound, and how many of those have no content.
    sound: usize,
    contentless: usize,
    damaged: Vec<DamagedMessage>,
    /// The number of bytes that no length covers.
    astray: usize,
    /// Whether the first message is sound.
    begins: bool,
}

struct DamagedMessage {
    name: Option<String>,
    place: String,
    why: String,
}

impl MessageLog {
    fn take(&mut self, message: Identified) {
        self.begins |= self.damaged.is_empty();
        self.sound = self.sound.saturating_add(1);
        // The others are queries, or awareness.
        let FileContent::Documents(found) = message.found else {
            self.contentless += usize::from(message.form == FileKind::Message);
            return;
        };
        for one in found {
            let at = *self.by_name.entry(one.name.clone()).or_insert(self.documents.len());
            match self.documents.get_mut(at) {
                Some(known) => known.steps.extend(one.steps),
                None => self.documents.push(one),
            }
        }
    }

    fn leave_out(&mut self, damage: Damage<'_>, begin: usize, size: usize) {
        let number = self.sound.saturating_add(self.damaged.len()).saturating_add(1);
        let long = damage.end.saturating_sub(begin);
        let (name, why) = match damage.envelope {
            Some(Envelope { name, content, is_update: true }) => (name, why_not(content)),
            Some(Envelope { name, .. }) => (name, "what it carries is damaged".to_owned()),
            None => {
                self.astray = self.astray.saturating_add(long);
                let long = counted(long as u64, "byte");
                (
                    None,
                    match damage.end == size {
                        true => format!("it is cut short or damaged, {long} from the end"),
                        false => format!("it is damaged, and so is its length: {long} to the next"),
                    },
                )
            }
        };
        let place = format!("message {number} at byte {begin}");
        self.damaged.push(DamagedMessage { name, place, why });
    }

    fn content(&self) -> usize {
        self.documents.iter().map(FoundDocument::content).sum()
    }

    fn is_hopeless(&self) -> bool {
        self.damaged.len() > self.sound.saturating_add(AHEAD)
    }

    /// As [`FoundDocument::is_damaged_log`]. What no length covers may be no more than half: a message
    /// somewhere in a file makes it no log.
    fn is_damaged_log(&self, size: usize, evidence: Evidence) -> bool {
        if self.astray > size / 2 {
            return false;
        }
        if evidence == Evidence::Stated {
            return self.content() > 0;
        }
        let sound = match self.begins {
            true => self.content(),
            false => self.documents.iter().map(FoundDocument::with_blocks).sum(),
        };
        let steps: usize = self.documents.iter().map(|document| document.steps.len()).sum();
        sound > 1 && self.damaged.len() < steps
    }

    /// Returns the log; each document says which of its messages are damaged, and of which that is not known.
    fn identified(mut self, addressing: Addressing) -> Option<Identified> {
        // Those of each document, and those of which it is not known; in the order of the file.
        let mut known = vec![Vec::new(); self.documents.len()];
        let mut unknown = Vec::new();
        for (number, message) in self.damaged.iter().enumerate() {
            let of = message.name.as_ref().and_then(|name| self.by_name.get(&Some(name.clone())));
            match of.and_then(|at| known.get_mut(*at)) {
                Some(known) => known.push(number),
                None => unknown.push(number),
            }
        }
        for (document, known) in self.documents.iter_mut().zip(known) {
            let count = known.len().saturating_add(unknown.len());
            // No more are named, so that many messages do not count once for each of many documents.
            let mut named: Vec<usize> =
                known.into_iter().take(NAMED).chain(unknown.iter().copied().take(NAMED)).collect();
            named.sort_unstable();
            let named = named.iter().take(NAMED).filter_map(|number| self.damaged.get(*number));
            let before = document.unread;
            named.for_each(|one| document.leave_out_at(one.place.clone(), || one.why.clone()));
            document.unread = before.saturating_add(count);
        }
        let documents = self.documents;
        let found = (!documents.is_empty()).then_some(FileContent::Documents(documents))?;
        let log = Identified::bare(FileKind::UpdateLog, found);
        Some(log.within(Wrapping::Log(addressing.log_name())))
    }
}

/// Looks for where a damaged message ends. The work is bounded: each search is paid for.
struct MessageSearch<'b> {
    addressing: Addressing,
    bytes: &'b [u8],
    depth: Depth<'b>,
    /// How many more bytes may be read in vain.
    budget: usize,
}

struct Damage<'b> {
    end: usize,
    /// The message, if its lengths are sound.
    envelope: Option<Envelope<'b>>,
}

impl<'b> MessageSearch<'b> {
    fn damage_at(&mut self, begin: usize) -> Damage<'b> {
        let mut reader = ByteReader::at(self.bytes, begin);
        let envelope = self.addressing.envelope(&mut reader);
        let end = reader.offset();
        self.pay(read_in_vain(begin..end, envelope.as_ref()));
        if envelope.is_some() && self.leads_on(end) {
            return Damage { end, envelope };
        }
        Damage { end: self.next_sound(begin), envelope: None }
    }

    /// Whether the end is here, or a sound message, or another damaged one that leads to those.
    fn leads_on(&mut self, at: usize) -> bool {
        let mut at = at;
        for _ in 0..HOPS {
            let mut reader = ByteReader::at(self.bytes, at);
            if reader.left() == 0
                || self.addressing.message(&mut reader.clone(), self.depth).is_some()
            {
                return true;
            }
            let envelope = self.addressing.envelope(&mut reader);
            let read = read_in_vain(at..reader.offset(), envelope.as_ref());
            if envelope.is_none() || !self.pay(read) {
                return false;
            }
            at = reader.offset();
        }
        false
    }

    /// Returns where the next message with a sound update begins, or the end.
    fn next_sound(&mut self, begin: usize) -> usize {
        let mut at = begin.saturating_add(1);
        while at < self.bytes.len() && self.budget > 0 {
            if let Some(content) = self.sound_at(at) {
                return self.last_name_before(at, content);
            }
            at = at.saturating_add(1);
        }
        self.bytes.len()
    }

    /// Returns where the content of a sound message begins.
    fn sound_at(&mut self, at: usize) -> Option<usize> {
        let (begin, content) = self.content_at(at)?;
        match Update::walk(content) {
            Ok(update) => (!update.blocks().is_empty()).then_some(begin),
            Err(fault) => {
                self.pay(fault.offset);
                None
            }
        }
    }

    /// Returns what may be the update in a message here, and where it begins.
    fn content_at(&mut self, at: usize) -> Option<(usize, &'b [u8])> {
        if !self.addressing.may_be_update(self.bytes.get(at..)?) {
            return None;
        }
        let mut reader = ByteReader::at(self.bytes, at);
        let envelope = self.addressing.envelope(&mut reader).filter(|it| it.is_update)?;
        if self.addressing == Addressing::Name {
            self.pay(envelope.name.as_ref().map_or(0, String::len));
            envelope.name.filter(|name| !name.contains(char::is_control))?;
        }
        Some((reader.offset().checked_sub(envelope.content.len())?, envelope.content))
    }

    /// The damaged bytes before a name can look like a longer name: the shortest counts.
    fn last_name_before(&mut self, at: usize, content: usize) -> usize {
        let mut last = at;
        for at in at.saturating_add(1)..content {
            if self.budget == 0 {
                break;
            }
            if self.content_at(at).is_some_and(|(begin, _)| begin == content) {
                last = at;
            }
        }
        last
    }

    /// Returns whether so much more may be read.
    fn pay(&mut self, bytes: usize) -> bool {
        self.budget = self.budget.saturating_sub(bytes.max(1));
        self.budget > 0
    }
}

/// Returns how many bytes of a damaged message were read before that was known. A damaged length can cover
/// most of the file, of which little is read.
fn read_in_vain(message: Range<usize>, envelope: Option<&Envelope<'_>>) -> usize {
    let Some(Envelope { content, is_update, .. }) = envelope else { return message.len() };
    let around = message.len().saturating_sub(content.len());
    let inside = match (is_update, content.first()) {
        // An update in v2, too, begins with a zero.
        (true, Some(1..)) => {
            Update::walk(content).map_or_else(|fault| fault.offset, |_| content.len())
        }
        _ => content.len(),
    };
    around.saturating_add(inside)
}
