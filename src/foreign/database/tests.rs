//! Database bytes that no program wrote: they are read or refused, nothing else.

use super::super::{FileContent, Identified, identify};
use super::{LevelFile, level};
use crate::crdt::testing::Rng;
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/databases");
    std::fs::read(dir.join(name)).unwrap()
}

fn level_files() -> Vec<LevelFile> {
    ["CURRENT", "MANIFEST-000004", "000005.ldb", "000006.log"]
        .map(|name| LevelFile {
            name: name.to_owned(),
            bytes: fixture(&format!("y-leveldb/{name}")),
        })
        .into()
}

fn names(found: &Identified) -> Vec<String> {
    match &found.found {
        FileContent::Documents(documents) => {
            documents.iter().filter_map(|document| document.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Changes one to four bytes, or cuts off the end.
fn damage(rng: &mut Rng, bytes: &mut Vec<u8>) {
    if rng.below(8) == 0 {
        bytes.truncate(rng.below(bytes.len()));
        return;
    }
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len());
        bytes[at] = match rng.below(3) {
            0 => 0xff,
            1 => 0,
            _ => rng.below(256) as u8,
        };
    }
}

#[test]
fn damaged_databases_are_read_or_refused() {
    let mut rng = Rng::new(7);
    for name in ["hocuspocus.sqlite", "pycrdt.ystore.db", "pycrdt.y", "data.ysweet"] {
        let whole = fixture(name);
        assert!(identify(&whole).is_some(), "{name}");
        for _ in 0..120 {
            let mut bytes = whole.clone();
            damage(&mut rng, &mut bytes);
            // Everything found decodes: its readers rely on that.
            if let Some(found) = identify(&bytes)
                && let FileContent::Documents(documents) = &found.found
            {
                let steps = documents.iter().flat_map(|document| &document.steps);
                assert!(steps.into_iter().all(|s| crate::wire::Update::walk(&s.update).is_ok()));
            }
        }
    }
}

/// Each byte of a table and of a manifest is covered by a checksum; of a log everything up to the damage.
#[test]
fn a_damaged_leveldb_shows_nothing_that_was_not_written() {
    let whole = level(&level_files()).unwrap();
    assert_eq!(names(&whole), ["list", "garden/plan"]);
    let mut rng = Rng::new(8);
    let mut refused = 0;
    for _ in 0..400 {
        let mut files = level_files();
        let at = rng.below(files.len());
        damage(&mut rng, &mut files[at].bytes);
        let length = files[at].bytes.len();
        let cut = length < level_files()[at].bytes.len();
        match level(&files) {
            Ok(found) if found == whole => {}
            // A remaining log reports that it breaks off, unless that is between two records; likewise a
            // manifest.
            Ok(found) => match at {
                3 if length == 0 => assert_eq!(names(&found).len(), 2),
                3 => assert!(found.wrappings[0].to_string().contains("000006.log"), "{found:?}"),
                _ => assert!(at == 1 && cut, "{at} {found:?}"),
            },
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 100, "{refused}");
}

/// A directory that announces more than there is: an index that points to itself, a block that claims to
/// unpack to gigabytes, lengths beyond the end.
#[test]
fn forged_tables_are_refused() {
    use super::table::{checksum, entries};
    let table = |block: &[u8], kind: u8, handle: &[u8]| {
        let mut bytes = block.to_vec();
        bytes.push(kind);
        bytes.extend(checksum(&[block, &[kind]]).to_le_bytes());
        let mut footer = vec![0, 0];
        footer.extend_from_slice(handle);
        footer.resize(40, 0);
        footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
        bytes.extend(footer);
        bytes
    };
    // One entry of the index: no key, and the position of the index itself.
    let mut index = vec![0, 8, 2];
    index.extend([0; 8]);
    index.extend([0, 17]);
    index.extend([0; 4]);
    assert!(entries(&table(&index, 0, &[0, 17]), 1 << 20).is_some_and(|found| found.len() == 1));
    assert!(entries(&table(&index, 0, &[0, 17]), 20).is_none());
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    assert!(entries(&table(&huge, 1, &[0, 6]), 1 << 20).is_none());
    let long = [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0, 0];
    assert!(entries(&table(&long, 0, &[0, 15]), 1 << 20).is_none());
    let shared = [5, 0, 0, 0, 0, 0, 0];
    assert!(entries(&table(&shared, 0, &[0, 7]), 1 << 20).is_none());
    assert!(entries(&[0; 30], 1 << 20).is_none());
}
