//! A website: its pages, as a browser and a file system see them, and what is published of it.

use crate::disk_files::place;
use crate::support::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOME: &str = "# Ocean friends\n\nWe *sail* on Sundays: [the harbour](docs/harbour%20plan.md), \
    [![map](map.png)](map.png) and <https://example.org>.\n\n| boat | crew |\n|---|--:|\n| Ada | 3 |\n\n\
    - [x] paint\n- [ ] sweep\n\n```sh\necho \"a long line that does not fit on a telephone, however \
    it is held, and so it has to scroll by itself\"\n```\n";
const HOSTILE: &str = "<script>document.title = 'bad'</script>\n\n# Plan <img src=x onerror=\"alert(1)\">\n\n\
    [one](javascript:alert(1)) [two](data:text/html,x) [three](../../../../etc/passwd)\n\n\
    <iframe src=\"https://example.org\"></iframe> ![far](https://example.org/x.png)\n\n\
    > averyverylongwordthatnobodycanreadandthathastobebrokensomewhereoritwouldmakethepagewider\n";

/// A store with a website, and the directory of its pages.
fn with_pages(machine: &Machine) -> (Store<'_>, PathBuf) {
    let alice = machine.group("a", &[]);
    let site = machine.path("site");
    fs::create_dir_all(site.join("docs")).unwrap();
    fs::write(site.join("index.md"), HOME).unwrap();
    fs::write(site.join("docs/harbour plan.md"), HOSTILE).unwrap();
    fs::write(site.join("docs/it's \u{e9}.md"), "# It's\n\n[back](../)\n").unwrap();
    let png = include_bytes!("../fixtures/pixel.png");
    fs::write(site.join("map.png"), png).unwrap();
    fs::write(site.join("own.html"), "<!DOCTYPE html><title>own</title>").unwrap();
    alice.ok(&["disk", "put", "-r", &text(&site), "/public/website"]);
    (alice, machine.path("pages"))
}

#[test]
fn a_website_is_written_as_pages_that_lead_to_one_another() {
    let machine = Machine::new("pages");
    let (alice, pages) = with_pages(&machine);
    let dry = alice.run(&["disk", "publish", "--html", &text(&pages), "-n"]);
    dry.exits(0);
    assert!(dry.stderr.contains("would write") && !pages.exists(), "{dry:?}");
    let run = alice.run(&["disk", "publish", "--html", &text(&pages)]);
    run.exits(0);
    assert_eq!(run.stdout.trim().len(), 64, "the root is the answer");
    assert!(run.stderr.contains("wrote 4 pages and 2 other files to"), "{}", run.stderr);
    assert!(run.stderr.contains("docs/harbour plan.md: javascript:alert(1)"), "{}", run.stderr);
    let written: BTreeMap<PathBuf, Vec<u8>> = files(&pages);
    let names: Vec<&str> = written.keys().map(|path| path.to_str().unwrap()).collect();
    let all = ["docs/harbour plan.html", "docs/index.html", "docs/it's \u{e9}.html", "index.html"];
    assert_eq!(names, [&all[..], &["map.png", "own.html"]].concat());
    // Whatever a page refers to exists, or is an external link to click.
    let (mut inside, mut outside) = (0, 0);
    for page in all {
        let html = fs::read_to_string(pages.join(page)).unwrap();
        for part in html.split(" href=\"").chain(html.split(" src=\"")).skip(1) {
            let Some((href, _)) = part.split_once('"') else { continue };
            if href.contains('<') || href.starts_with("http") {
                outside += usize::from(href == "https://example.org");
                continue;
            }
            let path = href.replace("%20", " ").replace("%27", "'").replace("%C3%A9", "\u{e9}");
            let there = pages.join(page).parent().unwrap().join(&path);
            assert!(there.is_file(), "{page} refers to {href}");
            inside += 1;
        }
        assert!(!html.contains("<script") && !html.contains("javascript:"), "{html}");
        assert!(!html.contains("onerror") && !html.contains("<iframe"), "{html}");
    }
    assert!(inside > 15 && outside == 1, "{inside} {outside}");
    // Nothing is overwritten, and nothing is written into a store.
    alice.run(&["disk", "publish", "--html", &text(&pages)]).fails(1, "is not empty");
    assert_eq!(files(&pages), written);
    let own = text(&alice.dir.join("disks/pages"));
    alice.run(&["disk", "publish", "--html", &own]).fails(1, "belongs to a store");
}

/// A browser, if the machine has one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name)));
    found.into_iter().find(|file| file.is_file())
}

/// Renders a page in a browser at this width; returns its output.
fn draw(browser: &Path, home: &Path, page: &Path, picture: &Path, width: u32) -> String {
    let run = Command::new(browser)
        .env("HOME", home)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--hide-scrollbars", "--enable-logging=stderr", "--v=0"])
        // It contacts nobody.
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
        .args(["--disable-sync", "--disable-quic"])
        .arg(format!("--user-data-dir={}", home.join("browser").display()))
        .arg(format!("--window-size={width},900"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", page.display().to_string().replace(' ', "%20")))
        .output()
        .unwrap();
    String::from_utf8_lossy(&run.stderr).into_owned()
}

#[test]
fn a_browser_shows_the_pages_on_a_telephone_and_on_a_desk() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium is here to look at the pages");
        return;
    };
    let machine = Machine::new("browser");
    let (alice, pages) = with_pages(&machine);
    alice.ok(&["disk", "publish", "--html", &text(&pages)]);
    for (page, width) in [("index.html", 390), ("docs/harbour plan.html", 1280)] {
        let picture = machine.path("picture.png");
        let said = draw(&browser, &machine.path("home"), &pages.join(page), &picture, width);
        assert!(!said.contains("CONSOLE"), "{page}: {said}");
        let png = fs::read(&picture).unwrap_or_else(|e| panic!("no picture: {e}\n{said}"));
        let wide = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert!(wide == width && png.len() > 8_000, "{page}: {wide} pixels, {} bytes", png.len());
        if let Some(kept) = std::env::var_os("CRDTCTL_PICTURES") {
            fs::copy(&picture, Path::new(&kept).join(format!("{width}.png"))).unwrap();
        }
    }
}

