//! A document as JSON: plain, as Yjs' `toJSON` makes it, or each value with its type.

use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use super::delta::{DeltaRun, Insert};
use super::out::{DeepJson, JsonOut, built};
use super::typed;
use crate::wire::Value;
use std::collections::BTreeMap;
use std::io;

/// How content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// As Yjs' `toJSON` shows it: maps as objects, arrays as arrays, texts and XML as strings.
    Plain,
    /// As `Plain`, but texts with formats or embeds as their delta, and XML in a form that can be parsed.
    Records,
    /// Each value with its type, so that nothing is lost.
    Tagged,
    /// Plain, inside XML. XML nested in it is cut: in a text within a text within a text, every quote would
    /// have twice as many backslashes as at the level before.
    WithinXml,
}

/// What is still to be written.
enum Todo<'t> {
    Fields(Box<dyn Iterator<Item = (&'t str, SharedValue<'t>)> + 't>),
    Elements(Box<dyn Iterator<Item = SharedValue<'t>> + 't>),
    Runs(std::vec::IntoIter<DeltaRun<'t>>),
    /// A key and what follows it.
    Key(&'static str, Box<Todo<'t>>),
    Begin(char),
    End(char),
    Attributes(BTreeMap<String, Value>),
}

impl SharedTypes {
    /// Writes all roots as one object.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut JsonOut<'_>, form: JsonForm) -> io::Result<()> {
        out.begin('{')?;
        for (name, container) in self.live_roots() {
            out.key(name)?;
            self.write_part(out, SharedValue::Type(container), form)?;
        }
        out.end('}')
    }

    /// Writes one value with everything in it.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_part<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        part: SharedValue<'t>,
        form: JsonForm,
    ) -> io::Result<()> {
        let mut todo: Vec<Todo<'t>> = Vec::new();
        self.write_one(out, part, form, &mut todo)?;
        while let Some(mut next) = todo.pop() {
            match &mut next {
                Todo::Begin(bracket) => out.begin(*bracket)?,
                Todo::End(bracket) => out.end(*bracket)?,
                Todo::Attributes(attributes) => attributes_to(out, attributes, form)?,
                Todo::Key(..) => {
                    if let Todo::Key(key, inner) = next {
                        out.key(key)?;
                        todo.push(*inner);
                    }
                }
                Todo::Fields(fields) => {
                    if let Some((key, part)) = fields.next() {
                        out.key(key)?;
                        todo.push(next);
                        self.write_one(out, part, form, &mut todo)?;
                    }
                }
                Todo::Elements(elements) => {
                    if let Some(part) = elements.next() {
                        todo.push(next);
                        self.write_one(out, part, form, &mut todo)?;
                    }
                }
                Todo::Runs(runs) => {
                    if let Some(run) = runs.next() {
                        todo.push(next);
                        self.write_run(out, run, form, &mut todo)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes one run of a delta: `{"insert": …, "attributes": {…}}`.
    fn write_run<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        run: DeltaRun<'t>,
        form: JsonForm,
        todo: &mut Vec<Todo<'t>>,
    ) -> io::Result<()> {
        out.begin('{')?;
        todo.push(Todo::End('}'));
        if !run.attributes.is_empty() {
            todo.push(Todo::Attributes(run.attributes));
        }
        out.key("insert")?;
        match run.insert {
            Insert::Text(text) => out.string(&text),
            Insert::Embed(part) => self.write_one(out, part, form, todo),
        }
    }

    /// Writes an empty value, and begins any other.
    fn write_one<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        part: SharedValue<'t>,
        form: JsonForm,
        todo: &mut Vec<Todo<'t>>,
    ) -> io::Result<()> {
        match part {
            SharedValue::Value(value) if form == JsonForm::Tagged => typed::value(out, &value),
            SharedValue::Value(value) => out.value(&value),
            SharedValue::Deep(bytes) => typed::deep(out, bytes, form == JsonForm::Tagged),
            SharedValue::Document(guid) if form == JsonForm::Tagged => typed::document(out, guid),
            SharedValue::Document(guid) => {
                out.begin('{')?;
                out.key("guid")?;
                out.string(guid)?;
                out.end('}')
            }
            SharedValue::Type(container) => match form {
                JsonForm::Tagged => self.write_typed(out, container, todo),
                JsonForm::Records => self.write_record(out, container, todo),
                JsonForm::WithinXml if self.kind(container).is_xml() => out.string("…"),
                JsonForm::Plain | JsonForm::WithinXml => self.write_plain(out, container, todo),
            },
        }
    }

    fn write_plain<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        container: SharedType,
        todo: &mut Vec<Todo<'t>>,
    ) -> io::Result<()> {
        let fields = || Todo::Fields(Box::new(self.fields(container)));
        let elements = || Todo::Elements(Box::new(self.elements(container)));
        match self.kind(container) {
            TypeKind::Text => out.string(&self.plain_text(container)),
            TypeKind::XmlElement | TypeKind::XmlFragment | TypeKind::XmlText => {
                out.string(&self.yjs_xml(container))
            }
            TypeKind::Array if self.keyed(container).is_empty() => {
                out.begin('[')?;
                todo.extend([Todo::End(']'), elements()]);
                Ok(())
            }
            // One root used as two types: both are shown.
            TypeKind::Array => {
                out.begin('{')?;
                todo.extend([Todo::End('}'), Todo::End('}'), fields(), Todo::Begin('{')]);
                let nothing = Todo::Elements(Box::new(std::iter::empty()));
                todo.push(Todo::Key("fields", Box::new(nothing)));
                todo.extend([Todo::End(']'), elements()]);
                out.key("elements")?;
                out.begin('[')
            }
            TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => {
                out.begin('{')?;
                todo.extend([Todo::End('}'), fields()]);
                Ok(())
            }
        }
    }

    /// Writes the delta of a text as JSON.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_delta(&self, out: &mut JsonOut<'_>, container: SharedType) -> io::Result<()> {
        out.begin('[')?;
        for run in self.delta(container) {
            let mut todo = Vec::new();
            self.write_run(out, run, JsonForm::Plain, &mut todo)?;
            self.finish(out, todo)?;
        }
        out.end(']')
    }

    fn finish<'t>(&'t self, out: &mut JsonOut<'_>, mut todo: Vec<Todo<'t>>) -> io::Result<()> {
        // Only ends, attributes, and at most an embedded container are left.
        while let Some(next) = todo.pop() {
            match next {
                Todo::End(bracket) => out.end(bracket)?,
                Todo::Begin(bracket) => out.begin(bracket)?,
                Todo::Attributes(attributes) => attributes_to(out, &attributes, JsonForm::Plain)?,
                Todo::Key(key, inner) => {
                    out.key(key)?;
                    todo.push(*inner);
                }
                Todo::Fields(fields) => {
                    for (key, part) in fields {
                        out.key(key)?;
                        self.write_part(out, part, JsonForm::Plain)?;
                    }
                }
                Todo::Elements(elements) => {
                    for part in elements {
                        self.write_part(out, part, JsonForm::Plain)?;
                    }
                }
                Todo::Runs(_) => {}
            }
        }
        Ok(())
    }

    /// Returns a container as JSON on one line.
    pub fn json_text(&self, container: SharedType, form: JsonForm) -> String {
        let mut bytes = Vec::new();
        // Writing to a vector cannot fail.
        let part = SharedValue::Type(container);
        let written = self.write_part(&mut JsonOut::new(&mut bytes, false), part, form);
        written.map(|()| String::from_utf8(bytes).unwrap_or_default()).unwrap_or_default()
    }

    /// Returns all roots as one value, as [`JsonForm::Plain`] writes them.
    ///
    /// # Errors
    /// `Bug` if bytes that were read before cannot be read again.
    pub fn to_json(&self) -> crate::error::Result<DeepJson> {
        built(|out| self.write_json(out, JsonForm::Plain))
    }

    /// Returns one value as it would be written.
    ///
    /// # Errors
    /// As [`SharedTypes::to_json`].
    pub fn part_to_json(
        &self,
        part: SharedValue<'_>,
        form: JsonForm,
    ) -> crate::error::Result<DeepJson> {
        built(|out| self.write_part(out, part, form))
    }

    /// Writes a container in the form of [`JsonForm::Records`].
    fn write_record<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        container: SharedType,
        todo: &mut Vec<Todo<'t>>,
    ) -> io::Result<()> {
        match self.kind(container) {
            TypeKind::XmlElement | TypeKind::XmlFragment | TypeKind::XmlText => {
                out.string(&self.xml(container))
            }
            TypeKind::Text if self.is_rich(container) => {
                let runs = Todo::Runs(self.delta(container).into_iter());
                if self.keyed(container).is_empty() {
                    todo.extend([Todo::End(']'), runs]);
                    return out.begin('[');
                }
                out.begin('{')?;
                let nothing = || Box::new(Todo::Elements(Box::new(std::iter::empty())));
                let fields = Todo::Fields(Box::new(self.fields(container)));
                todo.extend([Todo::End('}'), Todo::End(']'), runs, Todo::Begin('[')]);
                todo.push(Todo::Key("delta", nothing()));
                todo.extend([Todo::End('}'), fields]);
                out.key("attributes")?;
                out.begin('{')
            }
            _ => self.write_plain(out, container, todo),
        }
    }
}

