//! Selects values from a document with JSONPath (RFC 9535).
//!
//! The library parses nested expressions by backtracking, and evaluates without bound, both recursively. So
//! the maximum work of a path is estimated from its text and from the shape of the document, and too much is
//! refused.

use crate::error::{Error, Result};
use crate::limits::{
    JSONPATH_CHARS, JSONPATH_DEPTH, JSONPATH_FOUND, JSONPATH_LEVELS, JSONPATH_STEPS,
};
use serde_json::Value;
use serde_json_path::JsonPath;
use std::thread;

/// The cost of a regular expression, which is compiled for every value it is matched against: of one whose
/// size is evident, and of one that repeats something a number of times or comes from the document.
const REGEX_STEPS: f64 = 20.0;
const LARGE_REGEX_STEPS: f64 = 10_000.0;

/// Returns what a path finds in a document's dump, in document order.
///
/// # Errors
/// `Usage` if it is not a JSONPath, or may take more work than the limits allow.
pub fn find<'d>(dump: &'d Value, path: &str) -> Result<Vec<&'d Value>> {
    let shape = QueryShape::of(path)?;
    let parsed = JsonPath::parse(path).map_err(|e| {
        Error::usage(format!("{path:?} is not a JSONPath: {}", e.message()))
            .because(format!("at character {}", e.position().saturating_add(1)))
            .hint("a JSONPath begins with `$`: `$.messages.*.content`, `$..author_id`")
    })?;
    let levels = Levels::of(dump);
    if levels.0.len() > JSONPATH_LEVELS && (shape.descents > 0 || shape.filters) {
        let deep = levels.0.len();
        return Err(too_much(format!(
            "the document is nested {deep} levels deep, more than {JSONPATH_LEVELS} for a path with \
             `..` or `?`"
        )));
    }
    let steps = shape.steps(&levels);
    if steps > JSONPATH_STEPS {
        return Err(too_much(format!(
            "the path may take {steps:.0} steps in this document, more than {JSONPATH_STEPS:.0}"
        )));
    }
    let found = queried(&parsed, dump, levels.0.len())?;
    let mut nodes = 0usize;
    for value in &found {
        nodes = count(value, nodes);
        if nodes > JSONPATH_FOUND {
            return Err(too_much(format!("the path finds more than {JSONPATH_FOUND} values")));
        }
    }
    Ok(found)
}

/// Runs the library's query, which recurses for `..` and comparisons, on a stack that is deep enough.
fn queried<'d>(path: &JsonPath, dump: &'d Value, levels: usize) -> Result<Vec<&'d Value>> {
    if levels <= PLAIN_LEVELS {
        return Ok(path.query(dump).all());
    }
    let stack = levels.min(JSONPATH_LEVELS).saturating_mul(LEVEL_STACK);
    let nothing = |e| Error::io("cannot start a thread for the query", e);
    thread::scope(|scope| {
        let there = thread::Builder::new().name("path".to_owned()).stack_size(stack);
        let there = there.spawn_scoped(scope, || path.query(dump).all()).map_err(nothing)?;
        there.join().map_err(|_| Error::bug("evaluating a JSONPath panicked"))
    })
}

/// The nesting for which any stack is deep enough, and the maximum stack bytes per further level.
const PLAIN_LEVELS: usize = 128;
const LEVEL_STACK: usize = 8 << 10;

/// Returns whether a value is nested deeper than this many levels.
pub fn nests_deeper(value: &Value, levels: usize) -> bool {
    let mut open = vec![(value, 0usize)];
    while let Some((value, depth)) = open.pop() {
        if depth > levels {
            return true;
        }
        open.extend(below(value).map(|inner| (inner, depth + 1)));
    }
    false
}

fn too_much(message: String) -> Error {
    Error::usage(message)
        .hint("a path with fewer `..` and `?`, or with more names, takes less work")
}

/// What makes a path expensive.
struct QueryShape {
    /// The number of `..`: each descends to everything below all values found so far.
    descents: i32,
    /// Paths from the root inside filters.
    roots: i32,
    /// The product of the numbers of selectors in brackets.
    selectors: f64,
    regex: f64,
    /// Whether something is compared.
    filters: bool,
}

impl QueryShape {
    fn of(path: &str) -> Result<QueryShape> {
        let chars = path.chars().count();
        if chars > JSONPATH_CHARS {
            let message =
                format!("the JSONPath has {chars} characters, more than {JSONPATH_CHARS}");
            return Err(Error::usage(message));
        }
        let mut shape =
            QueryShape { descents: 0, roots: -1, selectors: 1.0, regex: 1.0, filters: false };
        // Per open bracket, the number of selectors so far.
        let mut open: Vec<f64> = Vec::new();
        let mut quote: Option<char> = None;
        let mut before = ' ';
        let (mut names, mut repeats) = (false, false);
        for c in path.chars() {
            match (quote, c) {
                (Some(_), _) if before == '\\' => before = ' ',
                (Some(quoted), _) => {
                    quote = Some(quoted).filter(|quoted| *quoted != c);
                    repeats |= c == '{';
                    before = c;
                }
                (None, '"' | '\'') => (quote, before) = (Some(c), ' '),
                (None, _) => {
                    shape.see(c, before, &mut open);
                    names |= c == '(' && before.is_ascii_lowercase();
                    before = c;
                }
            }
            if open.len() > JSONPATH_DEPTH {
                let message = format!("the JSONPath nests more than {JSONPATH_DEPTH} brackets");
                return Err(Error::usage(message).hint("`doc dump` and `jq` can do more"));
            }
        }
        if names && (path.contains("match") || path.contains("search")) {
            let is_literal = path.contains(['"', '\'']);
            shape.regex = if repeats || !is_literal { LARGE_REGEX_STEPS } else { REGEX_STEPS };
        }
        Ok(shape)
    }

