//! A store, and what is done with it.

use super::naive::{large, load, write_durably};
use super::{ALICE, NOW, RUNS, SENDABLE, middle, timed};
use anyhow::Context;
use crdtctl::clock::{Clock, Ids};
use crdtctl::concern::{self, chat, core};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::operation::{self, Operation};
use crdtctl::query::{self, chat::MessageFilter};
use crdtctl::sample::{self, Chance};
use crdtctl::store::{Environment, Fold, Machine, Open, Store};
use crdtctl::sync::bundle::Bundle;
use crdtctl::sync::export::{self, Request};
use crdtctl::sync::import::{self, Input};
use crdtctl::wire::Update;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, StateVector, Transact};

/// What three messages say, and no other.
pub const RARE: &str = "xylograph";

/// A store with a chat of many messages, and room beside it.
pub struct Place {
    pub dir: PathBuf,
    pub store: Store,
    /// The same one, for commands that leave the file of a large document for later.
    later: Store,
    pub entity: EntityId,
    pub doc: DocId,
    pub member: MemberId,
    /// A message in the middle of it.
    pub shown: String,
    /// Messages of Alice's, one for each run.
    pub own: Vec<String>,
}

impl Place {
    pub fn fill(dir: &Path, messages: u64) -> anyhow::Result<Place> {
        let entity = EntityId::parse("group:ocean-forest-moon-star")?;
        let names = [ALICE, "bob-hill-lake-tree", "carol-sun-wind-rain"];
        let members =
            names.iter().map(|name| MemberId::parse(name)).collect::<Result<Vec<_>, _>>()?;
        let member = MemberId::parse(ALICE)?;
        let (store, _) = Store::init(&dir.join("store"), environment(dir, "ours"), Some(&member))?;
        let mut session =
            store.session(Open { command: "bench", member: Some(&member), dry_run: false })?;
        let create = core::Create {
            entity: entity.clone(),
            name: "Ocean friends".to_owned(),
            description: String::new(),
        };
        operation::run(&mut session, &Operation::EntityCreate(create))?;
        for member in members.iter().skip(1) {
            let add =
                core::AddMember { entity: entity.clone(), member: member.clone(), role: None };
            operation::run(&mut session, &Operation::MemberAdd(add))?;
        }
        session.commit()?;
        let doc = entity.document(chat::SPEC.name);
        if messages <= SENDABLE {
            sample::fill(&store, &entity, &members, messages, &mut Chance::new(7), || {})?;
        } else {
            let input =
                Input::Raw { doc: doc.clone(), name: "large".to_owned(), update: large(messages)? };
            import::import(self::session(&store)?, &[input])?;
        }
        let view = store.reader()?.view(&doc)?.context("no chat")?;
        let ids = view.keys(&["messages"]);
        let shown = ids.get(ids.len() / 2).cloned().context("no message")?;
        let later = Environment { fold: Some(Fold::Later), ..around(dir, "later") };
        let later = Store::open_with(store.dir(), Rc::new(later))?;
        let dir = dir.to_owned();
        let place = Place { dir, store, later, entity, doc, member, shown, own: Vec::new() };
        let filter = MessageFilter { author: Some(ALICE.to_owned()), ..MessageFilter::default() };
        let own = query::chat::list(&place.store.reader()?, &place.entity, &filter)?;
        let own = own.into_iter().rev().take(3 * RUNS);
        let own: Vec<String> = own.map(|message| message.id).collect();
        if messages <= SENDABLE {
            (0..3).try_for_each(|_| place.say(&place.store, RARE))?;
        }
        Ok(Place { own, ..place })
    }

    fn say(&self, store: &Store, text: &str) -> anyhow::Result<()> {
        self.perform_in(store, json!({"op": "chat.send", "entity": self.entity, "text": text}))
    }

    /// One operation, as one command.
    pub fn perform(&self, operation: Value) -> anyhow::Result<()> {
        self.perform_in(&self.store, operation)
    }

    fn perform_in(&self, store: &Store, operation: Value) -> anyhow::Result<()> {
        let open = Open { command: "bench", member: Some(&self.member), dry_run: false };
        let mut session = store.session(open)?;
        operation::run_alone(&mut session, &serde_json::from_value(operation)?)?;
        session.commit()?;
        Ok(())
    }

    /// One of Alice's messages, another one for each run of each kind.
    fn own(&self, kind: usize, turn: usize) -> anyhow::Result<&str> {
        self.own.get(kind * RUNS + turn).map(String::as_str).context("too few messages")
    }

    pub fn reply(&self) -> anyhow::Result<()> {
        self.perform(json!({
            "op": "chat.send", "entity": self.entity, "text": "a reply", "reply_to": self.shown,
        }))
    }

    pub fn edit(&self, turn: usize) -> anyhow::Result<Duration> {
        let message = self.own(0, turn)?;
        let text = "said otherwise";
        let edit =
            json!({"op": "chat.edit", "entity": self.entity, "message": message, "text": text});
        timed(|| self.perform(edit))
    }

    pub fn react(&self, turn: usize) -> anyhow::Result<Duration> {
        let message = self.own(1, turn)?;
        let react =
            json!({"op": "chat.react", "entity": self.entity, "message": message, "emoji": "👍"});
        timed(|| self.perform(react))
    }

    pub fn delete(&self, turn: usize) -> anyhow::Result<Duration> {
        let message = self.own(2, turn)?;
        let delete = json!({"op": "chat.delete", "entity": self.entity, "message": message});
        timed(|| self.perform(delete))
    }

