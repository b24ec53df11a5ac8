use super::*;
use crate::error::Kind;
use crate::id::DocId;
use crate::sync::manifest::{Has, LogRange};
use crate::sync::tests::manifest;
use std::io::{self, Write};

fn entry(doc: &str) -> BundledDocument {
    BundledDocument {
        doc: DocId::parse(doc).unwrap(),
        file: None,
        bytes: 0,
        blake3: None,
        needs: BTreeMap::new(),
        has: Has {
            state_vector: BTreeMap::from([(7, 3), (1 << 49, 1)]),
            delete_set: Hash([1; 32]),
        },
        sum: None,
        digest: Some(Hash([2; 32])),
        log: LogRange { after: 0, upto: 3 },
        applied: BTreeMap::from([("replica-b".to_owned(), 9)]),
        pruned: Vec::new(),
    }
}

/// Two documents with updates and one receipt.
fn sample() -> Bundle {
    let mut bundle = Bundle::new(manifest());
    bundle.push(entry("group:a:core"), Some(vec![0, 0]));
    bundle.push(entry("group:a:kanban"), None);
    bundle.push(entry("group:a:chat"), Some(vec![9; 600]));
    bundle
}

fn packed(bundle: &Bundle) -> Vec<u8> {
    let mut bytes = Vec::new();
    bundle.write(&mut bytes).unwrap();
    bytes
}

/// A bundle made by hand: entries as (name, type, content).
fn by_hand(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    compress(&tar.into_inner().unwrap())
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn manifest_bytes() -> Vec<u8> {
    sample().manifest().to_bytes().unwrap()
}

/// The sample's entries in order, to be modified by a test.
fn entries<'a>(manifest: &'a [u8], chat: &'a [u8]) -> Vec<(&'a str, tar::EntryType, &'a [u8])> {
    let regular = tar::EntryType::Regular;
    vec![
        ("manifest.json", regular, manifest),
        ("docs/0001.update", regular, &[0, 0]),
        ("docs/0002.update", regular, chat),
    ]
}

#[track_caller]
fn refused_as_untrusted(bytes: &[u8], words: &str) {
    let error = Bundle::read(bytes).unwrap_err();
    assert_eq!(error.kind, Kind::Untrusted, "{error:?}");
    let told = format!("{} {}", error.message, error.causes().join(" "));
    assert!(told.contains(words), "{told:?} does not say {words:?}");
}

#[test]
fn what_is_written_is_read_back() {
    let bundle = sample();
    let bytes = packed(&bundle);
    assert_eq!(Bundle::read(bytes.as_slice()).unwrap(), bundle);
    assert_eq!(bytes, packed(&bundle), "the same bundle has the same bytes");
    let parts: Vec<_> =
        bundle.documents().map(|(document, part)| (document.doc.as_str(), part)).collect();
    assert_eq!(
        parts,
        [
            ("group:a:core", Some(&[0u8, 0][..])),
            ("group:a:kanban", None),
            ("group:a:chat", Some(&[9u8; 600][..]))
        ]
    );
}

#[test]
fn the_manifest_has_the_documented_names() {
    let json: serde_json::Value = serde_json::from_slice(&manifest_bytes()).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        keys(&json),
        ["format", "bundle", "created_at", "from", "for", "seq", "full", "documents"]
    );
    assert_eq!(
        keys(&json["documents"][0]),
        ["doc", "file", "bytes", "blake3", "needs", "has", "digest", "log", "applied"]
    );
    assert_eq!(keys(&json["documents"][0]["has"]), ["state_vector", "delete_set"]);
    assert_eq!(json["documents"][0]["has"]["state_vector"]["562949953421312"], 1);
    assert_eq!(json["documents"][0]["file"], "docs/0001.update");
    assert!(json["documents"][1]["file"].is_null());
}

#[test]
fn a_bundle_made_with_tar_by_hand_is_read() {
    let manifest = manifest_bytes();
    let chat = [9; 600];
    let mut all = entries(&manifest, &chat);
    assert_eq!(Bundle::read(by_hand(&all).as_slice()).unwrap(), sample());
    let regular = tar::EntryType::Regular;
    all.push(("manifest.json.sig", regular, b"z"));
    let read = Bundle::read(by_hand(&all).as_slice()).unwrap();
    assert_eq!(read.manifest(), sample().manifest());
    assert_eq!(read.notes().len(), 1);
}

#[test]
fn unknown_keys_are_ignored_and_unknown_formats_refused() {
    let mut json: serde_json::Value = serde_json::from_slice(&manifest_bytes()).unwrap();
    json["later"] = serde_json::json!({"x": [1, 2]});
    json["documents"][0]["later"] = true.into();
    assert_eq!(Manifest::parse(json.to_string().as_bytes()).unwrap(), *sample().manifest());
    json["format"] = "crdtctl-bundle/2".into();
    let error = Manifest::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind, Kind::Untrusted);
    assert!(format!("{:?}", error.hint).contains("newer crdtctl"));
}

