//! Generates realistic stores from a seed, for demonstrations and benchmarks.

use crate::clock::{Clock, Ids};
use crate::concern::chat;
use crate::error::Result;
use crate::id::{EntityId, MemberId};
use crate::operation::{self, Operation};
use crate::store::{Environment, Machine, Open, Store};

/// How long ago the first message was sent: half a year, in seconds.
pub const SPAN: i64 = 180 * 86_400;
/// How many of a hundred messages are edited later, and how many are deleted.
const EDITED: u64 = 12;
const DELETED: u64 = 6;

const WORDS: &[&str] = &[
    "anchor", "basket", "cedar", "dinner", "ember", "ferry", "garden", "harbour", "island",
    "jetty", "kettle", "lantern", "meadow", "needle", "orchard", "pepper", "quarry", "ribbon",
    "saddle", "timber", "umbrella", "valley", "walnut", "yarrow", "morning", "please", "tomorrow",
    "maybe", "the", "and", "with", "after", "before", "we", "meet", "bring", "fixed", "release",
    "draft",
];

/// Returns the environment of a sample: this machine's, with a clock that can be set and ids from the seed.
pub fn environment(real: &Environment, seed: u64) -> Environment {
    Environment {
        machine: Machine {
            clock: Clock::fixed(real.machine.clock.now()),
            ids: Ids::seeded(&format!("sample {seed}")),
            leases: real.machine.leases.clone(),
            id: real.machine.id.clone(),
            host: real.machine.host.clone(),
            lock_wait: real.machine.lock_wait,
        },
        roots: real.roots,
        noted: real.noted,
        adopt: real.adopt,
        fold: real.fold,
    }
}

/// A random sequence that is the same for the same seed.
pub struct Chance(blake3::OutputReader);

impl Chance {
    /// Starts the sequence of a seed, which is the same on every machine.
    pub fn new(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 sample");
        hasher.update(&seed.to_le_bytes());
        Chance(hasher.finalize_xof())
    }

    /// Returns a number below `end`; 0 if `end` is 0. The modulo bias does not matter here.
    pub fn below(&mut self, end: u64) -> u64 {
        let mut bytes = [0u8; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes).checked_rem(end).unwrap_or(0)
    }

    /// Picks one of the items; `None` if there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }

    /// Returns a sentence of 3 to 18 words.
    pub fn sentence(&mut self) -> String {
        let words = 3 + self.below(16);
        let picked: Vec<&str> = (0..words).filter_map(|_| self.pick(WORDS).copied()).collect();
        picked.join(" ")
    }
}

/// Writes `messages` messages of the members of an entity, spread over the last half year, some of them
/// edited or deleted since. Commits once per member; `done` is called after every message.
///
/// The store's clock ends up at the time it had before.
pub fn fill(
    store: &Store,
    entity: &EntityId,
    members: &[MemberId],
    messages: u64,
    chance: &mut Chance,
    mut done: impl FnMut(),
) -> Result<()> {
    let clock = &store.environment().machine.clock;
    let end = clock.now();
    let step = (SPAN / i64::try_from(messages.max(1)).unwrap_or(i64::MAX)).max(1);
    let time = |index: u64| {
        end.saturating_sub(SPAN).saturating_add(i64::try_from(index).unwrap_or(0) * step).min(end)
    };
    for (turn, member) in (0u64..).zip(members) {
        let open = Open { command: "demo", member: Some(member), dry_run: false };
        let mut session = store.session(open)?;
        let mut mine = Vec::new();
        for index in (turn..messages).step_by(members.len().max(1)) {
            clock.set(time(index));
            let send = chat::Send::text(entity.clone(), chance.sentence());
            let sent = operation::run(&mut session, &Operation::ChatSend(send))?;
            mine.extend(sent.id.map(|id| (id, chance.below(100))));
            done();
        }
        clock.set(end);
        change(&mut session, entity, mine, chance)?;
        session.commit()?;
    }
    Ok(())
}

fn change(
    session: &mut crate::store::Session,
    entity: &EntityId,
    mine: Vec<(String, u64)>,
    chance: &mut Chance,
) -> Result<()> {
    for (message, lot) in mine {
        let entity = entity.clone();
        let operation = match lot {
            lot if lot < DELETED => Operation::ChatDelete(chat::DeleteMessage { entity, message }),
            lot if lot < DELETED + EDITED => {
                let text = format!("(edited) {}", chance.sentence());
                Operation::ChatEdit(chat::EditMessage { entity, message, text })
            }
            _ => continue,
        };
        operation::run(session, &operation)?;
    }
    Ok(())
}
