//! Parsers of Markdown and XML read the output back unchanged.

use super::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

fn run(text: &str) -> ProseRun {
    ProseRun { text: text.to_owned(), ..ProseRun::default() }
}

fn block(within: &[(u32, HolderKind)], kind: ProseKind, runs: Vec<ProseRun>) -> ProseBlock {
    let within = within.iter().map(|(id, kind)| ProseHolder { id: *id, kind: *kind }).collect();
    ProseBlock { within, kind, runs }
}

fn parsed(markdown: &str) -> (String, Vec<String>) {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let (mut text, mut tags) = (String::new(), Vec::new());
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(more) | Event::Code(more) => text.push_str(&more),
            Event::HardBreak | Event::SoftBreak => text.push('\n'),
            Event::Start(Tag::Paragraph) => {}
            Event::Start(Tag::Link { dest_url, .. }) => tags.push(format!("link {dest_url}")),
            Event::Start(Tag::Image { dest_url, .. }) => tags.push(format!("image {dest_url}")),
            Event::Start(Tag::Heading { level, .. }) => tags.push(format!("{level}")),
            Event::Start(tag) => {
                let tag = format!("{tag:?}");
                tags.push(tag.split(['(', '{', ' ']).next().unwrap_or_default().to_owned());
            }
            Event::InlineHtml(tag) | Event::Html(tag) => tags.push(tag.trim().to_string()),
            Event::TaskListMarker(done) => tags.push(format!("task {done}")),
            Event::Rule => tags.push("rule".to_owned()),
            _ => {}
        }
    }
    (text, tags)
}

#[test]
fn markdown_is_read_back_as_it_was_meant() {
    let (list, other) = ((1, HolderKind::Bullets), (5, HolderKind::Numbers(3)));
    let item = |id| (id, HolderKind::Item(None));
    let prose = Prose {
        blocks: vec![
            block(&[], ProseKind::Heading(2), vec![run("# Plan")]),
            block(&[list, item(2)], ProseKind::Paragraph, vec![run("one")]),
            block(
                &[list, item(2), (3, HolderKind::Bullets), item(4)],
                ProseKind::Paragraph,
                vec![run("in it")],
            ),
            block(
                &[list, (9, HolderKind::Item(Some(true)))],
                ProseKind::Paragraph,
                vec![run("done")],
            ),
            block(&[other, item(6)], ProseKind::Paragraph, vec![run("three")]),
            block(&[other, item(7)], ProseKind::Paragraph, vec![run("four")]),
            block(&[other, item(7)], ProseKind::Code("rust".into()), vec![run("let a = \"`\";\n")]),
            block(
                &[(8, HolderKind::Quote)],
                ProseKind::Paragraph,
                vec![
                    run("said "),
                    ProseRun { bold: true, ..run("loud") },
                    run(" and"),
                    ProseRun { italic: true, ..run("close") },
                    ProseRun { link: Some("https://a.b/c_d".into()), ..run("there") },
                    ProseRun { link: Some("javascript:alert(1)".into()), ..run("nowhere") },
                ],
            ),
            block(&[], ProseKind::Rule, Vec::new()),
        ],
    };
    let expected = "## \\# Plan\n\n- one\n  - in it\n- [x] done\n\n<!-- -->\n\n3. three\n4. four\n\n   ```rust\n   \
                    let a = \"`\";\n   ```\n\n> said **loud** and<em>close</em>[there](https://a.b/c%5Fd)nowhere\n\n\
                    ---\n";
    let markdown = prose.markdown();
    assert_eq!(markdown, expected);
    let (text, tags) = parsed(&markdown);
    assert_eq!(text, "# Planonein itdonethreefourlet a = \"`\";\nsaid loud andclosetherenowhere");
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    assert_eq!(
        tags,
        [
            "h2",
            "List",
            "Item",
            "List",
            "Item",
            "Item",
            "task true",
            "HtmlBlock",
            "<!-- -->",
            "List",
            "Item",
            "Item",
            "CodeBlock",
            "BlockQuote",
            "Strong",
            "<em>",
            "</em>",
            "link https://a.b/c%5Fd",
            "rule"
        ]
    );
    let html = prose.html();
    let page = format!("<div>{html}</div>");
    roxmltree::Document::parse(&page).unwrap();
    assert!(html.contains("<ol start=\"3\">\n<li><p>three</p>\n</li>\n<li><p>four</p>"), "{html}");
    assert!(html.contains("checked=\"checked\"") && !html.contains("javascript"), "{html}");
}

/// Any text stays text, with every mark and in every place.
#[test]
fn no_text_becomes_markup() {
    for text in [
        "<script>alert(1)</script>",
        "[link](javascript:alert(1)) ![i](x)",
        "# h",
        "- list",
        "1. list",
        "> quote",
        "```",
        "    code",
        "*em* _em_ **s** `c` ~~g~~",
        "| a | b |",
        "---",
        "a\n- b\n# c\n1) d",
        "\\*not\\*",
        "&lt;b&gt; &amp;",
        "\u{1b}[31mred \u{202e}drawkcab",
        "$x$ :e: {{ x }}",
    ] {
        let look = [
            run(text),
            ProseRun { bold: true, ..run(text) },
            ProseRun { italic: true, strike: true, ..run(text) },
            ProseRun { underline: true, ..run(text) },
            ProseRun { link: Some(format!("https://x/{text}")), ..run(text) },
            ProseRun { picture: Some("https://x/y.png".into()), ..run(text) },
        ];
        for look in look {
            for around in [vec![look.clone()], vec![run("a"), look.clone(), run("b")]] {
                let cell = ProseKind::Table(vec![vec![around.clone(), vec![run("x")]]]);
                for kind in [ProseKind::Paragraph, ProseKind::Heading(1), cell] {
                    let prose = Prose { blocks: vec![block(&[], kind, around.clone())] };
                    let (read, tags) = parsed(&prose.markdown());
                    let plain = |text: &str| -> String {
                        crate::ui::escape::lines(text).split_whitespace().collect()
                    };
                    let meant: String = around.iter().map(|run| plain(&run.text)).collect();
                    let read: String = read.replace('x', "").split_whitespace().collect();
                    assert_eq!(read, meant.replace('x', ""), "{}", prose.markdown());
                    let known = [
                        "Strong",
                        "Emphasis",
                        "Strikethrough",
                        "h1",
                        "Table",
                        "TableHead",
                        "TableCell",
                        "TableRow",
                        "image https://x/y.png",
                    ];
                    let is_known = |tag: &String| {
                        known.contains(&tag.as_str())
                            || tag.starts_with("link https://x/")
                            || matches!(
                                tag.trim_matches(['<', '/', '>']),
                                "strong" | "em" | "s" | "u" | "br"
                            )
                    };
                    assert!(tags.iter().all(is_known), "{tags:?}: {}", prose.markdown());
                    roxmltree::Document::parse(&format!("<div>{}</div>", prose.html())).unwrap();
                }
            }
        }
    }
}
