use super::*;
use crate::error::Kind;
use crate::sync::bundle::Bundle;
use crate::sync::hash::Hash;
use crate::sync::manifest::Manifest;
use crate::sync::tests::manifest;

/// Varied bytes.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

fn carrying(all: &[Vec<u8>]) -> (Bundle, Vec<u8>) {
    let mut bundle = Bundle::new(manifest());
    bundle.carry(all.iter().map(|one| BundledContent::of(one.as_slice()).unwrap()).collect());
    let open = |content: &BundledContent| -> Result<Box<dyn Read>> {
        let one = all.iter().find(|one| Hash::of(one) == content.blake3).unwrap();
        Ok(Box::new(io::Cursor::new(one.clone())))
    };
    let mut packed = Vec::new();
    bundle.write_with(&mut packed, &open).unwrap();
    (bundle, packed)
}

#[test]
fn contents_come_in_pieces_and_in_order() {
    let lengths = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE];
    let all: Vec<Vec<u8>> = (0u8..).zip(lengths).map(|(n, length)| bytes(n, length)).collect();
    let (bundle, packed) = carrying(&all);
    let mut came: Vec<Vec<u8>> = Vec::new();
    let read = Bundle::read_with(packed.as_slice(), &mut |_, number, bytes| {
        if number == 0 {
            came.push(Vec::new());
        }
        assert!(bytes.len() <= PIECE);
        came.last_mut().unwrap().extend_from_slice(bytes);
        Ok(())
    });
    assert_eq!(read.unwrap().manifest(), bundle.manifest());
    assert_eq!(came, all);
    assert_eq!(Bundle::read(packed.as_slice()).unwrap().manifest(), bundle.manifest());
}

/// A bundle with this manifest followed by these entries.
fn by_hand(manifest: &Manifest, entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let first = ("manifest.json".to_owned(), manifest.to_bytes().unwrap());
    for (name, bytes) in std::iter::once(&first).chain(entries) {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    zstd::encode_all(tar.into_inner().unwrap().as_slice(), 1).unwrap()
}

#[test]
fn what_is_not_as_the_manifest_says_is_refused() {
    let (small, large) = (bytes(1, 100), bytes(2, 2 * PIECE + 5));
    let (bundle, _) = carrying(&[small.clone(), large.clone()]);
    let files = &bundle.manifest().files;
    let mut entries = Vec::new();
    for (content, all) in files.iter().zip([&small, &large]) {
        for (number, piece) in (0..).zip(all.chunks(PIECE)) {
            entries.push((content.piece(number).unwrap().name, piece.to_vec()));
        }
    }
    let read = |manifest: &Manifest, entries: &[(String, Vec<u8>)]| {
        let mut handed = 0usize;
        let result = Bundle::read_with(by_hand(manifest, entries).as_slice(), &mut |_, _, _| {
            handed += 1;
            Ok(())
        });
        (result.map(drop).map_err(|e| e.kind), handed)
    };
    let manifest = bundle.manifest();
    assert_eq!(read(manifest, &entries), (Ok(()), 4));
    let wrong = Err(Kind::Untrusted);
    // A changed byte, a missing piece, an extra one, two swapped ones, a shorter one.
    let mut damaged = entries.clone();
    damaged[2].1[7] ^= 1;
    assert_eq!(read(manifest, &damaged), (wrong, 2));
    assert_eq!(read(manifest, &entries[..3]), (wrong, 3));
    let more = [&entries[..], &entries[3..]].concat();
    assert_eq!(read(manifest, &more), (wrong, 4));
    let mut swapped = entries.clone();
    swapped.swap(1, 2);
    assert_eq!(read(manifest, &swapped), (wrong, 1));
    let mut shorter = entries.clone();
    shorter[1].1.pop();
    assert_eq!(read(manifest, &shorter), (wrong, 1));
    // An inconsistent manifest.
    let forged = |forge: &dyn Fn(&mut Vec<BundledContent>)| {
        let mut forged = manifest.clone();
        forge(&mut forged.files);
        read(&forged, &entries).0
    };
    assert_eq!(forged(&|files| files[1].pieces.swap(0, 1)), wrong);
    assert_eq!(forged(&|files| files[1].pieces.truncate(1)), wrong);
    assert_eq!(forged(&|files| files[0].pieces = vec![files[0].blake3]), wrong);
    assert_eq!(forged(&|files| files[1].blake3 = Hash([7; 32])), wrong);
    assert_eq!(forged(&|files| files[0].bytes = u64::MAX), wrong);
    assert_eq!(forged(&|files| files.push(files[0].clone())), wrong);
    assert_eq!(forged(&|files| files.truncate(1)), wrong);
}

#[test]
fn a_content_that_changes_while_it_is_written_is_noticed() {
    let old = bytes(1, 2 * PIECE);
    let mut bundle = Bundle::new(manifest());
    bundle.carry(vec![BundledContent::of(old.as_slice()).unwrap()]);
    for new in [bytes(2, 2 * PIECE), old[..PIECE + 1].to_vec()] {
        let open = |_: &BundledContent| -> Result<Box<dyn Read>> {
            Ok(Box::new(io::Cursor::new(new.clone())))
        };
        assert_eq!(bundle.write_with(io::sink(), &open).unwrap_err().kind, Kind::Refused);
    }
}
