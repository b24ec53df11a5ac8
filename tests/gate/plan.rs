//! The cases to try: lists of updates that are the same in every process, so that a case can be identified
//! without the process that it killed.

use crate::forge::{self, Material, forge};
use crate::model::Model;
use crate::testing::{Follower, Rng, fixtures, random_world, state};
use crate::trial::{Roots, check};
use crdtctl::concern;
use crdtctl::id::DocId;
use crdtctl::wire::{RootKind, Update};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The roots of the random documents.
pub const ROOTS: Roots =
    &[("m", RootKind::Map), ("n", RootKind::Map), ("l", RootKind::Array), ("t", RootKind::Text)];

/// A document and an update to it.
#[derive(Debug, Clone)]
pub struct Case {
    pub roots: Roots,
    pub base: Vec<u8>,
    pub update: Vec<u8>,
    /// The update that follows, if it still fits; none if empty.
    pub then: Vec<u8>,
    /// The other updates of a sequence: they come with the first one in any order.
    pub with: Vec<Vec<u8>>,
}

/// A named list of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Every bit of each small fixture flipped: as a document of its own, and, for the smallest, as an update
    /// to itself.
    Flips,
    /// Every fixture truncated at every byte.
    Cuts,
    /// Every bit of random updates and documents flipped: seed, count.
    RandomFlips(u64, usize),
    /// Updates forged from random histories: seed, count.
    Forged(u64, usize),
    /// Sequences of honest and forged updates that claim the same clocks: seed, count.
    Sequences(u64, usize),
    /// A case that once killed plain yrs, by name.
    Kept(String),
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Plan::Flips => write!(f, "flips"),
            Plan::Cuts => write!(f, "cuts"),
            Plan::RandomFlips(seed, count) => write!(f, "random-flips {seed} {count}"),
            Plan::Forged(seed, count) => write!(f, "forged {seed} {count}"),
            Plan::Sequences(seed, count) => write!(f, "sequences {seed} {count}"),
            Plan::Kept(name) => write!(f, "kept {name}"),
        }
    }
}

impl FromStr for Plan {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let words: Vec<&str> = text.split(' ').collect();
        let numbers = |seed: &str, count: &str| Some((seed.parse().ok()?, count.parse().ok()?));
        match *words {
            ["flips"] => Ok(Plan::Flips),
            ["cuts"] => Ok(Plan::Cuts),
            ["kept", name] => Ok(Plan::Kept(name.to_owned())),
            ["random-flips", seed, count] => {
                numbers(seed, count).map(|(seed, count)| Plan::RandomFlips(seed, count)).ok_or(())
            }
            ["forged", seed, count] => {
                numbers(seed, count).map(|(seed, count)| Plan::Forged(seed, count)).ok_or(())
            }
            ["sequences", seed, count] => {
                numbers(seed, count).map(|(seed, count)| Plan::Sequences(seed, count)).ok_or(())
            }
            _ => Err(()),
        }
    }
}

/// The cases of a plan, by number.
pub struct Cases {
    pub len: usize,
    make: Box<dyn Fn(usize) -> Case>,
}

impl Cases {
    pub fn get(&self, at: usize) -> Case {
        (self.make)(at)
    }

    fn new(len: usize, make: impl Fn(usize) -> Case + 'static) -> Self {
        Cases { len, make: Box::new(make) }
    }
}

impl Plan {
    pub fn cases(&self) -> Cases {
        match self {
            Plan::Flips => flips(small_fixtures()),
            Plan::Cuts => cuts(),
            Plan::RandomFlips(seed, count) => flips(random_updates(*seed, *count)),
            Plan::Forged(seed, count) => of_scenes(*seed, *count, Scene::case),
            Plan::Sequences(seed, count) => of_scenes(*seed, *count, Scene::sequence),
            Plan::Kept(name) => {
                let (_, kept) = kept().into_iter().find(|(kept, _)| kept == name).expect("kept");
                Cases::new(1, move |_| kept.clone())
            }
        }
    }
}

/// A document, or an update and the document that it is for.
struct Whole {
    roots: Roots,
    base: Vec<u8>,
    bytes: Vec<u8>,
}

const NOTHING: [u8; 2] = [0, 0];

