//! A document that is open in yrs, read.

use super::plain::Plain;
use super::value::{Record, Shared, Source, Value, first_of_each};
use yrs::types::ToJson;
use yrs::{Any, Array, GetString, Map, Number, Out, ReadTxn};

/// Any yrs transaction as a [`Source`].
pub(super) struct Live<'t, T> {
    pub txn: &'t T,
}

impl<T: ReadTxn> Live<'_, T> {
    /// What stands at a path, as yrs has it.
    pub fn out(&self, path: &[&str]) -> Option<Out> {
        let (root, rest) = path.split_first()?;
        rest.iter().try_fold(root_out(self.txn, root)?, |at, step| match at {
            Out::YMap(map) => map.get(self.txn, step),
            Out::YArray(array) => {
                let named = |out: &Out| self.id_of(out).as_deref() == Some(*step);
                let shared = |out: &Out| matches!(out, Out::YMap(_));
                let mut elements = array.iter(self.txn).filter(named);
                let first = elements.next()?;
                match shared(&first) {
                    true => Some(first),
                    false => Some(elements.find(shared).unwrap_or(first)),
                }
            }
            Out::Any(Any::Map(fields)) => fields.get(*step).cloned().map(Out::Any),
            Out::Any(Any::Array(items)) => {
                items.iter().find(|item| plain_id(item) == Some(*step)).cloned().map(Out::Any)
            }
            _ => None,
        })
    }

    /// The field `id` of a map in an array.
    fn id_of(&self, element: &Out) -> Option<String> {
        let map = match element {
            Out::YMap(map) => map,
            Out::Any(any) => return plain_id(any).map(str::to_owned),
            _ => return None,
        };
        match map.get(self.txn, "id")? {
            Out::Any(Any::String(id)) => Some(id.to_string()),
            Out::YText(text) => Some(text.get_string(self.txn)),
            _ => None,
        }
    }
}

impl<T: ReadTxn> Source for Live<'_, T> {
    fn roots(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.txn.root_refs().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        self.out(path).map(|out| from_out(out, self.txn))
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        match self.out(path) {
            Some(Out::YMap(map)) => {
                let mut keys: Vec<String> = map.keys(self.txn).map(str::to_owned).collect();
                keys.sort();
                keys
            }
            Some(Out::YArray(array)) => {
                first_of_each(array.iter(self.txn).filter_map(|element| self.id_of(&element)))
            }
            Some(Out::Any(any)) => Plain::of(from_any(&any)).keys(),
            _ => Vec::new(),
        }
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.out(path).is_some()
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        match self.out(path)? {
            Out::YMap(_) => Some(Shared::Map),
            Out::YArray(_) => Some(Shared::Array),
            Out::YText(_) => Some(Shared::Text),
            Out::Any(_) => None,
            _ => Some(Shared::Other),
        }
    }
}

/// The field `id` of a plain map.
fn plain_id(any: &Any) -> Option<&str> {
    let Any::Map(fields) = any else { return None };
    match fields.get("id")? {
        Any::String(id) => Some(id),
        _ => None,
    }
}

/// A root as the kind of thing it holds: a root that nobody asked for yet has no type in yrs. Text
/// is looked for before elements: yrs loops for ever over text that it reads as an array.
fn root_out<T: ReadTxn>(txn: &T, name: &str) -> Option<Out> {
    match txn.get(name)? {
        Out::UndefinedRef(_) => {
            let map = txn.get_map(name)?;
            // Not `map.len`, which counts: this is asked at every look at a document.
            if map.keys(txn).next().is_some() {
                return Some(Out::YMap(map));
            }
            let text = txn.get_text(name)?;
            if !text.get_string(txn).is_empty() {
                return Some(Out::YText(text));
            }
            let array = txn.get_array(name)?;
            match array.len(txn) > 0 {
                true => Some(Out::YArray(array)),
                false => Some(Out::YMap(map)),
            }
        }
        out => Some(out),
    }
}

/// A value of yrs as plain data.
pub(super) fn from_out<T: ReadTxn>(out: Out, txn: &T) -> Value {
    match out {
        Out::Any(any) => from_any(&any),
        Out::YMap(map) => Value::Map(
            map.iter(txn)
                .map(|(key, out)| (key.to_owned(), from_out(out, txn)))
                .collect::<Record>(),
        ),
        Out::YArray(array) => Value::Array(array.iter(txn).map(|out| from_out(out, txn)).collect()),
        Out::YText(text) => Value::Text(text.get_string(txn)),
        other => from_any(&other.to_json(txn)),
    }
}

fn from_any(any: &Any) -> Value {
    match any {
        Any::Null => Value::Null,
        Any::Undefined => Value::Undefined,
        Any::Bool(b) => Value::Bool(*b),
        Any::Number(Number::Int(n)) => Value::Int(*n),
        Any::Number(Number::Float(n)) => Value::Number(*n),
        Any::String(text) => Value::String(text.to_string()),
        Any::Buffer(bytes) => Value::Bytes(bytes.to_vec()),
        Any::Array(items) => Value::List(items.iter().map(from_any).collect()),
        Any::Map(map) => {
            Value::Object(map.iter().map(|(key, any)| (key.clone(), from_any(any))).collect())
        }
    }
}
