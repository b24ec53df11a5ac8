//! Reads formatted text from shared types in the vocabularies of ProseMirror, Tiptap and BlockNote (XML) and
//! of Quill (texts).

use crate::crdt::types::{DeltaRun, Insert, SharedType, SharedTypes, SharedValue, TypeKind};
use crate::ui::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun};
use crate::wire::Value;
use std::collections::BTreeMap;

/// How many nested quotations and lists are shown; anything deeper stays in the innermost of them.
const DEPTH: usize = 40;

/// Returns a root as formatted text.
pub fn prose(types: &SharedTypes, root: SharedType) -> Prose {
    let mut writer = ProseReader { types, blocks: Vec::new(), next: 0 };
    match types.kind(root) {
        TypeKind::Text => writer.quill(root),
        _ => writer.nodes(root),
    }
    Prose { blocks: writer.blocks }
}

struct ProseReader<'t> {
    types: &'t SharedTypes,
    blocks: Vec<ProseBlock>,
    next: u32,
}

/// A node still to be written, and its containers.
type OpenNode = (SharedType, Vec<ProseHolder>);

impl<'t> ProseReader<'t> {
    fn holder(&mut self, within: &[ProseHolder], kind: HolderKind) -> Vec<ProseHolder> {
        let mut within = within.to_vec();
        if within.len() < DEPTH {
            self.next += 1;
            within.push(ProseHolder { id: self.next, kind });
        }
        within
    }

    fn push(&mut self, within: Vec<ProseHolder>, kind: ProseKind, runs: Vec<ProseRun>) {
        self.blocks.push(ProseBlock { within, kind, runs });
    }

    /// Keeps the open nodes in a list rather than recursing.
    fn nodes(&mut self, root: SharedType) {
        let mut open: Vec<OpenNode> = Vec::new();
        self.children(root, &[], &mut open);
        while let Some((node, within)) = open.pop() {
            self.node(node, within, &mut open);
        }
    }

    /// Queues the containers in a node, in order, to be written next. Adjacent BlockNote items form one list.
    fn children(&mut self, node: SharedType, within: &[ProseHolder], open: &mut Vec<OpenNode>) {
        let from = open.len();
        let mut list: Option<(String, Vec<ProseHolder>)> = None;
        for part in self.types.elements(node) {
            let SharedValue::Type(inner) = part else { continue };
            let content = match self.name(inner).as_str() {
                "blockcontainer" => self.first(inner).unwrap_or(inner),
                _ => inner,
            };
            let name = self.name(content);
            let kind = match name.as_str() {
                "bulletlistitem" | "checklistitem" => HolderKind::Bullets,
                "numberedlistitem" => {
                    HolderKind::Numbers(self.number(content, &["start"]).unwrap_or(1))
                }
                _ => {
                    list = None;
                    open.push((inner, within.to_vec()));
                    continue;
                }
            };
            let of_list = match &list {
                Some((of, holders)) if *of == name => holders.clone(),
                _ => self.holder(within, kind),
            };
            list = Some((name.clone(), of_list.clone()));
            let done = (name == "checklistitem").then(|| self.is(content, "checked"));
            let item = self.holder(&of_list, HolderKind::Item(done));
            open.push((content, item.clone()));
            if content != inner {
                // The block's nested content follows its own text.
                let nested = self.types.elements(inner).skip(1).filter_map(|part| match part {
                    SharedValue::Type(nested) => Some((nested, item.clone())),
                    _ => None,
                });
                open.extend(nested);
            }
        }
        if let Some(added) = open.get_mut(from..) {
            added.reverse();
        }
    }

