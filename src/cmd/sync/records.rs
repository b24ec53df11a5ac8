//! Shows what an import would do, record by record.

use crate::sync::changes::ImportedChange;
use crate::ui::{Column, Style};
use serde_json::{Value as Json, json};

pub const COLUMNS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::text("change", "change"),
    Column::new("fields", "fields", Style::Changes),
    Column::list("acknowledged_by", "acknowledged by"),
];

/// Adds the records of an import to a JSON object.
pub fn with_records(mut object: Json, records: &[ImportedChange]) -> Json {
    if let Some(fields) = object.as_object_mut() {
        fields.insert("records".to_owned(), json!(records));
    }
    object
}

/// Returns the changes of roles as sentences.
pub fn roles(records: &[ImportedChange]) -> Vec<String> {
    let role = |record: &ImportedChange| -> Option<String> {
        let change = record.fields.get("role").filter(|_| record.kind == "member")?;
        let member = record.id.as_deref()?;
        let text = |role: &Option<Json>| role.as_ref()?.as_str().map(str::to_owned);
        Some(match (text(&change.old), text(&change.new)) {
            (Some(old), Some(new)) => format!("{member} becomes {new}, was {old}"),
            (None, Some(new)) => format!("{member} becomes {new}"),
            _ => return None,
        })
    };
    records.iter().filter_map(role).collect()
}