#[test]
fn a_wrong_manifest_is_refused() {
    let wrong: [(&str, serde_json::Value); 14] = [
        ("/bundle", "no uuid".into()),
        ("/seq", (-1).into()),
        ("/from/replica", "".into()),
        ("/from/replica", "bell\u{7}".into()),
        ("/from/member", "two words".into()),
        ("/documents/0/doc", "nothing".into()),
        ("/documents/0/doc", "group:a:chat".into()),
        ("/documents/0/file", "docs/0002.update".into()),
        ("/documents/0/file", "../../etc/passwd".into()),
        ("/documents/0/file", serde_json::Value::Null),
        ("/documents/0/bytes", (limits::UPDATE_BYTES + 1).into()),
        ("/documents/0/log/after", 4.into()),
        ("/documents/0/has/state_vector/7", limits::CLOCK_END.into()),
        ("/documents/0/digest", "00".into()),
    ];
    for (pointer, value) in wrong {
        let mut json: serde_json::Value = serde_json::from_slice(&manifest_bytes()).unwrap();
        *json.pointer_mut(pointer).unwrap() = value;
        let error = Manifest::parse(json.to_string().as_bytes()).expect_err(pointer);
        assert_eq!(error.kind, Kind::Untrusted, "{pointer}");
    }
    let deep = [b"{\"format\":".to_vec(), vec![b'['; 1 << 20]].concat();
    assert_eq!(Manifest::parse(&deep).unwrap_err().kind, Kind::Untrusted);
}

#[test]
fn the_parts_are_those_of_the_manifest() {
    let manifest = manifest_bytes();
    let chat = [9; 600];
    let all = entries(&manifest, &chat);

    refused_as_untrusted(&by_hand(&all[..2]), "is missing");
    refused_as_untrusted(&by_hand(&all[1..]), "begins with");
    refused_as_untrusted(&by_hand(&[]), "empty");
    refused_as_untrusted(&by_hand(&entries(&manifest, &[8; 600])), "hash");
    refused_as_untrusted(&by_hand(&entries(&manifest, &[9; 601])), "bytes");

    let regular = tar::EntryType::Regular;
    let mut twice = all.clone();
    twice.push(("docs/0002.update", regular, &chat));
    refused_as_untrusted(&by_hand(&twice), "twice");
    let mut second = all.clone();
    second.push(("manifest.json", regular, &manifest));
    refused_as_untrusted(&by_hand(&second), "twice");
    let mut unlisted = all.clone();
    unlisted.push(("docs/0003.update", regular, &[0, 0]));
    refused_as_untrusted(&by_hand(&unlisted), "not in the bundle's manifest");
}

#[test]
fn tricks_of_tar_are_refused() {
    use tar::EntryType;
    let manifest = manifest_bytes();
    let chat = [9; 600];
    let tricks: [(&str, EntryType, &[u8]); 12] = [
        ("/etc/passwd", EntryType::Regular, b"x"),
        ("../up", EntryType::Regular, b"x"),
        ("./manifest.json", EntryType::Regular, b"x"),
        ("docs/", EntryType::Directory, b""),
        ("docs/0003.update", EntryType::Directory, b""),
        ("docs/0003.update", EntryType::Symlink, b""),
        ("archive/x", EntryType::Link, b""),
        ("disk/x", EntryType::Fifo, b""),
        ("disk/x", EntryType::Char, b""),
        ("docs/0003.update", EntryType::GNUSparse, b"x"),
        ("././@LongLink", EntryType::GNULongName, b"docs/0002.update"),
        ("pax", EntryType::XHeader, b"30 path=docs/0002.update\n"),
    ];
    for trick in tricks {
        let mut all = entries(&manifest, &chat);
        all.push(trick);
        let error = Bundle::read(by_hand(&all).as_slice()).expect_err(trick.0);
        assert_eq!(error.kind, Kind::Untrusted, "{trick:?}");
        let first = Bundle::read(by_hand(&[trick]).as_slice()).expect_err(trick.0);
        assert_eq!(first.kind, Kind::Untrusted, "{trick:?}");
    }
}

#[test]
fn sizes_that_only_a_header_claims_cost_nothing() {
    for (name, size) in [
        ("manifest.json", u64::MAX),
        ("manifest.json", limits::UPDATE_BYTES),
        ("manifest.json", limits::UPDATE_BYTES + 1),
        ("manifest.json", limits::BUNDLE_UNPACKED_BYTES + 1),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_cksum();
        refused_as_untrusted(&compress(header.as_bytes()), "");
    }
}

