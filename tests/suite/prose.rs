//! Documents of rich-text editors as Markdown and HTML.

use crate::support::*;
use std::path::Path;

fn dump(name: &str, form: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/prose").join(name);
    let machine = Machine::new(&format!("prose {name} {form}"));
    machine.run(&["doc", "dump", &text(&file), "--as", form]).exits(0).stdout.clone()
}

#[test]
fn a_document_of_tiptap_is_read_as_its_editor_shows_it() {
    assert_eq!(
        dump("tiptap.bin", "markdown"),
        "\
## Plan

Mind the **tide**, see [here](https://example.org/a).

- one
  3. in it
- two

<!-- -->

- [x] done
- [ ] open

> first\\
> second

```js
let a = 1
let b = 2
```

| a | b |
| --- | --- |
| 1 | 2 |

---

![A boat](https://example.org/x.png)
"
    );
    let html = dump("tiptap.bin", "html");
    for part in [
        "<h2>Plan</h2>",
        "<p>Mind the <strong>tide</strong>, see <a href=\"https://example.org/a\">here</a>.</p>",
        "<ol start=\"3\">",
        "<li><input type=\"checkbox\" disabled=\"disabled\" checked=\"checked\"/> <p>done</p>",
        "<blockquote>\n<p>first<br/>\nsecond</p>\n</blockquote>",
        "<pre><code class=\"language-js\">let a = 1\nlet b = 2</code></pre>",
        "<tr><td>1</td><td>2</td></tr>",
        "<img src=\"https://example.org/x.png\" alt=\"A boat\"/>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
}

#[test]
fn blocks_of_blocknote_nest() {
    assert_eq!(
        dump("blocknote.bin", "markdown"),
        "\
# Notes

- one
  1. first
  2. second
- two

<!-- -->

- [x] done

plain ~~struck~~

below
"
    );
}

#[test]
fn lines_of_quill_are_what_their_ends_say() {
    assert_eq!(
        dump("quill.bin", "markdown"),
        "\
# Title

Some **bold** text

- one
  1. inner
- two
- [x] ticked

> wise
>
> words

```python
a = 1
b = 2
```

![](https://example.org/x.png)
"
    );
    let html = dump("quill.bin", "html");
    assert!(
        html.contains("<ul>\n<li><p>one</p>\n<ol>\n<li><p>inner</p>\n</li>\n</ol>\n</li>"),
        "{html}"
    );
}