/// The fixtures below 500 bytes. The others hold the same kinds of content, only more of it.
fn small_fixtures() -> Vec<Whole> {
    let mut small = Vec::new();
    for (file, bytes) in fixtures().into_iter().filter(|(_, bytes)| bytes.len() < 500) {
        let stem = Path::new(&file).file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        let roots = DocId::from_stem(stem).map_or(&[][..], |doc| concern::roots(&doc));
        small.push(Whole { roots, base: NOTHING.to_vec(), bytes: bytes.clone() });
        if bytes.len() < 300 {
            small.push(Whole { roots, base: bytes.clone(), bytes });
        }
    }
    small
}

fn random_updates(seed: u64, count: usize) -> Vec<Whole> {
    let whole = |seed: u64| {
        let (mut rng, world) = random_world(seed, 14);
        let follower = Follower::of(&world);
        let at = rng.below(follower.states.len());
        let bytes = match follower.rows.get(at) {
            Some(row) if rng.chance(60) => row.clone(),
            _ => state(&world.all()),
        };
        let roots = if rng.chance(70) { ROOTS } else { &[] };
        Whole { roots, base: follower.states[at].clone(), bytes }
    };
    (seed..seed + count as u64).map(whole).collect()
}

fn flips(wholes: Vec<Whole>) -> Cases {
    let bits = |whole: &Whole| whole.bytes.len() * 8;
    Cases::new(wholes.iter().map(bits).sum(), move |mut at| {
        let whole = wholes.iter().find(|whole| match at.checked_sub(bits(whole)) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        let whole = whole.expect("a number below the length");
        let mut update = whole.bytes.clone();
        update[at / 8] ^= 1 << (at % 8);
        Case {
            roots: whole.roots,
            base: whole.base.clone(),
            update,
            then: Vec::new(),
            with: Vec::new(),
        }
    })
}

fn cuts() -> Cases {
    let files: Vec<Whole> =
        small_fixtures().into_iter().filter(|whole| whole.base == NOTHING).collect();
    Cases::new(files.iter().map(|whole| whole.bytes.len()).sum(), move |mut at| {
        let whole = files.iter().find(|whole| match at.checked_sub(whole.bytes.len()) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        let whole = whole.expect("a number below the length");
        let update = whole.bytes[..at].to_vec();
        Case {
            roots: whole.roots,
            base: NOTHING.to_vec(),
            update,
            then: Vec::new(),
            with: Vec::new(),
        }
    })
}

/// A random history to forge from.
struct Scene {
    /// The states of a follower, and of the writers.
    states: Vec<(Vec<u8>, Model)>,
    rows: Vec<(Vec<u8>, Model)>,
    last: Vec<u8>,
    /// How many of the states are the follower's.
    followed: usize,
}

impl Scene {
    fn new(seed: u64) -> Scene {
        let (_, world) = random_world(seed, 25);
        let follower = Follower::of(&world);
        let model = |bytes: Vec<u8>| {
            let model = Model::of(&bytes);
            (bytes, model)
        };
        let followed = follower.states.len();
        let states = follower.states.into_iter().chain(world.docs.iter().map(state));
        let rows = follower.rows.into_iter().chain(world.updates.iter().cloned());
        Scene {
            states: states.map(model).collect(),
            rows: rows.map(model).collect(),
            last: state(&follower.doc),
            followed,
        }
    }

    fn case(&self, rng: &mut Rng) -> Case {
        let (base, base_model) = &self.states[rng.below(self.states.len())];
        let at = rng.below(self.followed);
        // Mostly the next update, sometimes any, sometimes a whole state.
        let (base, base_model, update) = match (self.rows.get(at), rng.below(10)) {
            (Some((_, row)), 0..=5) if at + 1 < self.followed => {
                let (base, model) = &self.states[at];
                (base, model, row)
            }
            (_, 6) if !self.rows.is_empty() => {
                (base, base_model, &self.rows[rng.below(self.rows.len())].1)
            }
            _ => (base, base_model, &self.states[rng.below(self.states.len())].1),
        };
        let (_, other) = &self.states[rng.below(self.states.len())];
        let material = Material { base: base_model, update, other };
        let mut forged = forge(rng, &material);
        if rng.chance(5) {
            forge::damage(rng, &mut forged);
        }
        let roots = if rng.chance(60) { ROOTS } else { &[] };
        let then = if rng.chance(40) { self.last.clone() } else { Vec::new() };
        Case { roots, base: base.clone(), update: forged, then, with: Vec::new() }
    }

    /// One to four updates to one document: rows and states of honest replicas, forged ones, and rivals,
    /// which claim the clocks of another update and attach their own items to it.
    fn sequence(&self, rng: &mut Rng) -> Case {
        let at = rng.below(self.followed);
        let (base, base_model) = &self.states[at];
        let roots = if rng.chance(60) { ROOTS } else { &[] };
        let mut models: Vec<Model> = Vec::new();
        let mut updates: Vec<Vec<u8>> = Vec::new();
        let mut tries = 0;
        let wanted = rng.pick(&[1, 2, 2, 2, 3, 3, 4, 4]);
        while updates.len() < wanted {
            let near = at + rng.below(3);
            let honest = match self.rows.get(near) {
                Some((_, row)) if rng.chance(70) => row,
                _ => &self.states[rng.below(self.states.len())].1,
            };
            let (_, other) = &self.states[rng.below(self.states.len())];
            let claimed = models.get(rng.below(models.len())).unwrap_or(honest);
            let bytes = match rng.below(10) {
                0 | 1 => honest.encode(),
                2 | 3 => forge(rng, &Material { base: base_model, update: honest, other }),
                4 => forge::rival(rng, base_model, base_model).encode(),
                _ => forge::rival(rng, base_model, claimed).encode(),
            };
            // Updates that are not valid alone are tried elsewhere.
            tries += 1;
            if check(roots, &bytes).is_ok() || (tries > 40 && Update::walk(&bytes).is_ok()) {
                models.push(Model::of(&bytes));
                updates.push(bytes);
            }
        }
        let mut updates = updates.into_iter();
        let update = updates.next().unwrap_or_else(|| NOTHING.to_vec());
        let with = updates.collect();
        Case { roots, base: base.clone(), update, then: Vec::new(), with }
    }
}

fn of_scenes(seed: u64, count: usize, make: fn(&Scene, &mut Rng) -> Case) -> Cases {
    let scenes = (count / 100).clamp(1, 100) as u64;
    let first = seed.wrapping_mul(1_000);
    let scenes: Vec<Scene> = (first..first + scenes).map(Scene::new).collect();
    Cases::new(count, move |at| {
        let mut rng = Rng::new((seed << 32) + at as u64);
        (0..8).for_each(|_| {
            rng.next();
        });
        make(&scenes[at % scenes.len()], &mut rng)
    })
}

/// The crashers, by file name.
pub fn kept() -> Vec<(String, Case)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gate/crashers");
    let mut kept: Vec<(String, Case)> = std::fs::read_dir(dir)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "case"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a readable file");
            (name, text.parse().unwrap_or_else(|()| panic!("{}", path.display())))
        })
        .collect();
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    kept
}