#[test]
fn a_bomb_fails_by_what_it_unpacks_to() {
    let mut header = tar::Header::new_ustar();
    header.set_path(SIGNATURE).unwrap();
    header.set_size(limits::BUNDLE_UNPACKED_BYTES - 1);
    header.set_cksum();
    let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    let manifest = manifest_bytes();
    let mut first = tar::Header::new_ustar();
    first.set_size(manifest.len() as u64);
    tar.append_data(&mut first, "manifest.json", manifest.as_slice()).unwrap();
    let start = tar.into_inner().unwrap();
    zstd.write_all(&start[..start.len() - 1024]).unwrap();
    zstd.write_all(header.as_bytes()).unwrap();
    io::copy(&mut io::repeat(0).take(limits::BUNDLE_UNPACKED_BYTES), &mut zstd).unwrap();
    let bomb = zstd.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    refused_as_untrusted(&bomb, "unpacks to more than");
}

#[test]
fn a_window_beyond_eight_mebibytes_is_refused() {
    // The widest window a frame can request, in a header of six bytes: memory that is never used.
    let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00];
    refused_as_untrusted(&wide, "requires too much memory");
}

#[test]
fn a_file_beyond_its_limit_is_refused_unread() {
    // A skippable frame of zstd.
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 0xff, 0xff, 0xff, 0x7f];
    let error = Bundle::read(skipped.chain(io::repeat(0))).unwrap_err();
    assert_eq!(error.kind, Kind::Untrusted);
    assert!(error.message.contains("67108864"), "{error}");
}

#[test]
fn too_many_entries_are_refused() {
    let many = |n: usize| (0..n).map(|n| entry(&format!("group:a{n}:core"))).collect();
    let manifest = |n| Manifest { documents: many(n), ..manifest() }.to_bytes().unwrap();
    let read = |manifest: &[u8]| by_hand(&[(MANIFEST, tar::EntryType::Regular, manifest)]);
    assert!(Bundle::read(read(&manifest(limits::BUNDLE_ENTRIES)).as_slice()).is_ok());
    refused_as_untrusted(&read(&manifest(limits::BUNDLE_ENTRIES + 1)), "malformed");
}

#[test]
fn nothing_follows_the_end() {
    let whole = packed(&sample());
    let mut unpacked = zstd::decode_all(whole.as_slice()).unwrap();
    assert!(Bundle::read(compress(&unpacked).as_slice()).is_ok());
    unpacked.extend([0; 10_240]);
    assert!(Bundle::read(compress(&unpacked).as_slice()).is_ok(), "tar pads to whole records");
    unpacked.push(1);
    refused_as_untrusted(&compress(&unpacked), "after its end");
    refused_as_untrusted(&[whole.as_slice(), b"more"].concat(), "damaged");
    refused_as_untrusted(b"", "");
    refused_as_untrusted(b"no bundle", "damaged");
}

#[test]
fn a_failing_input_is_no_malformed_bundle() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the stick was pulled out"))
        }
    }
    assert_eq!(Bundle::read(Broken).unwrap_err().kind, Kind::Io);
}

#[test]
fn every_damaged_byte_is_noticed() {
    let bundle = sample();
    let whole = packed(&bundle);
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            match Bundle::read(bytes.as_slice()) {
                Ok(read) => assert_eq!(read, bundle, "byte {at} ^ {flip:#x}"),
                Err(error) => assert_eq!(error.kind, Kind::Untrusted, "byte {at} ^ {flip:#x}"),
            }
        }
    }
    for length in 0..whole.len() {
        assert!(Bundle::read(&whole[..length]).is_err(), "cut to {length}");
    }
}

#[test]
fn damage_inside_the_archive_never_panics() {
    let unpacked = zstd::decode_all(packed(&sample()).as_slice()).unwrap();
    for at in (0..unpacked.len()).filter(|at| unpacked[*at] != 0 || at % 7 == 0) {
        let mut bytes = unpacked.clone();
        bytes[at] ^= 0x11;
        if let Err(error) = Bundle::read(compress(&bytes).as_slice()) {
            assert_eq!(error.kind, Kind::Untrusted, "byte {at}: {error:?}");
        }
    }
}

#[test]
fn a_writer_keeps_the_bounds_of_readers() {
    let mut large = Bundle::new(manifest());
    large.push(entry("group:a:chat"), Some(vec![0; limits::UPDATE_BYTES as usize + 1]));
    let error = large.write(Vec::new()).unwrap_err();
    assert_eq!(error.kind, Kind::Refused);
    assert!(error.message.contains("group:a:chat"), "{error}");

    let mut many = Bundle::new(manifest());
    for n in 0..=limits::BUNDLE_ENTRIES {
        many.push(entry(&format!("group:{n}:chat")), None);
    }
    assert_eq!(many.write(Vec::new()).unwrap_err().kind, Kind::Refused);
}
