//! Private disks: their names and contents reach replicas of the same member, and nobody else.

use crate::disk_files::{place, put};
use crate::support::*;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

const WORDS: &[u8] = b"zanzibar is where the treasure lies\n";
const BYTES: &[u8] = b"\x00\x01quetzalcoatl\x00\xff";

/// A store of Alice's with something on each disk.
fn with_secrets(machine: &Machine) -> Store<'_> {
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/private/xylophone.md", WORDS);
    put(&alice, "/private/deep/wolpertinger.bin", BYTES);
    put(&alice, "/shared/common.md", b"for everybody\n");
    alice
}

/// All bytes of a file, unpacked if it is packed.
fn unpacked(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    zstd::decode_all(bytes.as_slice()).unwrap_or(bytes)
}

/// Whether a file reveals anything private: a name, a word, a hash.
fn tells(file: &Path) -> bool {
    let bytes = unpacked(file);
    let hashes = [WORDS, BYTES].map(|bytes| blake3::hash(bytes).to_hex().to_string());
    let names = ["xylophone", "wolpertinger", "zanzibar", "quetzalcoatl", "disk-private"];
    names.into_iter().chain(hashes.iter().map(String::as_str)).any(|word| {
        bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    })
}

#[test]
fn no_bundle_for_others_tells_anything() {
    let machine = Machine::new("private");
    let alice = with_secrets(&machine);
    let bob = machine.replica_of(&alice, "b", BOB);
    let file = |name: &str| text(&machine.path(name));
    let receipt = file("receipt of bob.crdt");
    bob.ok(&["sync", "receipt", "-O", &receipt]);
    alice.ok(&["sync", "import", &receipt]);
    alice.send("news");
    let stick = file("usb");
    fs::create_dir(&stick).unwrap();
    let exports: &[&[&str]] = &[
        &["sync", "export", "-O", "all"],
        &["sync", "export", "--with-archive", "-O", "with archive"],
        &["sync", "export", "-e", GROUP, "-O", "entity"],
        &["sync", "export", "--doc", "disk", "-O", "document"],
        &["sync", "export", "--for", BOB, "-O", "for bob"],
        &["sync", "export", "--since", "receipt of bob.crdt", "-O", "since"],
        &["sync", "export", "--raw", "disk", "-O", "raw"],
        &["sync", "receipt", "-O", "own receipt"],
        &["sync", "stick", "usb"],
        &["doc", "anonymize", "disk-private", "-O", "anonymous"],
    ];
    for args in exports {
        let is_file = |at: usize| at + 1 == args.len() || args[at].ends_with(".crdt");
        let named =
            |(at, arg): (usize, &&str)| if is_file(at) { file(arg) } else { (*arg).to_owned() };
        let args: Vec<String> = args.iter().enumerate().map(named).collect();
        let run = alice.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        run.exits(0);
        let whole = ["-O", "--doc", "--raw", "receipt", "anonymize"];
        let leaves_out = !args.iter().any(|arg| whole[1..].contains(&arg.as_str()));
        let said = run.stderr.contains("left out the private disk");
        assert_eq!(said, leaves_out, "{args:?}: {}", run.stderr);
    }
    let mut written: Vec<PathBuf> =
        exports.iter().map(|args| machine.path(args[args.len() - 1])).collect();
    written.retain(|path| path.is_file());
    written.extend(fs::read_dir(&stick).unwrap().map(|entry| entry.unwrap().path()));
    assert!(written.len() > 10, "{written:?}");
    for file in written {
        let name = file.file_name().unwrap().to_string_lossy();
        // Whoever anonymises the document asks for its own id.
        assert!(!tells(&file) || name == "anonymous", "{}", file.display());
        assert!(!unpacked(&file).windows(8).any(|w| w == b"zanzibar"), "{}", file.display());
        assert!(!unpacked(&file).windows(9).any(|w| w == b"xylophone"), "{}", file.display());
    }
    for args in [["sync", "export", "--doc"], ["sync", "export", "--raw"]] {
        let out = file("refused");
        let run = alice.run(&[&args[..], &["disk-private", "-O", &out]].concat());
        run.fails(1, "is a private disk").fails(1, "--for");
        assert!(!Path::new(&out).exists());
    }

    // He has the same as she, in everything that both may have.
    bob.ok(&["sync", "import", &file("for bob")]);
    assert_eq!(alice.ok(&["digest"]), bob.ok(&["digest"]));
    assert_eq!(bob.json(&["disk", "list"])[0]["path"], "/shared/common.md");
    assert!(bob.json(&["disk", "list"]).as_array().unwrap().len() == 1);
    let status = alice.json(&["sync", "status"]).to_string();
    assert!(!status.contains("disk-private"), "{status}");
}