    fn see(&mut self, c: char, before: char, open: &mut Vec<f64>) {
        match c {
            '.' if before == '.' => self.descents += 1,
            '$' => self.roots += 1,
            '?' => self.filters = true,
            '[' | '(' => open.push(1.0),
            ']' | ')' => self.selectors *= open.pop().unwrap_or(1.0),
            ',' => open.iter_mut().last().into_iter().for_each(|count| *count += 1.0),
            _ => {}
        }
    }

    /// Returns an upper bound of the number of values visited, counting repeats. Each `..` after the first
    /// finds a value once for each value around it that was found before, and passes on what it finds level
    /// by level.
    fn steps(&self, levels: &Levels) -> f64 {
        // Names alone descend one value per level.
        let looks = self.filters || self.selectors > 1.0;
        let times = self.descents.max(i32::from(looks));
        let around = |(depth, count): (usize, &f64)| count * (depth as f64 + 1.0).powi(times);
        let below: f64 = levels.0.iter().enumerate().map(around).sum();
        let again = levels.0.iter().sum::<f64>().powi(self.roots.max(0));
        below * again * self.selectors * self.regex
    }
}

/// The number of values at each depth.
struct Levels(Vec<f64>);

impl Levels {
    fn of(dump: &Value) -> Levels {
        let mut levels = Vec::new();
        let mut here: Vec<&Value> = vec![dump];
        while !here.is_empty() {
            levels.push(here.len() as f64);
            here = here.into_iter().flat_map(below).collect();
        }
        Levels(levels)
    }
}

fn below(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(fields) => Box::new(fields.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Adds the number of values in a value, stopping soon after the limit.
fn count(value: &Value, mut nodes: usize) -> usize {
    let mut open = vec![value];
    while let Some(value) = open.pop().filter(|_| nodes <= JSONPATH_FOUND) {
        nodes += 1;
        open.extend(below(value));
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    #[test]
    fn a_path_picks_values() {
        let dump = json!({"messages": {"a": {"n": 1}, "b": {"n": 2}}});
        assert_eq!(find(&dump, "$.messages.*.n").unwrap(), [&json!(1), &json!(2)]);
        assert_eq!(find(&dump, "$..[?@.n > 1]").unwrap(), [&json!({"n": 2})]);
        assert!(find(&dump, "$.nothing").unwrap().is_empty());
        assert_eq!(find(&dump, "messages").unwrap_err().kind, Kind::Usage);
    }

    #[track_caller]
    fn refused(dump: &Value, path: &str, why: &str) {
        let error = find(dump, path).expect_err(why);
        assert_eq!(error.kind, Kind::Usage);
        assert!(error.message.contains(why), "{error:?}");
    }

    #[test]
    fn what_is_nested_is_bounded() {
        let dump = json!({"a": [1]});
        let nested = |depth: usize| format!("$[?@{}{}", "[?@".repeat(depth), "]".repeat(depth + 1));
        refused(&dump, &nested(2_000), "characters");
        refused(&dump, &nested(20), "brackets");
        refused(&dump, &format!("$[?{}@.a{}]", "(".repeat(900), ")".repeat(900)), "brackets");
        refused(&dump, &format!("$[?{}1]", "!(".repeat(900)), "brackets");
        // Any number of brackets side by side, or in quotes.
        find(&dump, &format!("$.a{}", "[0]".repeat(500))).unwrap();
        find(&dump, "$['[[[[[[[[[[[[', \"((((((((((((\", '\\'[[[[[[[[[[']").unwrap();
        find(&dump, &nested(JSONPATH_DEPTH - 1)).unwrap();
    }

    #[test]
    fn what_multiplies_is_bounded() {
        // A chain of 60, and a flat document of 200,000 values.
        let deep = (0..60).fold(json!(1), |inner, _| json!([inner, 2, 3]));
        let wide: Value =
            (0..25_000).map(|n| json!({"a": n, "b": {"c": [n, 1]}, "d": "x"})).collect();
        assert!(find(&deep, "$..*").is_ok());
        assert!(find(&deep, "$..*..*").is_ok());
        refused(&deep, "$..*..*..*..*..*", "steps");
        refused(&deep, "$..[?@..[?@..[?@..[?@..*]]]]", "steps");
        for path in [
            "$..*",
            "$..[?@.a > 3].b",
            "$[?@.a == 7].b.c[0]",
            "$..[?@..c]",
            "$[?search(@.d, 'x')].a",
            "$[0, 1, 2]['a', 'b']",
        ] {
            find(&wide, path).unwrap_or_else(|e| panic!("{path}: {e:?}"));
        }
        refused(&wide, "$..[?$..[?@.a == 7]]", "steps");
        refused(&wide, &format!("$[{}]", vec!["*"; 300].join(",")), "values");
        refused(&wide, "$[*, *][*, *][*, *][*, *][*, *][*, *][*, *][*, *][*, *][*, *]", "steps");
        refused(&wide, "$[?search(@.d, 'a{900}{900}')]", "steps");
    }
}
