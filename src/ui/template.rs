//! `--template`: writes records through the user's template, one at a time.

use super::escape;
use crate::error::{Error, Result};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Template, UndefinedBehavior};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A template that compiles.
#[derive(Debug, Clone)]
pub struct RecordTemplate(Arc<str>);

impl RecordTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// `Usage`, with the line of the mistake.
    pub fn parse(source: &str) -> Result<Self> {
        environment().template_from_str(source).map_err(|e| wrong(&e, None))?;
        Ok(RecordTemplate(source.into()))
    }

    /// Returns the template, ready to be filled.
    ///
    /// # Errors
    /// As [`RecordTemplate::parse`].
    pub fn compiled<'e, 's>(
        &'s self,
        environment: &'e Environment<'s>,
    ) -> Result<Template<'e, 's>> {
        environment.template_from_str(&self.0).map_err(|e| wrong(&e, None))
    }
}

/// Fills the template with a record, and adds a line break if the template ends without one.
///
/// # Errors
/// `Usage` if the template cannot be filled with it.
pub fn filled(template: &Template<'_, '_>, row: &Map<String, Value>) -> Result<String> {
    let text = template.render(Serde(row)).map_err(|e| wrong(&e, Some(row)))?;
    let mut safe = escape::text(&text);
    if !safe.is_empty() && !safe.ends_with('\n') {
        safe.push('\n');
    }
    Ok(safe)
}

/// Returns an environment in which nothing is escaped for HTML, null prints nothing, and a missing field is
/// an error.
pub fn environment<'s>() -> Environment<'s> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| match value.is_none() {
        true => Ok(()),
        false => minijinja::escape_formatter(out, state, value),
    });
    environment
}

/// Says what is wrong with a template, and in which line; for a missing field, names the fields that exist.
fn wrong(error: &minijinja::Error, row: Option<&Map<String, Value>>) -> Error {
    let place = error.line().map_or(String::new(), |line| format!(" in line {line}"));
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let said = Error::usage(format!("the template fails{place}: {what}"));
    let is_undefined = error.kind() == minijinja::ErrorKind::UndefinedError;
    match row.filter(|_| is_undefined) {
        Some(row) => {
            let names: Vec<&str> = row.keys().map(String::as_str).collect();
            let default = "`{{ name|default }}` is for fields that only some have";
            said.hint(format!("the fields are {}; {default}", names.join(", ")))
        }
        None => said.hint("`{{ name }}` is a field of the record, as `--json` has it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(template: &str, row: &Value) -> Result<String> {
        let (template, environment) = (RecordTemplate::parse(template)?, environment());
        super::filled(&template.compiled(&environment)?, row.as_object().unwrap())
    }

    #[test]
    fn a_record_fills_a_template() {
        let row =
            json!({"id": "a", "n": 2, "list": ["x", "y"], "none": null, "text": "<b>&\u{1b}[2J"});
        assert_eq!(filled("{{ id }}\t{{ n + 1 }}", &row).unwrap(), "a\t3\n");
        assert_eq!(filled("{% for one in list %}{{ one }}\n{% endfor %}", &row).unwrap(), "x\ny\n");
        assert_eq!(filled("{{ text }}", &row).unwrap(), "<b>&\\u{1b}[2J\n");
        assert_eq!(filled("{% if n > 5 %}big{% endif %}", &row).unwrap(), "");
        assert_eq!(filled("{{ missing|default('-') }}", &row).unwrap(), "-\n");
        assert_eq!(filled("[{{ none }}]{% if none %}!{% endif %}", &row).unwrap(), "[]\n");
        assert_eq!(filled("{{ none or '-' }}", &row).unwrap(), "-\n");
        assert_eq!(filled("{{ list|tojson }}", &row).unwrap(), "[\"x\", \"y\"]\n");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let row = json!({"id": "a", "n": 2});
        let syntax = RecordTemplate::parse("{{ id }}\n{% if %}").unwrap_err();
        assert!(syntax.to_string().contains("in line 2"), "{syntax}");
        let missing = filled("{{ id }}\n\n{{ titel }}", &row).unwrap_err();
        assert!(missing.to_string().contains("in line 3"), "{missing}");
        assert!(format!("{missing:?}").contains("the fields are id, n"), "{missing:?}");
    }
}