/// A case as a file: one line each for the roots, the document, the update, and what follows, if anything;
/// lines that begin with `#` are comments.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        writeln!(f, "roots {}", if self.roots.is_empty() { "unknown" } else { "known" })?;
        writeln!(f, "base {}", hex(&self.base))?;
        writeln!(f, "update {}", hex(&self.update))?;
        writeln!(f, "then {}", hex(&self.then))?;
        self.with.iter().try_for_each(|with| writeln!(f, "with {}", hex(with)))
    }
}

impl FromStr for Case {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.ok_or(())
        };
        let hex =
            |name: &str| data_encoding::HEXLOWER.decode(field(name)?.as_bytes()).map_err(|_| ());
        let roots = match field("roots")? {
            "known" => ROOTS,
            _ => &[],
        };
        let then = hex("then").unwrap_or_default();
        let with = text.lines().filter_map(|line| line.strip_prefix("with "));
        let with = with.map(|hex| data_encoding::HEXLOWER.decode(hex.as_bytes()).map_err(|_| ()));
        let with = with.collect::<Result<_, ()>>()?;
        Ok(Case { roots, base: hex("base")?, update: hex("update")?, then, with })
    }
}

/// Whether a document may be the base of a case, with that case's roots.
pub fn is_fit(case: &Case) -> bool {
    check(case.roots, &case.base).is_ok_and(|base| base.needs().is_empty())
}
