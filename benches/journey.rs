//! Send, show, list, export and import at 1,000, 20,000 and 50,000 messages, and read a chat of 15 MB,
//! beside the naive way: plain yrs that loads the document, edits it, encodes it and writes it back.
//!
//! 50,000 messages are more than the limit of a chat: they come by import, and nothing is sent.
//!
//! `cargo bench --bench journey` prints one table; ratios within one run are what to quote, times
//! are of this machine. `CRDTCTL_BENCH_MESSAGES=1000` chooses the sizes;
//! with none of them only the large chat is read.

use anyhow::Context;
use crdtctl::clock::{Clock, Ids};
use crdtctl::concern::{self, chat, core};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::inspect::size::Sizes;
use crdtctl::operation::{self, Operation};
use crdtctl::query::{self, chat::MessageFilter};
use crdtctl::sample::{self, Chance};
use crdtctl::store::{Environment, Open, Store};
use crdtctl::sync::bundle::Bundle;
use crdtctl::sync::export::{self, Request};
use crdtctl::sync::import::{self, Input};
use crdtctl::wire::Update;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};
use yrs::updates::decoder::Decode;
use yrs::{Any, Map, MapPrelim, Out, ReadTxn, StateVector, Transact, WriteTxn};

/// Messages of the chat that is read only.
const LARGE: u64 = 50_000;
/// Messages of a chat that has room for more.
const SENDABLE: u64 = 30_000;
const RUNS: usize = 7;
const NOW: i64 = 1_767_225_600;
const ALICE: &str = "alice-river-stone-sky";

fn main() -> anyhow::Result<()> {
    let sizes = std::env::var("CRDTCTL_BENCH_MESSAGES").unwrap_or("1000,20000,50000".to_owned());
    println!("{:<28} {:>8} {:>12} {:>12} {:>8}", "", "messages", "crdtctl", "plain yrs", "ratio");
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    for messages in sizes.map(str::parse::<u64>) {
        bench(messages?)?;
    }
    read_large()
}

fn bench(messages: u64) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let place = Place::fill(dir.path(), messages)?;
    let row = |name: &str, ours: Duration, naive: Duration| {
        let ratio = ours.as_secs_f64() / naive.as_secs_f64();
        println!("{name:<28} {messages:>8} {:>12} {:>12} {ratio:>8.2}", ms(ours), ms(naive));
    };
    if messages <= SENDABLE {
        let ours = median(|| place.send())?;
        row("send one message", ours, median(|| place.naive_send())?);
        row("show one message", median(|| place.show())?, median(|| place.naive_show())?);
        row("list the last 20", median(|| place.list_last())?, median(|| place.naive_list_last())?);
    }
    row("list all messages", median(|| place.list())?, median(|| place.naive_list())?);
    row("read and check the state", median(|| place.read())?, median(|| place.naive_load())?);
    row("export everything", median(|| place.export())?, median(|| place.naive_export())?);
    let bundle = place.bundle()?;
    let ours = median_of(|turn| place.import_whole(&bundle, turn))?;
    row("import everything, new", ours, median_of(|turn| place.naive_import_whole(turn))?);
    if messages <= SENDABLE {
        let (ours, naive) = place.import_one(&bundle)?;
        row("import one message", ours, naive);
    }
    Ok(())
}

/// A chat of 15 MB, over its limit, read whole in three depths beside loading it.
fn read_large() -> anyhow::Result<()> {
    let state = large(LARGE)?;
    let naive = median(|| load(&state).map(drop))?;
    let row = |name: &str, ours: Duration| {
        let ratio = ours.as_secs_f64() / naive.as_secs_f64();
        println!("{name:<28} {LARGE:>8} {:>12} {:>12} {ratio:>8.2}", ms(ours), ms(naive));
    };
    println!("\nreading a chat of {} bytes", state.len());
    let walk = || -> anyhow::Result<Update<'_>> { Ok(Update::walk(&state)?) };
    row("walk: every byte has a block", median(|| walk().map(drop))?);
    let sizes = || Ok(Sizes::of(&state, Some(&chat::SPEC), None)?);
    row("measure: a reason for each", median(|| sizes().map(drop))?);
    let view = || -> anyhow::Result<View> {
        let checked = walk()?.check(chat::SPEC.roots)?;
        Ok(View::of(&checked))
    };
    row("view: all live content", median(|| view().map(drop))?);
    Ok(())
}

