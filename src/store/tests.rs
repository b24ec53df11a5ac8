//! What must hold for a store, whatever happens to it.

use super::*;
use crate::clock::{Clock, Ids};
use crate::crdt::source::Source;
use crate::error::Kind;
use crate::gate::Expected;
use crate::id::DocId;
use crate::wire::{Checked, Update};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

const NOW: i64 = 1_767_225_600;

/// A machine with a place for stores and one for leases.
struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { root: crate::testing::temporary() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The environment of another machine.
    fn on(&self, machine: Machine) -> Environment {
        Environment { machine, ..self.environment() }
    }

    fn environment(&self) -> Environment {
        Environment {
            machine: Machine {
                clock: Clock::fixed(NOW),
                ids: Ids::random(),
                leases: Some(self.path("leases")),
                id: "machine".to_owned(),
                host: "host".to_owned(),
                lock_wait: Duration::from_millis(100),
            },
            roots: |_| Expected::Roots(&[]),
            noted: ["created_at", "deleted"],
            adopt: |_, adopted| Ok(vec![format!("adopted {}", adopted.doc)]),
            fold: None,
        }
    }

    fn open_as(&self, name: &str, environment: Environment) -> Store {
        Store::open_with(&self.path(name), Rc::new(environment)).unwrap()
    }

    fn open(&self, name: &str) -> Store {
        self.open_as(name, self.environment())
    }

    fn init(&self, name: &str) -> Store {
        Store::init(&self.path(name), Rc::new(self.environment()), None).unwrap().0
    }
}

fn doc(concern: &str) -> DocId {
    DocId::parse(&format!("group:ocean:{concern}")).unwrap()
}

fn write(command: &str) -> Open<'_> {
    Open { command, member: None, dry_run: false }
}

/// One command that sets one field.
fn set(store: &Store, doc: &DocId, key: &str, value: &str) -> Committed {
    let mut session = store.session(write("set")).unwrap();
    session.edit(doc, |txn| txn.set(&["metadata"], key, value)).unwrap();
    session.commit().unwrap()
}

fn get(store: &Store, doc: &DocId, key: &str) -> Option<String> {
    store.reader().unwrap().view(doc).unwrap()?.text(&["metadata", key])
}

fn file(store: &Store, doc: &DocId) -> PathBuf {
    let path = format!("crdt/{}/{}.yrs", doc.entity_type(), doc.file_stem());
    store.dir().join(path)
}

fn replica(store: &Store) -> String {
    store.reader().unwrap().state().unwrap().replica().unwrap().unwrap().0
}

fn client_ids(store: &Store, doc: &DocId) -> usize {
    store.reader().unwrap().view(doc).unwrap().unwrap().version().clocks.len()
}

/// Every file below a directory, with its bytes.
fn listing(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

fn copy_dir(from: &Path, to: &Path) {
    for (path, bytes) in listing(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
}

/// The document as another program saves it: the whole state with one more field.
fn foreign_edit(state: &[u8], key: &str, value: &str) -> Vec<u8> {
    edited_by(1 << 40, state, &["metadata"], key, value)
}

/// The same of any field, by a client.
fn edited_by(client: u64, state: &[u8], path: &[&str], key: &str, value: &str) -> Vec<u8> {
    let mut other = crate::crdt::doc::Doc::new(client);
    other.apply(&checked(state)).unwrap();
    other.edit(|txn| txn.set(path, key, value)).unwrap();
    other.encode().unwrap().0
}

fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    Update::checked(bytes, &[]).unwrap()
}

/// What a rule puts into the trash.
fn trashed(doc: &DocId, path: [&str; 2]) -> Trashed {
    Trashed {
        number: 0,
        at: NOW,
        doc: doc.clone(),
        noun: "field".to_owned(),
        path: path.map(str::to_owned).to_vec().into(),
        record: "ours".into(),
        typed: None,
        why: "a rule".to_owned(),
        member: None,
        restored: None,
    }
}

mod adoption;
mod begun;
mod crashes;
mod deferred;
mod everyday;
mod generations;
mod indexed;
mod learned;
mod leases;
mod local_state;
mod locks;
mod other_programs;
mod results;
mod taken_in;