    pub fn thread(&self) -> anyhow::Result<()> {
        query::chat::thread(&self.store.reader()?, &self.entity, &self.shown, false)?;
        Ok(())
    }

    pub fn search(&self) -> anyhow::Result<()> {
        let words = vec![RARE.to_owned()];
        let filter = MessageFilter { words, ..MessageFilter::default() };
        let found = query::chat::list(&self.store.reader()?, &self.entity, &filter)?;
        assert_eq!(found.len(), 3);
        Ok(())
    }

    pub fn send(&self) -> anyhow::Result<()> {
        self.say(&self.store, "one more message")
    }

    /// The same, with the file of the chat left for later.
    pub fn send_later(&self) -> anyhow::Result<()> {
        self.say(&self.later, "one more message")
    }

    pub fn show(&self) -> anyhow::Result<()> {
        let found = query::chat::find(&self.store.reader()?, &self.entity, &self.shown)?;
        assert!(!found.content.is_empty());
        Ok(())
    }

    pub fn list_last(&self) -> anyhow::Result<()> {
        let filter = MessageFilter { limit: Some(20), ..MessageFilter::default() };
        let found = query::chat::list(&self.store.reader()?, &self.entity, &filter)?;
        assert_eq!(found.len(), 20);
        Ok(())
    }

    pub fn list(&self) -> anyhow::Result<()> {
        let view = self.store.reader()?.view(&self.doc)?.context("no chat")?;
        assert!(!chat::MESSAGES.rows(&view, true).is_empty());
        Ok(())
    }

    /// Walk, rule 1 of the gate, and the live content: all that stands before yrs.
    pub fn read(&self) -> anyhow::Result<()> {
        let bytes = std::fs::read(self.file()?)?;
        let update = Update::checked(&bytes, concern::roots(&self.doc));
        let view = View::of(&update?);
        assert!(!view.version().clocks.is_empty());
        Ok(())
    }

    pub fn bundle(&self) -> anyhow::Result<Vec<u8>> {
        let reader = self.store.reader()?;
        let request = Request::default();
        let exported = export::export(&reader, self.store.environment(), &request)?;
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes)?;
        Ok(bytes)
    }

    pub fn export(&self) -> anyhow::Result<()> {
        Ok(write_durably(&self.dir.join("out.crdt"), &self.bundle()?)?)
    }

    pub fn import_whole(&self, bundle: &[u8], turn: usize) -> anyhow::Result<Duration> {
        let store = self.peer(turn)?;
        timed(|| take(&store, bundle))
    }

    /// A peer that has everything gets one message more.
    pub fn import_one(&self, bundle: &[u8]) -> anyhow::Result<(Duration, Duration)> {
        let peer = self.peer(RUNS)?;
        take(&peer, bundle)?;
        let copy = self.dir.join("naive-one.yrs");
        let (mut ours, mut naive) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let before = std::fs::read(self.file()?)?;
            let known = load(&before)?.transact().state_vector();
            self.send()?;
            let after = std::fs::read(self.file()?)?;
            let news = load(&after)?.transact().encode_state_as_update_v1(&known);
            let input =
                Input::Raw { doc: self.doc.clone(), name: "news".to_owned(), update: news.clone() };
            ours.push(timed(|| {
                import::import(session(&peer)?, &[input])?;
                Ok(())
            })?);
            std::fs::write(&copy, &before)?;
            naive.push(timed(|| {
                let doc = load(&std::fs::read(&copy)?)?;
                let mut txn = doc.transact_mut();
                txn.apply_update(yrs::Update::decode_v1(&news)?)?;
                let state = txn.encode_state_as_update_v1(&StateVector::default());
                Ok(write_durably(&copy, &state)?)
            })?);
        }
        Ok((middle(ours), middle(naive)))
    }

    pub fn peer(&self, turn: usize) -> anyhow::Result<Store> {
        let member = MemberId::parse("bob-hill-lake-tree")?;
        let name = format!("peer{turn}");
        let dir = self.dir.join(&name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        Ok(Store::init(&dir, environment(&self.dir, &name), Some(&member))?.0)
    }

    pub fn file(&self) -> anyhow::Result<PathBuf> {
        let reader = self.store.reader()?;
        let documents = reader.documents()?;
        let found = documents.iter().find(|document| document.id == self.doc).context("no chat")?;
        Ok(self.store.dir().join(&found.path))
    }
}

fn session(store: &Store) -> anyhow::Result<crdtctl::store::Session> {
    Ok(store.session(Open { command: "bench", member: None, dry_run: false })?)
}

fn take(store: &Store, bundle: &[u8]) -> anyhow::Result<()> {
    let input = Input::Bundle { name: "bench".to_owned(), bundle: Box::new(Bundle::read(bundle)?) };
    import::import(session(store)?, &[input])?;
    Ok(())
}

pub fn environment(dir: &Path, name: &str) -> Rc<Environment> {
    Rc::new(around(dir, name))
}

fn around(dir: &Path, name: &str) -> Environment {
    Environment {
        machine: Machine {
            clock: Clock::fixed(NOW),
            ids: Ids::seeded(name),
            leases: Some(dir.join("leases")),
            id: "bench".to_owned(),
            host: "bench".to_owned(),
            lock_wait: Duration::from_secs(10),
        },
        roots: concern::expected,
        noted: concern::noted(),
        adopt: crdtctl::merge::adopt,
        fold: None,
    }
}