/// The state that other programs would have written.
fn large(count: u64) -> anyhow::Result<Vec<u8>> {
    let doc = yrs::Doc::with_client_id(7);
    let mut txn = doc.transact_mut();
    let messages = txn.get_or_insert_map("messages");
    let mut chance = Chance::new(7);
    for n in 0..count {
        let id = format!("{n:08x}-0000-4000-8000-000000000000");
        let text: String = chance.sentence().chars().take(40).collect();
        say(&mut txn, &messages, &id, &text);
    }
    Ok(txn.encode_state_as_update_v1(&StateVector::default()))
}

/// Writes a message as the guide's schema has it.
fn say(txn: &mut yrs::TransactionMut<'_>, messages: &yrs::MapRef, id: &str, text: &str) {
    let message = messages.insert(txn, id, MapPrelim::default());
    for (key, value) in [("id", id), ("author_id", ALICE), ("content", text)] {
        message.insert(txn, key, value);
    }
    for key in ["created_at", "updated_at", "deleted_at"] {
        message.insert(txn, key, NOW);
    }
    message.insert(txn, "deleted", false);
    for key in ["ack_vector", "reactions"] {
        message.insert(txn, key, MapPrelim::default());
    }
}

/// A store with a chat of many messages, and room beside it.
struct Place {
    dir: PathBuf,
    store: Store,
    entity: EntityId,
    doc: DocId,
    member: MemberId,
    /// A message in the middle of it.
    shown: String,
}

impl Place {
    fn fill(dir: &Path, messages: u64) -> anyhow::Result<Place> {
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
        Ok(Place { dir: dir.to_owned(), store, entity, doc, member, shown })
    }

    fn send(&self) -> anyhow::Result<()> {
        let open = Open { command: "bench", member: Some(&self.member), dry_run: false };
        let mut session = self.store.session(open)?;
        let send = chat::Send::text(self.entity.clone(), "one more message");
        operation::run_alone(&mut session, &Operation::ChatSend(send))?;
        session.commit()?;
        Ok(())
    }

    fn show(&self) -> anyhow::Result<()> {
        let found = query::chat::find(&self.store.reader()?, &self.entity, &self.shown)?;
        assert!(!found.content.is_empty());
        Ok(())
    }

    fn list_last(&self) -> anyhow::Result<()> {
        let filter = MessageFilter { limit: Some(20), ..MessageFilter::default() };
        let found = query::chat::list(&self.store.reader()?, &self.entity, &filter)?;
        assert_eq!(found.len(), 20);
        Ok(())
    }

    fn list(&self) -> anyhow::Result<()> {
        let view = self.store.reader()?.view(&self.doc)?.context("no chat")?;
        assert!(!chat::MESSAGES.rows(&view, true).is_empty());
        Ok(())
    }

    /// Walk, rule 1 of the gate, and the live content: all that stands before yrs.
    fn read(&self) -> anyhow::Result<()> {
        let bytes = std::fs::read(self.file()?)?;
        let update = Update::checked(&bytes, concern::roots(&self.doc));
        let view = View::of(&update?);
        assert!(!view.version().clocks.is_empty());
        Ok(())
    }

