//! One page, three replicas, and programs that know nothing of either: an editor, `sed` and a formatter work
//! on the plain files, bundles get lost and arrive twice, and all edits are there in the end.
//!
//! `CRDTCTL_SCHEDULES=1000 cargo test --test deep pages` runs more of it.

use super::convergence::seeds;
use super::support::temporary;
use super::world::environment;
use crdtctl::concern::core;
use crdtctl::concern::{Role, disk as disks};
use crdtctl::disk::{Which, settle, take_in, take_in_all};
use crdtctl::id::{EntityId, MemberId};
use crdtctl::operation::{self, Operation};
use crdtctl::sample::Chance;
use crdtctl::store::{Environment, Open, Session, Store};
use crdtctl::sync::Bundle;
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Input, import};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

const ENTITY: &str = "group:ocean-forest-moon-star";
const START: i64 = 1_767_225_600;
const MEMBERS: [&str; 3] = ["alice-river-stone-sky", "bob-hill-lake-tree", "carol-sun-wind-rain"];
const PAGE: &str = "shared/page.md";
const WORDS: [&str; 8] =
    ["harbour", "colour", "boat", "paint", "the", "tide", "evening", "a  crew"];

fn entity() -> EntityId {
    EntityId::parse(ENTITY).unwrap()
}

struct Replica {
    store: Store,
    environment: Rc<Environment>,
    member: MemberId,
    /// The directory of the entity's disks.
    files: PathBuf,
}

impl Replica {
    fn session(&self, now: i64) -> Session {
        self.environment.machine.clock.set(now);
        let open = Open { command: "pages", member: Some(&self.member), dry_run: false };
        self.store.session(open).unwrap()
    }

    /// Takes in what programs changed, and updates the files from the document.
    fn scan(&self, now: i64, which: &Which) {
        let mut session = self.session(now);
        take_in(&mut session, &entity(), which).unwrap();
        session.commit().unwrap();
        self.settle(now);
    }

    fn settle(&self, now: i64) {
        let mut session = self.session(now);
        settle(&mut session, &entity()).unwrap();
        session.commit().unwrap();
    }

    fn take(&self, now: i64, bundle: &[u8]) {
        let mut session = self.session(now);
        take_in_all(&mut session).unwrap();
        session.commit().unwrap();
        let bundle = Box::new(Bundle::read(bundle).unwrap());
        let input = Input::Bundle { name: "mail".to_owned(), bundle };
        import(self.session(now), &[input]).unwrap();
        self.settle(now);
    }

    fn bundle(&self, now: i64) -> Vec<u8> {
        self.environment.machine.clock.set(now);
        let reader = self.store.reader().unwrap();
        let exported = export(&reader, &self.environment, &Request::default()).unwrap();
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes).unwrap();
        bytes
    }

    fn page(&self) -> Option<String> {
        fs::read_to_string(self.files.join(PAGE)).ok()
    }

    /// Every file on the shared disk.
    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        super::support::files(&self.files.join("shared"))
    }
}

struct Pages {
    replicas: Vec<Replica>,
    chance: Chance,
    now: i64,
    mail: Vec<Vec<u8>>,
    /// Words that somebody wrote, each only once.
    written: BTreeSet<String>,
    _root: tempfile::TempDir,
}

