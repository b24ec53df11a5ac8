use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every page of a small site, its well-formed tree read back.
fn pages(texts: &[(&str, &str)], files: &[&str]) -> Vec<SitePage> {
    let mut site = Site::new("Harbour \"<b>'&");
    texts.iter().for_each(|(path, text)| site.add_page(path, text));
    files.iter().for_each(|path| site.add_file(path));
    let pages = texts.iter().map(|(path, text)| site.page(path, text));
    pages.chain(site.indexes()).collect()
}

/// What a page refers to, wherever it does.
fn references(page: &SitePage) -> Vec<String> {
    placed_references(page).into_iter().map(|(_, to)| to).collect()
}

/// The same, each with whether it is in the navigation.
fn placed_references(page: &SitePage) -> Vec<(bool, String)> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let tree = roxmltree::Document::parse_with_options(&page.html, options)
        .unwrap_or_else(|e| panic!("{e}\n{}", page.html));
    let mut found = Vec::new();
    for node in tree.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        let known = [
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "nav",
            "main",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "p",
            "ul",
            "ol",
            "li",
            "a",
            "img",
            "em",
            "strong",
            "del",
            "code",
            "pre",
            "blockquote",
            "hr",
            "br",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "input",
        ];
        assert!(known.contains(&name), "a <{name}> in {}", page.html);
        for attribute in node.attributes() {
            let known = match name {
                "a" => vec!["href", "title", "aria-current", "rel"],
                "img" => vec!["src", "alt", "title"],
                "meta" => vec!["charset", "name", "content", "http-equiv"],
                "input" => vec!["type", "checked", "disabled"],
                "ol" => vec!["start"],
                "html" => vec!["lang"],
                "code" => vec!["class"],
                "th" | "td" => vec!["style"],
                _ => vec!["class", "dir", "id", "aria-label"],
            };
            assert!(known.contains(&attribute.name()), "{attribute:?} in {}", page.html);
            if matches!(attribute.name(), "href" | "src") {
                let leads =
                    node.ancestors().any(|up| matches!(up.tag_name().name(), "nav" | "header"));
                found.push((leads, attribute.value().to_owned()));
            }
        }
    }
    found
}

/// The references of a text on a page of its own, those of the frame aside.
fn of(text: &str) -> Vec<String> {
    let texts = [("docs/page.md", text), ("docs/other one.md", "# Other"), ("a'b\"c<d.md", "odd")];
    let page = &pages(&texts, &["docs/map.png", "javascript:x.png"])[0];
    let frame = &pages(&[("docs/page.md", ""), texts[1], texts[2]], &[])[0];
    let frame = placed_references(frame);
    let (leads, said): (Vec<_>, Vec<_>) =
        placed_references(page).into_iter().partition(|(leads, _)| *leads);
    assert_eq!(leads, frame, "the frame is not the text's");
    said.into_iter().map(|(_, to)| to).collect()
}

#[test]
fn nothing_of_a_text_runs_or_is_fetched() {
    for text in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "text <b onclick=\"x()\">bold</b> <svg/onload=alert(1)>",
        "</main></body></html><script src=//evil.example></script><!-- ",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](<java\tscript:alert(1)>)",
        "[x](<  javascript:alert(1)>)",
        "[x](java&Tab;script&colon;alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](javascript&#58;alert(1))",
        "[x](java%0ascript:alert(1))",
        "[x](\u{1}javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[x](vbscript:msgbox) [x](file:///etc/passwd) [x](blob:x) [x](about:blank)",
        "<javascript:alert(1)>",
        "[x](//evil.example/y) [x](/\\evil.example) [x](\\\\evil.example)",
        "[x](../../../../etc/passwd) [x](%2e%2e/%2e%2e/%2e%2e/x) [x](..%2f..%2fx)",
        "[x]: javascript:alert(1)\n\n[x] ![x]",
        "[x](\"onmouseover=alert(1) y) ![\" onerror=\"alert(1)](nothing.png)",
        "![x](javascript:x.png)",
        "| a |\n|---|\n| <script>x</script> |",
        "```\"><script>x</script>\ncode\n```",
        "<style>*{display:none}</style><base href=//evil.example><meta http-equiv=refresh content=0>",
        "<iframe src=x></iframe>\n\n<object data=x></object>\n<form action=//e><input></form>",
    ] {
        assert_eq!(of(text), Vec::<String>::new(), "{text:?}");
    }
    // Where something is left, it is harmless.
    assert_eq!(
        of("[x](http://a.example/?q=\"><script>)"),
        ["http://a.example/?q=%22%3E%3Cscript%3E"]
    );
    assert_eq!(of("![far](https://a.example/x.png)"), ["https://a.example/x.png"]);
    assert_eq!(of("[![far](https://a.example/x.png)](https://b.example)"), ["https://b.example"]);
    assert_eq!(of("<me@a.example> [m](mailto:me@a.example)"), ["mailto:me@a.example"; 2]);
}

