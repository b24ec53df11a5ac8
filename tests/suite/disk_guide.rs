//! The guide's virtual disks, its attachments and its website root, as written there, compared with what this
//! program does.

use crate::disk_files::put;
use crate::support::*;
use serde_json::{Value, json};
use std::fs;

/// The guide's example: an entity, and the files on its disks.
const EXAMPLE: &str = "
Entity: group:ocean-forest-moon-star
Virtual Disks:
/private/docs/meeting-notes.md → Group documents (markdown)
/shared/images/logo.png → Shared files
/public/website/index.html → Published website
/shared/attachments/screenshot.png → Message attachments
";

/// Its attachment as JSON: the file has a name of its own on the disk.
const ATTACHMENT: &str = r#"{
"file_path": "/shared/attachments/screenshot_123.png",
"filename": "screenshot.png",
"size_bytes": 245678
}"#;

/// The paths of the example.
fn paths() -> Vec<&'static str> {
    let paths = EXAMPLE.lines().filter(|line| line.starts_with('/'));
    paths.filter_map(|line| line.split_once(" → ")).map(|(path, _)| path).collect()
}

/// The content of a file: an image if its name says so, else a text.
fn content(path: &str) -> Vec<u8> {
    match path.ends_with(".png") {
        true => [&b"\x89PNG\r\n\x1a\n\0"[..], path.as_bytes()].concat(),
        false => format!("# {path}\n\nfirst\nlast\n").into_bytes(),
    }
}

fn lying(store: &Store<'_>, path: &str) -> Vec<u8> {
    fs::read(store.dir.join("disks/entities/ocean-forest-moon-star").join(&path[1..])).unwrap()
}

/// Alice's group as in the guide, and Bob, who has what she sent for everybody.
fn disks<'m>(machine: &'m Machine) -> (Store<'m>, Store<'m>) {
    let entity = EXAMPLE.lines().find_map(|line| line.strip_prefix("Entity: ")).unwrap();
    assert_eq!(entity, GROUP);
    let alice = machine.group("alice", &[BOB]);
    paths().into_iter().for_each(|path| put(&alice, path, &content(path)));
    let bob = machine.store("bob", BOB);
    (alice, bob)
}

#[test]
fn the_guides_disks_are_files_that_replicate_in_full_and_texts_that_two_edit() {
    let machine = Machine::new("guide disks");
    let (alice, bob) = disks(&machine);
    assert_eq!(paths().len(), 4);
    let mut listed = column(&alice.json(&["disk", "list"]), "path");
    listed.sort();
    let mut all = paths();
    all.sort_unstable();
    assert_eq!(listed, all);
    paths().into_iter().for_each(|path| assert_eq!(lying(&alice, path), content(path)));
    // Everything but what is private reaches the others.
    bob.ok(&["sync", "import", &alice.export("all.crdt")]);
    let theirs = column(&bob.json(&["disk", "list"]), "path");
    let (private, others): (Vec<&str>, Vec<&str>) =
        all.iter().partition(|path| path.starts_with("/private"));
    assert_eq!((theirs.len(), private.len()), (3, 1));
    others.iter().for_each(|path| assert_eq!(lying(&bob, path), content(path)));
    // Two edit one page of the website at once.
    let page = "/public/website/index.html";
    let edited = |from: &str, to: &str| String::from_utf8(content(page)).unwrap().replace(from, to);
    put(&alice, page, edited("first", "first, says Alice").as_bytes());
    put(&bob, page, edited("last", "last, says Bob").as_bytes());
    bob.ok(&["sync", "import", &alice.export("hers.crdt")]);
    alice.ok(&["sync", "import", &bob.export("his.crdt")]);
    let both = edited("first", "first, says Alice").replace("last", "last, says Bob");
    assert_eq!(String::from_utf8(lying(&alice, page)).unwrap(), both);
    assert_eq!(lying(&bob, page), lying(&alice, page));
}

#[test]
fn the_guides_attachment_bridges_a_message_and_a_file() {
    let machine = Machine::new("guide attachment");
    let (alice, bob) = disks(&machine);
    // As the guide writes it: the record names the file on the disk.
    let attachment: Value = serde_json::from_str(ATTACHMENT).unwrap();
    let path = attachment["file_path"].as_str().unwrap();
    put(&alice, path, &content(path));
    let line = json!({"op": "chat.send", "text": "look", "attachments": [attachment]});
    let dir = text(&alice.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], line.to_string().as_bytes()).ok();
    // By a command: the name stays, with a number if the guide's example already has the file.
    fs::write(machine.path("screenshot.png"), content("mine.png")).unwrap();
    let file = text(&machine.path("screenshot.png"));
    let id = alice.ok(&["chat", "send", "mine", "--attach", &file]);
    let messages = alice.json(&["chat", "list"]);
    let guides = &messages[0]["attachments"][0];
    for (field, value) in attachment.as_object().unwrap() {
        assert_eq!(&guides[field], value, "{field}");
    }
    let ours = &messages[1]["attachments"][0];
    let fields = ["id", "filename", "file_path", "mime_type", "size_bytes"];
    assert!(fields.iter().all(|field| ours.get(*field).is_some()), "{ours}");
    assert_eq!(
        (&ours["filename"], &ours["mime_type"]),
        (&json!("screenshot.png"), &json!("image/png"))
    );
    let put_to = ours["file_path"].as_str().unwrap();
    assert!(put_to.starts_with("/shared/attachments/screenshot") && put_to != path, "{put_to}");
    assert_eq!(lying(&alice, "/shared/attachments/screenshot.png"), content(paths()[3]));
    // Whoever gets the messages has the files.
    bob.ok(&["sync", "import", &alice.export("all.crdt")]);
    assert_eq!(lying(&bob, path), content(path));
    let copy = text(&machine.path("copy.png"));
    bob.ok(&["chat", "attachment", "get", &id, "-O", &copy]);
    assert_eq!(fs::read(copy).unwrap(), content("mine.png"));
}

#[test]
fn the_guides_website_root_is_in_the_metadata_of_the_entity() {
    let machine = Machine::new("guide website");
    let (alice, bob) = disks(&machine);
    let root = alice.ok(&["disk", "publish"]);
    let doc = alice.json(&["doc", "dump", "core"]);
    assert_eq!(doc["metadata"]["website_root"], json!(root));
    // A BLAKE3 hash of the website: of the lines that name its files.
    let index = blake3::hash(&content("/public/website/index.html")).to_hex();
    let sums = format!("{index}  index.html\n");
    assert_eq!(root, blake3::hash(sums.as_bytes()).to_hex().to_string());
    bob.ok(&["sync", "import", &alice.export("all.crdt")]);
    assert_eq!(bob.json(&["entity", "show"])["website_root"], json!(root));
    let copy = text(&bob.dir.join("disks/entities/ocean-forest-moon-star/public/website"));
    bob.run(&["disk", "verify", "--root", &root, &copy]).exits(0);
}
