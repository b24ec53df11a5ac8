//! Damaged files of every known form are read or refused, and do no harm. `FOREIGN_ROUNDS` makes the test
//! longer, `GATE_SEED` different.

use super::reading::read;
use super::support::number;
use crdtctl::sample::Chance;
use std::path::{Path, PathBuf};

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// Every file of the fixtures, and a LevelDB as one.
fn seeds() -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found = Vec::new();
    files(&fixtures.join("field"), &mut found);
    for name in ["data.ysweet", "hocuspocus.sqlite", "pycrdt.y", "pycrdt.ystore.db"] {
        found.push(fixtures.join("databases").join(name));
    }
    let read = |path: &PathBuf| std::fs::read(path).unwrap();
    let mut seeds: Vec<Vec<u8>> = found.iter().map(read).collect();
    let level = ["CURRENT", "MANIFEST-000004", "000005.ldb", "000006.log"];
    let level = (0u8..).zip(level).flat_map(|(at, name)| {
        let bytes = read(&fixtures.join("databases/y-leveldb").join(name));
        let len = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [vec![at], len.to_vec(), bytes].concat()
    });
    seeds.push(level.collect());
    seeds
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], chance: &mut Chance) {
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() as u64 + 1) as usize;
        match chance.below(7) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, chance.below(256) as u8),
            2 => {
                drop(bytes.drain(at..(at + 1 + chance.below(9) as usize).min(bytes.len()).max(at)))
            }
            3 => drop(bytes.splice(at.., other[at.min(other.len())..].iter().copied())),
            4 => bytes.extend(other),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = [0, 0xff, 0x7f, *byte ^ 1 << chance.below(8)][chance.below(4) as usize];
                }
            }
        }
    }
}

#[test]
fn files_of_every_form_are_read_or_refused_however_they_are_damaged() {
    let seeds = seeds();
    let whole: usize = seeds.iter().map(|seed| read(seed)).sum();
    assert!(whole > 40, "the test tests nothing: {whole}");
    let mut chance = Chance::new(number("GATE_SEED").unwrap_or(1));
    let (mut updates, mut refused) = (0, 0);
    for _ in 0..number("FOREIGN_ROUNDS").unwrap_or(600) {
        let [seed, other] = [(); 2].map(|()| chance.pick(&seeds).unwrap());
        let mut bytes = seed.clone();
        damage(&mut bytes, other, &mut chance);
        match read(&bytes) {
            0 => refused += 1,
            found => updates += found,
        }
    }
    assert!(updates > 50 && refused > 50, "the test tests nothing: {updates}, {refused}");
}