fn attributes_to(
    out: &mut JsonOut<'_>,
    attributes: &BTreeMap<String, Value>,
    form: JsonForm,
) -> io::Result<()> {
    out.key("attributes")?;
    out.begin('{')?;
    for (key, value) in attributes {
        out.key(key)?;
        if form == JsonForm::Tagged { typed::value(out, value)? } else { out.value(value)? }
    }
    out.end('}')
}

impl SharedTypes {
    /// Begins a container: `v` is the content of a map, an array or a text; elements have `name`,
    /// `attributes` and `children`, texts with formats or embeds `delta`, texts with attributes `attributes`.
    fn write_typed<'t>(
        &'t self,
        out: &mut JsonOut<'_>,
        container: SharedType,
        todo: &mut Vec<Todo<'t>>,
    ) -> io::Result<()> {
        let kind = self.kind(container);
        let nothing = || Box::new(Todo::Elements(Box::new(std::iter::empty())));
        let fields = |name: &'static str| {
            let fields = Todo::Fields(Box::new(self.fields(container)));
            [Todo::End('}'), fields, Todo::Begin('{'), Todo::Key(name, nothing())]
        };
        let elements = |name: &'static str| {
            let elements = Todo::Elements(Box::new(self.elements(container)));
            [Todo::End(']'), elements, Todo::Begin('['), Todo::Key(name, nothing())]
        };
        typed::head(out, kind.name())?;
        todo.push(Todo::End('}'));
        let keyed = !self.keyed(container).is_empty();
        match kind {
            TypeKind::Map => todo.extend(fields("v")),
            TypeKind::Link => {
                if let Some(target) = self.target(container) {
                    out.key("target")?;
                    out.string(&target)?;
                }
                todo.extend(fields("v"));
            }
            TypeKind::XmlHook => {
                out.key("name")?;
                out.string(self.name(container))?;
                todo.extend(fields("v"));
            }
            TypeKind::XmlElement => {
                out.key("name")?;
                out.string(self.name(container))?;
                todo.extend(elements("children"));
                todo.extend(fields("attributes"));
            }
            TypeKind::Array | TypeKind::XmlFragment => {
                if keyed {
                    todo.extend(fields("fields"));
                }
                todo.extend(elements("v"));
            }
            TypeKind::Text | TypeKind::XmlText => {
                out.key("v")?;
                out.string(&self.plain_text(container))?;
                if self.is_rich(container) {
                    let runs = Todo::Runs(self.delta(container).into_iter());
                    if keyed {
                        todo.extend(fields("attributes"));
                    }
                    todo.extend([
                        Todo::End(']'),
                        runs,
                        Todo::Begin('['),
                        Todo::Key("delta", nothing()),
                    ]);
                }
            }
        }
        Ok(())
    }
}
