//! A page to be read outside a terminal: nested entries with their facts.

mod entry;
mod html;
mod markdown;

pub(super) use html::markup;
pub(super) use markdown::marked;

pub use entry::{Fact, PageEntry, PrintedPage};

impl PrintedPage {
    /// Returns the page as CommonMark. Texts appear as they were written; nothing in them becomes HTML, a
    /// link or an image.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// Returns the page as one HTML file that is also well-formed XML, refers to nothing outside, and runs
    /// nothing.
    pub fn html(&self) -> String {
        html::write(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Parser, Tag};

    /// Texts that would become markup if they were not escaped.
    const HOSTILE: &[&str] = &[
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</div></body></html><!-- ",
        "&lt;b&gt; &amp; &#x3c;",
        "]]> <![CDATA[ x",
        "[link](javascript:alert(1)) ![image](http://example.org/x.png)",
        "<http://example.org> <a@example.org>",
        "[ref]: http://example.org\n\n[ref]",
        "# heading\n## another\nsetext\n===\nsetext\n---",
        "- list\n+ list\n* list\n1. list\n2) list",
        "> quote\n>> quote",
        "```\nfence\n```\n~~~\nfence\n~~~",
        "    indented\n\tindented",
        "*em* _em_ **strong** __strong__ `code` ~~gone~~",
        "a  \nb\\\nc",
        "---\n***\n___\n- - -",
        "| a | b |\n|---|---|\n| c | d |",
        "\\*not\\* \\\\ \\",
        "\u{1b}[31mred\u{1b}[0m \u{7}",
        "\u{202e}drawkcab \u{2066}x",
        "one\r\ntwo\rthree\u{2028}four",
        "\0null\u{fffe}",
        "\"quoted\" 'quoted' onload=\"x\"",
        "\n\n  blank\n\n\n lines \n",
        "<div\n>\n\n<!--\n\n-->",
        "* * *\n+\n-\n=\n1.\n2)",
        "![x][y] [^1] $x$ :emoji: {% raw %} {{ x }}",
    ];

    fn pages() -> impl Iterator<Item = (String, PrintedPage)> {
        HOSTILE.iter().map(|text| {
            let entry = |inside| PageEntry {
                heading: format!("who said {text}"),
                facts: vec![("sent", (*text).to_owned()), ("", "nothing".to_owned())],
                text: (*text).to_owned(),
                inside,
            };
            let entries = vec![entry(vec![entry(Vec::new())]), entry(Vec::new())];
            let facts = vec![("entity", (*text).to_owned())];
            ((*text).to_owned(), PrintedPage { title: format!("of {text}"), facts, entries })
        })
    }

    /// The text as a reader sees it: escapes shown, and each run of blanks as one space.
    fn seen(text: &str) -> String {
        let shown = crate::ui::escape::lines(text).into_owned();
        let shown = shown.replace(['\u{fffe}', '\0'], "\u{fffd}");
        shown.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn html_is_well_formed_and_shows_every_text_as_it_is() {
        for (text, page) in pages() {
            let html = page.html();
            let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
            let tree = roxmltree::Document::parse_with_options(&html, options)
                .unwrap_or_else(|e| panic!("{text:?}: {e}\n{html}"));
            let names = tree.descendants().filter(|node| node.is_element());
            for node in names {
                let name = node.tag_name().name();
                let known = [
                    "html", "head", "meta", "title", "style", "body", "h1", "article", "h2", "h3",
                    "p", "div", "b", "main", "header",
                ];
                assert!(known.contains(&name), "{text:?} made a <{name}>");
                for attribute in node.attributes() {
                    let known =
                        ["lang", "charset", "name", "content", "http-equiv", "class", "dir"];
                    assert!(known.contains(&attribute.name()), "{text:?}: {attribute:?}");
                }
            }
            let texts: Vec<String> = tree
                .descendants()
                .filter(|node| node.attribute("class") == Some("text"))
                .map(|node| seen(node.text().unwrap_or_default()))
                .collect();
            assert_eq!(texts, vec![seen(&text); if seen(&text).is_empty() { 0 } else { 3 }]);
            assert!(!html.contains('\u{1b}') && !html.contains('\u{202e}'), "{html}");
            assert!(!html.contains("src=") || text.contains("src="), "{html}");
        }
    }

    #[test]
    fn markdown_shows_every_text_as_it_is() {
        for (text, page) in pages() {
            let markdown = page.markdown();
            let mut shown = String::new();
            let mut headings = 0;
            // Smart punctuation may change quotes and dashes.
            let mut dialects = pulldown_cmark::Options::all();
            dialects.remove(pulldown_cmark::Options::ENABLE_SMART_PUNCTUATION);
            for event in Parser::new_ext(&markdown, dialects) {
                match event {
                    Event::Start(Tag::Heading { .. }) => headings += 1,
                    Event::Start(Tag::Paragraph | Tag::BlockQuote(None)) => shown.push(' '),
                    Event::End(_) => shown.push(' '),
                    Event::Start(Tag::Strong) => {}
                    Event::Text(said) => shown.push_str(&said),
                    Event::SoftBreak | Event::HardBreak => shown.push(' '),
                    other => panic!("{text:?} is taken for {other:?}:\n{markdown}"),
                }
            }
            assert_eq!(headings, 4, "{text:?}:\n{markdown}");
            let shown = seen(&shown);
            let (wanted, most) = (seen(&text), seen(&text).len());
            let times = shown.matches(&wanted).count();
            // The title, two facts of the page and of three entries, three headings and three texts.
            assert!(most == 0 || times >= 11, "{times} times {wanted:?} in\n{markdown}\n{shown}");
            assert!(!markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'), "{markdown}");
        }
    }
}