#[test]
fn another_replica_of_the_member_gets_all_of_it() {
    let machine = Machine::new("private of two");
    let alice = with_secrets(&machine);
    let other = machine.store("other", ALICE);
    let bob = machine.replica_of(&alice, "b", BOB);
    let file = |name: &str| text(&machine.path(name));
    // Nothing came from there yet; she is named by her own id.
    let first = file("first.crdt");
    let run = alice.run(&["sync", "export", "--for", ALICE, "-O", &first]);
    run.exits(0);
    assert!(tells(Path::new(&first)) && !run.stderr.contains("left out"), "{run:?}");
    other.ok(&["sync", "import", &first]);
    assert_eq!(fs::read(place(&other, "/private/xylophone.md")).unwrap(), WORDS);
    assert_eq!(fs::read(place(&other, "/private/deep/wolpertinger.bin")).unwrap(), BYTES);

    // Bob gets it by mistake, and imports the rest.
    let run = bob.run(&["sync", "import", &first]);
    run.exits(0);
    assert!(run.stderr.contains("left out the private disk of another member"), "{run:?}");
    assert!(!bob.ok(&["doc", "list"]).contains("disk-private"));
    assert!(!place(&bob, "/private").exists());
    assert!(bob.files().values().all(|bytes| !bytes.windows(8).any(|w| w == b"zanzibar")));

    // Both edit; both have both edits, and a bundle for everybody in between undoes nothing.
    put(&other, "/private/xylophone.md", &[WORDS, b"north of it\n"].concat());
    let back = file("back.crdt");
    other.ok(&["sync", "export", "--for", ALICE, "-O", &back]);
    put(&alice, "/private/xylophone.md", &[b"# Treasure\n", WORDS].concat());
    alice.ok(&["sync", "import", &back]);
    let both = [b"# Treasure\n", WORDS, b"north of it\n"].concat();
    assert_eq!(fs::read(place(&alice, "/private/xylophone.md")).unwrap(), both);
    let common = file("common.crdt");
    other.ok(&["sync", "export", "-O", &common]);
    alice.ok(&["sync", "import", &common]);
    let next = file("next.crdt");
    let told = alice.json(&["sync", "export", "--for", ALICE, "-O", &next]);
    assert_eq!(told["files"], 0, "the contents are there: {told}");
    other.ok(&["sync", "import", &next]);
    assert_eq!(fs::read(place(&other, "/private/xylophone.md")).unwrap(), both);

    // Removed here and edited there: kept. Then removed, and gone for good once both know.
    alice.ok(&["disk", "remove", "/private/xylophone.md"]);
    put(&other, "/private/xylophone.md", b"all is new\n");
    let [there, here] = [file("there.crdt"), file("here.crdt")];
    other.ok(&["sync", "export", "--for", ALICE, "-O", &there]);
    alice.ok(&["sync", "import", &there]);
    assert_eq!(alice.ok(&["disk", "cat", "/private/xylophone.md"]), "all is new");
    alice.ok(&["disk", "remove", "/private/xylophone.md"]);
    alice.ok(&["disk", "restore", "/private/xylophone.md"]);
    alice.ok(&["disk", "remove", "/private/xylophone.md"]);
    alice.ok(&["sync", "export", "--for", ALICE, "-O", &here]);
    other.ok(&["sync", "import", &here]);
    assert!(!place(&other, "/private/xylophone.md").exists());
    let paths = |store: &Store<'_>| store.json(&["disk", "list", "-a"]).to_string();
    assert!(!paths(&other).contains("xylophone"), "{}", paths(&other));
}

#[test]
fn it_belongs_to_the_member_of_the_replica_and_moves_only_by_hand() {
    let machine = Machine::new("private of one");
    let alice = with_secrets(&machine);
    alice.run(&["--as", BOB, "disk", "put", "/etc/hostname", "/private/b"]).fails(1, "is alice");
    // Moved between disks it is another file, and bytes that are no text move with it.
    for (from, to) in [
        ("/private/deep/wolpertinger.bin", "/shared/shown.bin"),
        ("/shared/shown.bin", "/private/again.bin"),
        ("/private/xylophone.md", "/public/note.md"),
        ("/public/note.md", "/private/xylophone.md"),
    ] {
        let before = fs::read(place(&alice, from)).unwrap();
        alice.ok(&["disk", "move", from, to]);
        assert!(!place(&alice, from).exists(), "{from}");
        assert_eq!(fs::read(place(&alice, to)).unwrap(), before, "{to}");
    }
    alice
        .run(&["disk", "move", "/private/again.bin", "/shared/common.md"])
        .fails(1, "is already there");
    // What other programs write into the directory is taken in, and so is what they move.
    fs::write(place(&alice, "/private/by hand.md"), "by hand\n").unwrap();
    fs::rename(place(&alice, "/private/again.bin"), place(&alice, "/private/moved.bin")).unwrap();
    let taken = alice.json(&["disk", "scan"]);
    assert_eq!(taken["added"], json!(["/private/by hand.md"]));
    assert_eq!(taken["moved"], json!([["/private/again.bin", "/private/moved.bin"]]));
    alice.run(&["disk", "status"]).exits(0);
    // By its id, and in commands on directories.
    let id = alice.json(&["disk", "show", "/private/by hand.md"])["id"].clone();
    assert_eq!(alice.ok(&["disk", "cat", id.as_str().unwrap()]), "by hand");
    let out = text(&machine.path("out"));
    alice.ok(&["disk", "get", "-r", "/private", "-O", &out]);
    assert_eq!(fs::read(machine.path("out").join("moved.bin")).unwrap(), BYTES);
    alice.ok(&["disk", "remove", "-r", "/private"]);
    assert!(!place(&alice, "/private").join("moved.bin").exists());
    // It can be reverted, too.
    alice.ok(&["disk", "move", "/shared/common.md", "/private/common.md"]);
    let seq = alice.json(&["log", "--limit", "1"])[0]["seq"].to_string();
    alice.ok(&["log", "revert", &seq]);
    assert_eq!(alice.json(&["disk", "list"])[0]["path"], "/shared/common.md");
}