    fn node(&mut self, node: SharedType, within: Vec<ProseHolder>, open: &mut Vec<OpenNode>) {
        if self.types.kind(node).is_text() {
            let runs = self.inline(node);
            return self.push(within, ProseKind::Paragraph, runs);
        }
        let name = self.name(node);
        match name.as_str() {
            "heading" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let by_name = || name.strip_prefix('h').and_then(|level| level.parse().ok());
                let level = self.number(node, &["level"]).or_else(by_name).unwrap_or(1);
                let runs = self.inline(node);
                self.push(within, ProseKind::Heading(level.clamp(1, 6) as u8), runs);
            }
            "codeblock" => {
                let language = self.text(node, &["language", "params"]).unwrap_or_default();
                let runs = self.inline(node);
                self.push(within, ProseKind::Code(language), runs);
            }
            "horizontalrule" | "divider" | "hr" => self.push(within, ProseKind::Rule, Vec::new()),
            "image" | "imageblock" | "video" | "file" | "audio" => {
                let runs = vec![self.picture(node)];
                self.push(within, ProseKind::Paragraph, runs);
            }
            "table" => {
                let rows = self.table(node);
                self.push(within, ProseKind::Table(rows), Vec::new());
            }
            "blockquote" | "quote" => {
                let within = self.holder(&within, HolderKind::Quote);
                match self.holds_blocks(node) {
                    true => self.children(node, &within, open),
                    false => {
                        let runs = self.inline(node);
                        self.push(within, ProseKind::Paragraph, runs);
                    }
                }
            }
            "bulletlist" | "tasklist" | "ul" => {
                let within = self.holder(&within, HolderKind::Bullets);
                self.children(node, &within, open);
            }
            "orderedlist" | "ol" => {
                let from = self.number(node, &["start", "order"]).unwrap_or(1);
                let within = self.holder(&within, HolderKind::Numbers(from));
                self.children(node, &within, open);
            }
            "listitem" | "taskitem" | "li" => {
                let done = (name == "taskitem").then(|| self.is(node, "checked"));
                let within = self.holder(&within, HolderKind::Item(done));
                self.children(node, &within, open);
            }
            _ if self.holds_blocks(node) => self.children(node, &within, open),
            _ => {
                let runs = self.inline(node);
                self.push(within, ProseKind::Paragraph, runs);
            }
        }
    }

    /// Whether a node contains blocks: at least one element, and no text beside it.
    fn holds_blocks(&self, node: SharedType) -> bool {
        let mut blocks = false;
        for part in self.types.elements(node) {
            match part {
                SharedValue::Type(inner) if self.types.kind(inner).is_text() => return false,
                SharedValue::Type(inner) => blocks |= !is_inline(&self.name(inner)),
                _ => {}
            }
        }
        blocks
    }

    /// Returns all text in a node. Keeps open parts in a list rather than recursing.
    fn inline(&self, node: SharedType) -> Vec<ProseRun> {
        let mut runs = Vec::new();
        let mut open = vec![SharedValue::Type(node)];
        while let Some(part) = open.pop() {
            let SharedValue::Type(node) = part else {
                runs.extend(embed(&part));
                continue;
            };
            if self.types.kind(node).is_text() {
                for DeltaRun { insert, attributes } in self.types.delta(node) {
                    match insert {
                        Insert::Text(text) => runs.push(marked(text, &attributes)),
                        Insert::Embed(part) => runs.extend(embed(&part)),
                    }
                }
                continue;
            }
            match self.name(node).as_str() {
                "hardbreak" | "br" => runs.push(plain("\n")),
                "image" => runs.push(self.picture(node)),
                "mention" => {
                    let who = self.text(node, &["label", "user", "name", "id"]).unwrap_or_default();
                    runs.push(plain(&format!("@{who}")));
                }
                _ => {
                    let from = open.len();
                    open.extend(self.types.elements(node));
                    if let Some(added) = open.get_mut(from..) {
                        added.reverse();
                    }
                }
            }
        }
        runs
    }

    fn picture(&self, node: SharedType) -> ProseRun {
        let shows = self.text(node, &["alt", "caption", "title", "name"]).unwrap_or_default();
        ProseRun { text: shows, picture: self.text(node, &["src", "url"]), ..ProseRun::default() }
    }

    fn table(&self, node: SharedType) -> Vec<Vec<Vec<ProseRun>>> {
        let mut rows = Vec::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let inner = self.types.elements(node).filter_map(|part| match part {
                SharedValue::Type(inner) => Some(inner),
                _ => None,
            });
            let inner: Vec<SharedType> = inner.collect();
            match matches!(self.name(node).as_str(), "tablerow" | "tr") {
                true => rows.push(inner.into_iter().map(|cell| self.inline(cell)).collect()),
                false => open.extend(inner.into_iter().rev()),
            }
        }
        rows
    }

    /// The name of a node, in lower case without `_` and `-`.
    fn name(&self, node: SharedType) -> String {
        self.types.name(node).replace(['_', '-'], "").to_ascii_lowercase()
    }

    fn first(&self, node: SharedType) -> Option<SharedType> {
        self.types.elements(node).find_map(|part| match part {
            SharedValue::Type(inner) => Some(inner),
            _ => None,
        })
    }

    fn field(&self, node: SharedType, names: &[&str]) -> Option<Value> {
        names.iter().find_map(|name| {
            self.types.fields(node).find_map(|(key, part)| match part {
                SharedValue::Value(value) if key == *name && value != Value::Null => Some(value),
                _ => None,
            })
        })
    }

    fn text(&self, node: SharedType, names: &[&str]) -> Option<String> {
        self.field(node, names)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn number(&self, node: SharedType, names: &[&str]) -> Option<u32> {
        number(&self.field(node, names)?)
    }

    fn is(&self, node: SharedType, name: &str) -> bool {
        self.field(node, &[name]).is_some_and(|value| is_true(&value))
    }

    /// Writes a Quill text: the formats of the line feed that ends a line say what kind of line it is.
    fn quill(&mut self, text: SharedType) {
        let mut line: Vec<ProseRun> = Vec::new();
        let mut lists: Vec<(u32, HolderKind)> = Vec::new();
        let runs = self.types.delta(text);
        for DeltaRun { insert, attributes } in runs {
            let text = match insert {
                Insert::Text(text) => text,
                Insert::Embed(part) => {
                    line.extend(embed(&part));
                    continue;
                }
            };
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once('\n') {
                if !before.is_empty() {
                    line.push(marked(before.to_owned(), &attributes));
                }
                self.line(std::mem::take(&mut line), &attributes, &mut lists);
                rest = after;
            }
            if !rest.is_empty() {
                line.push(marked(rest.to_owned(), &attributes));
            }
        }
        if !line.is_empty() {
            self.line(line, &BTreeMap::new(), &mut lists);
        }
    }

    fn line(
        &mut self,
        runs: Vec<ProseRun>,
        formats: &BTreeMap<String, Value>,
        lists: &mut Vec<(u32, HolderKind)>,
    ) {
        let text = |name: &str| formats.get(name).and_then(|value| value.as_str());
        let indent = formats.get("indent").and_then(number).unwrap_or(0) as usize;
        let (list, done) = match text("list") {
            Some("ordered") => (Some(HolderKind::Numbers(1)), None),
            Some("checked") => (Some(HolderKind::Bullets), Some(true)),
            Some("unchecked") => (Some(HolderKind::Bullets), Some(false)),
            Some(_) => (Some(HolderKind::Bullets), None),
            None => (None, None),
        };
        let Some(kind) = list else {
            lists.clear();
            return self.plain_line(runs, formats);
        };
        // Each level of indent takes one id for the list and one for its item.
        let depth = indent.min(DEPTH / 2 - 1) * 2;
        lists.truncate(depth + 1);
        if lists.get(depth).is_some_and(|(_, of)| *of != kind) {
            lists.truncate(depth);
        }
        while lists.len() <= depth {
            let is_list = lists.len().is_multiple_of(2);
            self.next += 1;
            lists.push((self.next, if is_list { kind } else { HolderKind::Item(None) }));
        }
        self.next += 1;
        lists.push((self.next, HolderKind::Item(done)));
        let within = lists.iter().map(|(id, kind)| ProseHolder { id: *id, kind: *kind }).collect();
        self.push(within, ProseKind::Paragraph, runs);
    }

    fn plain_line(&mut self, mut runs: Vec<ProseRun>, formats: &BTreeMap<String, Value>) {
        if let Some(code) = formats.get("code-block").filter(|value| is_true(value)) {
            let language =
                code.as_str().filter(|name| *name != "plain").unwrap_or_default().to_owned();
            runs.push(plain("\n"));
            match self.blocks.last_mut() {
                Some(ProseBlock { kind: ProseKind::Code(of), runs: before, .. })
                    if *of == language =>
                {
                    before.append(&mut runs);
                }
                _ => self.push(Vec::new(), ProseKind::Code(language), runs),
            }
            return;
        }
        if let Some(level) = formats.get("header").and_then(number) {
            return self.push(Vec::new(), ProseKind::Heading(level.clamp(1, 6) as u8), runs);
        }
        if formats.get("blockquote").is_some_and(is_true) {
            // Consecutive quoted lines form one quotation.
            let before = self.blocks.last().map(|block| block.within.clone());
            let is_quote = |within: &Vec<ProseHolder>| matches!(within.as_slice(), [one] if one.kind == HolderKind::Quote);
            let within = match before.filter(is_quote) {
                Some(within) => within,
                None => self.holder(&[], HolderKind::Quote),
            };
            return self.push(within, ProseKind::Paragraph, runs);
        }
        if !runs.is_empty() {
            self.push(Vec::new(), ProseKind::Paragraph, runs);
        }
    }
}