    fn bundle(&self) -> anyhow::Result<Vec<u8>> {
        let reader = self.store.reader()?;
        let request = Request::default();
        let exported = export::export(&reader, self.store.environment(), &request)?;
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes)?;
        Ok(bytes)
    }

    fn export(&self) -> anyhow::Result<()> {
        Ok(write_durably(&self.dir.join("out.crdt"), &self.bundle()?)?)
    }

    fn import_whole(&self, bundle: &[u8], turn: usize) -> anyhow::Result<Duration> {
        let store = self.peer(turn)?;
        timed(|| take(&store, bundle))
    }

    /// A peer that has everything gets one message more.
    fn import_one(&self, bundle: &[u8]) -> anyhow::Result<(Duration, Duration)> {
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

    fn peer(&self, turn: usize) -> anyhow::Result<Store> {
        let member = MemberId::parse("bob-hill-lake-tree")?;
        let name = format!("peer{turn}");
        let dir = self.dir.join(&name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        Ok(Store::init(&dir, environment(&self.dir, &name), Some(&member))?.0)
    }

    fn file(&self) -> anyhow::Result<PathBuf> {
        let reader = self.store.reader()?;
        let documents = reader.documents()?;
        let found = documents.iter().find(|document| document.id == self.doc).context("no chat")?;
        Ok(self.store.dir().join(&found.path))
    }

    fn naive_send(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let mut txn = doc.transact_mut();
        let messages = txn.get_or_insert_map("messages");
        say(&mut txn, &messages, "one-more", "one more message");
        let state = txn.encode_state_as_update_v1(&StateVector::default());
        Ok(write_durably(&self.dir.join("naive.yrs"), &state)?)
    }

    fn naive_show(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let found = messages.get(&txn, &self.shown).context("no such message")?;
        assert!(matches!(found, Out::YMap(message) if message.get(&txn, "content").is_some()));
        Ok(())
    }

    fn naive_list_last(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let mut times = Vec::new();
        for (id, message) in messages.iter(&txn) {
            if let Out::YMap(message) = message
                && let Some(Out::Any(Any::Number(yrs::Number::Int(at)))) =
                    message.get(&txn, "created_at")
            {
                times.push((at, id));
            }
        }
        times.sort_unstable();
        let last = times.iter().rev().take(20);
        let texts = last.filter_map(|(_, id)| match messages.get(&txn, id) {
            Some(Out::YMap(message)) => message.get(&txn, "content"),
            _ => None,
        });
        assert_eq!(texts.count(), 20);
        Ok(())
    }

    fn naive_list(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let txn = doc.transact();
        let messages = txn.get_map("messages").context("no messages")?;
        let mut seen = 0;
        for (_, message) in messages.iter(&txn) {
            if let Out::YMap(message) = message
                && let Some(Out::Any(Any::String(text))) = message.get(&txn, "content")
            {
                seen += text.len();
            }
        }
        assert!(seen > 0);
        Ok(())
    }

    fn naive_load(&self) -> anyhow::Result<()> {
        load(&std::fs::read(self.file()?)?).map(drop)
    }

    fn naive_export(&self) -> anyhow::Result<()> {
        let doc = load(&std::fs::read(self.file()?)?)?;
        let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
        Ok(write_durably(&self.dir.join("naive.update"), &state)?)
    }

    fn naive_import_whole(&self, _: usize) -> anyhow::Result<Duration> {
        let state = std::fs::read(self.file()?)?;
        timed(|| {
            let doc = load(&state)?;
            let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
            Ok(write_durably(&self.dir.join("naive-import.yrs"), &state)?)
        })
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

fn environment(dir: &Path, name: &str) -> Rc<Environment> {
    Rc::new(Environment {
        clock: Clock::fixed(NOW),
        ids: Ids::seeded(name),
        leases: Some(dir.join("leases")),
        machine: "bench".to_owned(),
        host: "bench".to_owned(),
        lock_wait: Duration::from_secs(10),
        roots: concern::expected,
        noted: concern::noted(),
        adopt: crdtctl::merge::adopt,
    })
}

fn load(state: &[u8]) -> anyhow::Result<yrs::Doc> {
    let doc = yrs::Doc::new();
    doc.transact_mut().apply_update(yrs::Update::decode_v1(state)?)?;
    Ok(doc)
}

/// As durable as crdtctl writes: fsync, rename.
fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = std::fs::File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    median_of(|_| timed(&mut work))
}

fn median_of(mut work: impl FnMut(usize) -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    Ok(middle((0..RUNS).map(&mut work).collect::<anyhow::Result<Vec<_>>>()?))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