impl Pages {
    fn new(seed: u64) -> Pages {
        let root = temporary();
        let replica = |(index, member): (usize, &&str)| {
            let home = root.path().join(format!("r{index}"));
            let environment = environment(&home, index, &format!("pages {seed} {index}"), START);
            let member = MemberId::parse(member).unwrap();
            let dir = home.join("store");
            let (store, _) = Store::init(&dir, environment.clone(), Some(&member)).unwrap();
            let files = dir.join("disks/entities/ocean-forest-moon-star");
            Replica { store, environment, member, files }
        };
        let replicas = MEMBERS.iter().enumerate().map(replica).collect();
        let mut pages = Pages {
            replicas,
            chance: Chance::new(seed),
            now: START,
            mail: Vec::new(),
            written: BTreeSet::new(),
            _root: root,
        };
        pages.found();
        pages
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).unwrap()
    }

    fn found(&mut self) {
        let create =
            core::Create { entity: entity(), name: "Ocean".to_owned(), description: String::new() };
        let mut session = self.replicas[0].session(self.now);
        operation::run(&mut session, &Operation::EntityCreate(create)).unwrap();
        for member in &MEMBERS[1..] {
            let member = MemberId::parse(member).unwrap();
            let add = core::AddMember { entity: entity(), member, role: Some(Role::Member) };
            operation::run(&mut session, &Operation::MemberAdd(add)).unwrap();
        }
        session.commit().unwrap();
        let lines = 4 + self.below(20);
        let mut text = "# Page\n".to_owned();
        for _ in 0..lines {
            let words = 1 + self.below(12);
            let words: Vec<&str> = (0..words).map(|_| WORDS[self.below(WORDS.len())]).collect();
            text.push_str(&format!("\n* {}\n", words.join(" ")));
        }
        write(&self.replicas[0].files.join(PAGE), &text);
        self.replicas[0].scan(self.now, &Which::All);
        let first = self.replicas[0].bundle(self.now);
        (1..3).for_each(|at| self.replicas[at].take(self.now, &first));
    }

    fn word(&mut self) -> String {
        let word = format!("w{}w", self.written.len());
        self.written.insert(word.clone());
        word
    }

    /// Edits like an editor: a word somewhere, or a line of its own.
    fn edited(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let (at, word) = (self.below(lines.len()), self.word());
        if self.below(3) == 0 {
            lines.insert(at, format!("* {word} and more"));
        } else {
            let mut words: Vec<&str> = lines[at].split(' ').collect();
            words.insert(self.below(words.len() + 1), &word);
            lines[at] = words.join(" ");
        }
        lines.join("\n")
    }

    fn program(&mut self, text: &str) -> String {
        match self.below(6) {
            0 => text.replace("colour", "color"),
            1 => text.replace("color", "colour").replace("colouur", "colour"),
            2 => formatted(text),
            _ => self.edited(text),
        }
    }

    fn live(&mut self, moves: bool) {
        for _ in 0..10 + self.below(30) {
            self.now += 1 + i64::try_from(self.chance.below(40)).unwrap();
            let at = self.below(3);
            match self.below(20) {
                0..10 => {
                    if let Some(text) = self.replicas[at].page() {
                        let text = self.program(&text);
                        write(&self.replicas[at].files.join(PAGE), &text);
                    }
                    if self.below(2) == 0 {
                        self.replicas[at].scan(self.now, &Which::Known);
                    }
                }
                10..12 if moves => self.shift(at),
                10..15 => {
                    self.replicas[at].scan(self.now, &Which::Known);
                    let bundle = self.replicas[at].bundle(self.now);
                    self.mail.push(bundle);
                }
                // Old ones, repeatedly; what nobody imports is lost.
                _ if !self.mail.is_empty() => {
                    let mail = self.below(self.mail.len());
                    let bundle = self.mail[mail].clone();
                    self.replicas[at].take(self.now, &bundle);
                }
                _ => {}
            }
        }
    }

    /// Moves or removes the page behind the store's back.
    fn shift(&mut self, at: usize) {
        let from = self.replicas[at].files.join(PAGE);
        if !from.exists() {
            return;
        }
        match self.below(3) {
            0 => fs::remove_file(&from).unwrap(),
            1 => fs::rename(&from, from.with_file_name(format!("moved-{at}.md"))).unwrap(),
            _ => write(&from.with_file_name(format!("new-{at}.md")), "new\n"),
        }
        self.replicas[at].scan(self.now, &Which::All);
    }

    /// Everybody receives everything.
    fn meet(&mut self) {
        for replica in &self.replicas {
            replica.scan(self.now, &Which::All);
        }
        for _ in 0..3 {
            self.now += 1;
            let bundles: Vec<Vec<u8>> =
                self.replicas.iter().map(|replica| replica.bundle(self.now)).collect();
            for (at, replica) in self.replicas.iter().enumerate() {
                for other in (0..3).filter(|other| *other != at) {
                    replica.take(self.now, &bundles[other]);
                }
            }
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Formats like a formatter, the same on every machine.
fn formatted(text: &str) -> String {
    let line = |line: &str| {
        let line = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        line.strip_prefix("* ").map_or(line.clone(), |item| format!("- {item}"))
    };
    let mut out: Vec<String> = Vec::new();
    for line in text.split('\n').map(line) {
        if !(line.is_empty() && out.last().is_some_and(String::is_empty)) {
            out.push(line);
        }
    }
    out.join("\n")
}

/// Checks that every replica has the same files, and that they match its document.
fn equal(pages: &Pages, seed: u64) {
    let trees: Vec<_> = pages.replicas.iter().map(Replica::tree).collect();
    assert_eq!(trees[0], trees[1], "seed {seed}");
    assert_eq!(trees[1], trees[2], "seed {seed}");
    for replica in &pages.replicas {
        let reader = replica.store.reader().unwrap();
        let view = reader.view(&entity().document(disks::SPEC.name)).unwrap().unwrap();
        let directory = disks::Directory::of(&view, &entity().document(disks::SPEC.name));
        let mut said = BTreeMap::new();
        for place in directory.owners() {
            let file = disks::read(&view, &place.id).unwrap();
            let disks::DiskContent::Text(text) = file.content else { panic!("seed {seed}") };
            said.insert(PathBuf::from(place.path.name()), text.bytes());
        }
        assert_eq!(said, trees[0], "seed {seed}");
    }
}

#[test]
fn pages_keep_every_edit_of_everybody() {
    let (mut words, mut twice) = (0, 0);
    for seed in seeds(1) {
        let mut pages = Pages::new(seed);
        pages.live(false);
        pages.meet();
        equal(&pages, seed);
        let page = pages.replicas[0].page().unwrap();
        for word in &pages.written {
            let times = page.matches(word.as_str()).count();
            assert!(times > 0, "seed {seed}: {word} is lost of\n{page}");
            words += 1;
            twice += times - 1;
        }
    }
    assert!(words > 0, "nobody wrote anything");
    println!("{words} words, {twice} of them once more than they were written");
    assert!(twice * 20 <= words + 20, "{twice} of {words} words are there more than once");
}

#[test]
fn pages_that_are_moved_and_removed_are_the_same_everywhere() {
    for seed in seeds(1) {
        let mut pages = Pages::new(seed);
        pages.live(true);
        pages.meet();
        equal(&pages, seed);
    }
}

/// A merge of letters alone would contain every list item twice.
#[test]
fn pages_that_say_the_same_go_on_saying_it() {
    for seed in seeds(1) {
        let mut pages = Pages::new(seed);
        let text = pages.replicas[0].page().unwrap();
        // The same programs on both sides, independently.
        let text = formatted(&pages.edited(&text)).replace("colour", "color");
        for at in 0..2 {
            write(&pages.replicas[at].files.join(PAGE), &text);
            pages.replicas[at].scan(pages.now, &Which::Known);
        }
        pages.meet();
        equal(&pages, seed);
        assert_eq!(pages.replicas[2].page().unwrap(), text, "seed {seed}");
    }
}