#[test]
fn links_lead_to_pages_and_files_of_the_site() {
    for (text, href) in [
        ("[x](<other one.md>)", "./other%20one.html"),
        ("[x](other%20one.md#part-2)", "./other%20one.html#part-2"),
        ("[x](./other%20one.html)", "./other%20one.html"),
        ("[x](/docs/other%20one.md)", "./other%20one.html"),
        ("[x](../docs/)", "./index.html"),
        ("[x](/)", "../index.html"),
        ("[x](..)", "../index.html"),
        ("[x](<../a'b\"c%3Cd.md>)", "../a%27b%22c%3Cd.html"),
        ("![x](map.png)", "./map.png"),
        ("[x](#part)", "#part"),
    ] {
        assert_eq!(of(text), [href], "{text:?}");
    }
    let page = &pages(&[("page.md", "[gone](gone.md) and ![far](../x.png)")], &[])[0];
    assert_eq!(page.dangling, ["gone.md", "../x.png"]);
    assert!(page.html.contains("gone and far"), "{}", page.html);
}

#[test]
fn every_page_is_reached_from_the_index() {
    let texts = [
        ("index.md", "# Welcome\n\nHere."),
        ("a.md", "no heading"),
        ("deep/er/x.markdown", "# X &amp; `y`"),
        ("deep/a'b\"c.md", "---\ntitle: front\n---\n# Odd <i>name</i>"),
        ("README.MD", "setext\n===\n"),
    ];
    let pages = pages(&texts, &["logo.png"]);
    let by_path: BTreeMap<&str, &SitePage> =
        pages.iter().map(|page| (page.path.as_str(), page)).collect();
    let paths: Vec<&str> = by_path.keys().copied().collect();
    let all = [
        "README.html",
        "a.html",
        "deep/a'b\"c.html",
        "deep/er/index.html",
        "deep/er/x.html",
        "deep/index.html",
        "index.html",
    ];
    assert_eq!(paths, all);
    let (mut seen, mut next) = (BTreeSet::new(), vec!["index.html".to_owned()]);
    while let Some(path) = next.pop() {
        let page = by_path[path.as_str()];
        if seen.insert(path.clone()) {
            for href in references(page) {
                assert!(!href.starts_with(['/', '#']), "{href}");
                // As a browser resolves it.
                let there = links::resolve(&path, &href).unwrap();
                assert!(by_path.contains_key(there.as_str()), "{path} → {href} → {there}");
                next.push(there);
            }
        }
    }
    assert_eq!(seen.len(), all.len());
    assert!(by_path["deep/a'b\"c.html"].html.contains("<title>Odd name · "));
    assert!(by_path["index.html"].html.contains("Welcome"));
    assert!(by_path["deep/er/x.html"].html.contains("<title>X &amp; y · "));
}

/// The bytes of all pages of a site with this many of them in one directory, which link to their neighbours
/// and the index.
fn bytes_of(count: usize, dir: &str) -> usize {
    let mut site = Site::new("Log");
    let path = |n: usize| format!("{dir}{n:06}.md");
    (0..count).for_each(|n| site.add_page(&path(n), "# A day\n\nIt rained.\n"));
    let page = site.page(&path(7), "").html;
    let index = links::relative(&page_of(&path(7)), &format!("{dir}{INDEX}"));
    for to in ["./000006.html", "./000008.html", &index] {
        assert!(page.contains(&format!("href=\"{to}\"")), "{to} {page}");
    }
    assert!(!page.contains("000005"), "{page}");
    let pages = (0..count).map(|n| site.page(&path(n), "It rained.").html.len()).sum::<usize>();
    let indexes = site.indexes();
    assert!(indexes.iter().any(|index| index.html.matches("<li>").count() >= count));
    pages + indexes.iter().map(|index| index.html.len()).sum::<usize>()
}

#[test]
fn a_site_is_as_many_times_as_large_as_it_has_pages() {
    for dir in ["", "log/", "log/of/a/year/"] {
        let (few, many) = (bytes_of(100, dir), bytes_of(3_200, dir));
        assert!(many < few * 33, "{dir:?}: {few} and {many} bytes");
    }
}

#[test]
fn what_would_have_one_name_is_said() {
    let mut site = Site::new("s");
    for path in ["a.md", "a.markdown", "b.md", "c.md"] {
        site.add_page(path, "x");
    }
    site.add_file("b.html");
    assert_eq!(site.hidden(), ["a.markdown", "b.md"]);
    assert!(!Site::is_page(".md") && !Site::is_page("d/.md") && Site::is_page("x.Md"));
}

#[test]
fn texts_as_long_as_a_file_may_be_are_rendered_in_time() {
    let length = 1 << 18;
    for unit in ["[", "![a](", "> ", "*a ", "`", "- ", "<a ", "| ", "&#", "[a](b ", "#\n", "a]("] {
        let text = unit.repeat(length / unit.len());
        let page = &pages(&[("x.md", &text)], &[])[0];
        assert!(page.html.ends_with("</html>\n"), "{unit:?}");
    }
}
