//! The live content of a document as JSON, in place.

use crate::crdt::source::Source;
use crate::crdt::view::{LentEntries, LentValue, View};
use crate::parallel;
use crate::ui::EscapedJson;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Writes root → content, on one line or indented by two spaces.
pub fn write(view: &View, line: bool, out: &mut dyn Write) -> io::Result<()> {
    match line {
        true => write_in(CompactFormatter, view, out),
        false => write_in(PrettyFormatter::new(), view, out),
    }
}

fn write_in(
    mut form: impl Formatter + Clone + Sync,
    view: &View,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (bytes, mut out) = (view.bytes().len(), JsonBuffer::over(out));
    form.begin_object(&mut out.text)?;
    let roots = view.roots();
    let live = roots.iter().filter_map(|root| Some((root, view.lent(root)?)));
    for (index, (root, content)) in live.enumerate() {
        begin_field(&mut form, root, index == 0, &mut out.text)?;
        match content {
            LentValue::Map(map) if parallel::pays(bytes) => {
                write_halves(map, bytes, form.clone(), &mut out)?;
            }
            content => write_value(&content, &form, &mut out.text)?,
        }
        form.end_object_value(&mut out.text)?;
        out.pass_on(MOST_HELD)?;
    }
    form.end_object(&mut out.text)?;
    out.pass_on(0)
}

/// Writes a live map, its halves at the same time.
fn write_halves(
    map: LentEntries<'_>,
    bytes: usize,
    mut form: impl Formatter + Clone + Sync,
    out: &mut JsonBuffer<'_>,
) -> io::Result<()> {
    form.begin_object(&mut out.text)?;
    let (first, second) = map.halves();
    let (here, there) = parallel::both(
        bytes,
        || write_fields(first, form.clone(), true, out),
        || {
            let mut written = Vec::new();
            let begins = first.fields().next().is_none();
            let mut buffer = JsonBuffer::over(&mut written);
            write_fields(second, form.clone(), begins, &mut buffer)?;
            buffer.pass_on(0)?;
            io::Result::Ok(written)
        },
    );
    here?;
    out.pass_on(0)?;
    out.out.write_all(&there?)?;
    form.end_object_value(&mut out.text)?;
    form.end_object(&mut out.text)
}

fn write_fields(
    map: LentEntries<'_>,
    mut form: impl Formatter + Clone,
    mut first: bool,
    out: &mut JsonBuffer<'_>,
) -> io::Result<()> {
    for (key, value) in map.fields() {
        begin_field(&mut form, key, std::mem::take(&mut first), &mut out.text)?;
        write_value(&value, &form, &mut out.text)?;
        form.end_object_value(&mut out.text)?;
        out.pass_on(MOST_HELD)?;
    }
    Ok(())
}

fn begin_field(
    form: &mut (impl Formatter + Clone),
    key: &str,
    first: bool,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    form.begin_object_key(out, first)?;
    write_value(key, form, out)?;
    form.end_object_key(out)?;
    form.begin_object_value(out)
}

fn write_value(
    value: &(impl Serialize + ?Sized),
    form: &(impl Formatter + Clone),
    out: &mut Vec<u8>,
) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, form.clone()))?)
}

/// More bytes than this are passed on.
const MOST_HELD: usize = 1 << 16;

/// JSON that is escaped and passed on in large pieces: each takes a look at its bytes.
struct JsonBuffer<'o> {
    text: Vec<u8>,
    out: &'o mut dyn Write,
}

impl<'o> JsonBuffer<'o> {
    fn over(out: &'o mut dyn Write) -> Self {
        JsonBuffer { text: Vec::new(), out }
    }

    /// Passes on what it holds, if that is more than so many bytes.
    fn pass_on(&mut self, most: usize) -> io::Result<()> {
        if self.text.len() > most {
            EscapedJson(self.out).write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::testing::{new_doc, shown_by_view, state, view};
    use yrs::{Map, MapPrelim, Text, Transact};

    #[test]
    fn large_roots_are_written_as_any_value_is() {
        for records in [1, 2, 3, 4_001] {
            let doc = new_doc(1, true);
            let (map, text) = (doc.get_or_insert_map("records"), doc.get_or_insert_text("text"));
            let mut txn = doc.transact_mut();
            text.push(&mut txn, &"a\u{202e}b\u{1b}".repeat(60_000));
            for index in 0..records {
                let record = MapPrelim::from([("e\u{301}\"\u{202e}", "abc".repeat(20))]);
                map.insert(&mut txn, format!("{index}\u{85}"), record);
            }
            drop(txn);
            let view = view(&state(&doc));
            assert!(parallel::pays(view.bytes().len()));
            let shown = crate::wire::Value::Map(shown_by_view(&view)).to_json();
            let [mut line, mut lines, mut expected, mut indented] = [(); 4].map(|()| Vec::new());
            write(&view, true, &mut line).unwrap();
            write(&view, false, &mut lines).unwrap();
            serde_json::to_writer(EscapedJson(&mut expected), &shown).unwrap();
            serde_json::to_writer_pretty(EscapedJson(&mut indented), &shown).unwrap();
            assert!(line == expected && lines == indented, "{records} records");
        }
    }
}