fn is_inline(name: &str) -> bool {
    matches!(name, "hardbreak" | "br" | "mention" | "emoji" | "inlinemath")
}

fn plain(text: &str) -> ProseRun {
    ProseRun { text: text.to_owned(), ..ProseRun::default() }
}

/// Text with its formats. y-prosemirror names marks that may occur twice `mark--hash`.
fn marked(text: String, formats: &BTreeMap<String, Value>) -> ProseRun {
    let mut run = ProseRun { text, ..ProseRun::default() };
    for (name, value) in formats.iter().filter(|(_, value)| is_true(value)) {
        let name = name.split_once("--").map_or(name.as_str(), |(name, _)| name);
        match name {
            "bold" | "strong" | "b" => run.bold = true,
            "italic" | "em" | "i" => run.italic = true,
            "strike" | "s" | "strikethrough" => run.strike = true,
            "underline" | "u" => run.underline = true,
            "code" => run.code = true,
            "link" | "a" => run.link = address(value),
            _ => {}
        }
    }
    run
}

fn address(value: &Value) -> Option<String> {
    let of = |name| value.as_map().and_then(|fields| fields.get(name)).and_then(Value::as_str);
    value.as_str().or_else(|| of("href")).map(str::to_owned)
}

/// An object embedded in a text.
fn embed(part: &SharedValue<'_>) -> Option<ProseRun> {
    let SharedValue::Value(value) = part else { return None };
    let fields = value.as_map()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(picture) = text("image").or_else(|| text("video")) {
        let shows = text("alt").unwrap_or_default();
        return Some(ProseRun { text: shows, picture: Some(picture), ..ProseRun::default() });
    }
    if let Some(formula) = text("formula") {
        return Some(ProseRun { text: formula, code: true, ..ProseRun::default() });
    }
    let who = fields.get("mention").and_then(Value::as_map).and_then(|m| m.get("value"));
    Some(plain(&format!("@{}", who.and_then(Value::as_str)?)))
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null | Value::Undefined | Value::Bool(false) => false,
        Value::String(text) => text != "false",
        _ => true,
    }
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Int(n) => u32::try_from(*n).ok(),
        Value::Number(n) if n.fract() == 0.0 && (0.0..1e9).contains(n) => Some(*n as u32),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