#[test]
fn who_shows_the_entity_hears_that_its_website_was_changed() {
    let machine = Machine::new("site, changed");
    let alice = machine.group("a", &[]);
    let put = |page: &[u8]| {
        let args = ["-s", &text(&alice.dir), "disk", "put", "-", "/public/website/index.md"];
        machine.run_with_stdin(&args, page).ok();
    };
    put(b"# Hello\n");
    alice.ok(&["disk", "publish"]);
    let said =
        || alice.run(&["entity", "show"]).stderr.contains("has changed since it was published");
    assert!(!said());
    put(b"# Changed\n");
    assert!(said());
    alice.ok(&["disk", "publish"]);
    assert!(!said());
}

/// Another program writes a file of the group, with the directories around it.
fn write(store: &Store<'_>, path: &str, content: &str) {
    let file = place(store, path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

#[test]
fn who_publishes_or_verifies_hears_of_names_that_begin_with_a_dot() {
    let machine = Machine::new("site, hidden");
    let alice = machine.group("a", &[]);
    write(&alice, "/public/website/index.md", "# Hello\n");
    let plain = alice.run(&["disk", "publish"]);
    plain.exits(0);
    assert!(!plain.stderr.contains("with a dot"), "{}", plain.stderr);
    write(&alice, "/public/website/.htaccess", "deny\n");
    write(&alice, "/public/website/.well-known/security.txt", "mail us\n");
    write(&alice, "/public/.elsewhere", "not of the website\n");
    alice.run(&["disk", "status"]).exits(0);
    alice.is_so_already(&["disk", "scan"]);
    let run = alice.run(&["disk", "publish"]);
    let root = run.ok();
    assert_eq!(root, plain.ok(), "they are not published");
    assert!(run.stderr.contains("left out /public/website/.htaccess and 1 more"), "{}", run.stderr);
    let site = text(&place(&alice, "/public/website"));
    let verified = machine.run(&["disk", "verify", "--root", &root, &site]);
    verified.exits(0);
    assert!(verified.stderr.contains("left out 2 files"), "{}", verified.stderr);

    // Those that are named are files like any other.
    let file = text(&place(&alice, "/public/website/.htaccess"));
    alice.ok(&["disk", "put", &file, "/public/website/.htaccess"]);
    write(&alice, "/public/website/.htaccess", "allow\n");
    assert_eq!(alice.json(&["disk", "scan"])["edited"], json!(["/public/website/.htaccess"]));
    let run = alice.run(&["disk", "publish"]);
    let root = run.ok();
    assert!(run.stderr.contains("left out /public/website/.well-known, "), "{}", run.stderr);
    fs::write(&file, "deny\n").unwrap();
    let verified = machine.run(&["disk", "verify", "--root", &root, &site, "--json"]);
    assert_eq!(verified.exits(3).parsed(), json!([{"path": ".htaccess", "finding": "differs"}]));
    // A tree is put with them.
    alice.ok(&["disk", "put", "-r", &site, "/public/copy"]);
    let copied = "/public/copy/.well-known/security.txt";
    assert!(alice.column(&["disk", "list"], "path").contains(&copied.to_owned()));
}

#[test]
fn what_is_wrong_with_a_website_is_mended_by_publishing_it() {
    let machine = Machine::new("site, findings");
    let alice = machine.group("a", &[]);
    write(&alice, "/public/website/index.md", "# Hello\n");
    let root = alice.ok(&["disk", "publish"]);
    let kinds = || alice.column(&["check"], "kind");
    assert_eq!(kinds(), Vec::<String>::new());
    // Without its sums nobody can verify it; other sums verify another website.
    alice.ok(&["disk", "remove", "/public/website/B3SUMS"]);
    assert_eq!(column(&alice.run(&["check", "--json"]).parsed(), "kind"), ["site-changed"]);
    assert_eq!(alice.ok(&["disk", "publish"]), root);
    assert_eq!(kinds(), Vec::<String>::new());
    write(&alice, "/public/website/B3SUMS", "nothing\r\n");
    alice.ok(&["disk", "scan"]);
    assert_eq!(column(&alice.run(&["check", "--json"]).parsed(), "kind"), ["site-changed"]);
    assert_eq!(alice.ok(&["disk", "publish"]), root);
    assert_eq!(kinds(), Vec::<String>::new());
    // Where nothing is, nothing can be published.
    alice.ok(&["disk", "remove", "-r", "/public/website"]);
    alice.run(&["disk", "publish"]).exits(4);
    assert_eq!(kinds(), Vec::<String>::new());
    alice.run(&["disk", "status"]).exits(0);
    assert!(!alice.run(&["entity", "show"]).stderr.contains("disk publish"));
}
