//! Files that the application keeps as documents of their own: listed beside those on the disks, and read.

use crate::support::*;
use serde_json::json;

const DOC: &str = "file:6d449eaa-972b-4a80-8f17-fb56e47a7ab1:shared:\
                   20d9944f9033c4dd46716844d6964ea7bc7342429644eab1f7b586712208dcb2";
const FILE: &str = "6f937c02-5cb3-4ed0-b8c6-a2e1ccd91689";

#[test]
fn files_that_are_documents_are_listed_and_read() {
    let machine = Machine::new("file documents");
    let store = machine.fixture("real-store");
    let before = files(&store.dir);
    // The store has nothing else of its entity, which is named by its id.
    let listed = store.json(&["-e", "6d449eaa", "disk", "list"]);
    let hash = blake3::hash(b"# Report\n").to_hex().to_string();
    assert_eq!(
        listed,
        json!([{
            "doc": DOC, "id": FILE, "path": "/shared/docs/report.md", "kind": "document",
            "mime_type": "text/markdown", "size_bytes": 9, "blake3": hash,
            "created_at": 1793491200, "updated_at": 1793491200, "encrypted": false,
        }])
    );
    let run = |args: &[&str]| store.run(&[&["-e", "6d449eaa"], args].concat());
    let run_list = run(&["disk", "list"]);
    assert!(run_list.exits(0).stderr.contains("the application stores as a whole"), "{run_list:?}");
    assert_eq!(run(&["disk", "list", "--tree"]).stdout, "shared/\n  docs/\n    report.md\n");
    assert_eq!(run(&["disk", "list", "/shared/*.md", "-o", "id"]).stdout, "");
    assert_eq!(run(&["disk", "list", "/**/*.md", "-o", "id"]).stdout, format!("{FILE}\n"));
    for named in ["/shared/docs/report.md", &FILE[..8], DOC] {
        assert_eq!(run(&["disk", "cat", named]).exits(0).stdout, "# Report\n", "{named}");
    }
    let out = text(&machine.path("copy.md"));
    run(&["disk", "get", "/shared/docs/report.md", "-O", &out]).ok();
    assert_eq!(std::fs::read(&out).unwrap(), b"# Report\n");
    run(&["disk", "cat", "/shared/docs/else.md"]).fails(4, "disk list");
    // Nothing can be put into such an entity, and other commands do not know it.
    run(&["disk", "put", &out, "/shared/a.md"]).exits(4);
    run(&["chat", "list"]).exits(4);

    // The page of an entity beside its files.
    let page = store.json(&["-e", GROUP, "disk", "list"]);
    let page = &page[0];
    assert_eq!(page["doc"], "website:ocean-forest-moon-star");
    assert_eq!((&page["path"], &page["id"]), (&json!("/public/website"), &page["doc"]));
    assert_eq!((&page["mime_type"], &page["size_bytes"]), (&json!("text/html"), &json!(14)));
    let cat = |named: &str| store.ok(&["-e", GROUP, "disk", "cat", named]);
    assert_eq!(cat("/public/website"), "<h1>Hi v2</h1>");
    assert_eq!(cat("website:ocean-forest-moon-star"), "<h1>Hi v2</h1>");
    assert_eq!(files(&store.dir), before);
    // A file on the disks takes precedence over a document with its path.
    let own = machine.group("own", &[]);
    assert_eq!(own.json(&["disk", "list"]), json!([]));
}
