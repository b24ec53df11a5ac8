use super::context::entities;
use super::{Context, status};
use crate::error::Result;
use crate::ui::{Column, Report, Row, Section};
use serde_json::{Value, json};

/// Print the acting member, its roles and its replica
///
/// The acting member is that of `--as`, else that of the store's replica. In a pipe and with `-o id`
/// only the member is printed. Reads only the member documents.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl whoami
  test \"$(crdtctl whoami)\" = alice-river-stone-sky && echo 'it is Alice'
  crdtctl whoami --json | jq -r '.roles[] | \"\\(.entity) \\(.role)\"'")]
pub struct WhoamiArgs {}

const COLUMNS: &[Column] = &[
    Column::text("member", "member"),
    Column::text("replica_id", "replica"),
    Column::text("dir", "store"),
];

const SECTIONS: &[Section] = &[Section {
    key: "roles",
    title: "roles",
    columns: &[Column::text("entity", "entity"), Column::text("role", "role")],
}];

pub fn run(context: &Context, _: WhoamiArgs) -> Result<Report> {
    let store = context.store()?;
    let reader = store.reader()?;
    let member = context.acting_member()?;
    if context.prints_bare() {
        return Ok(Report::text(format!("{}\n", crate::ui::escape::line(member.as_str()))));
    }
    let documents = reader.documents()?;
    let mut roles: Vec<Value> = Vec::new();
    for entity in entities(documents.iter().map(|document| &document.id)) {
        if let Some(role) = status::role(context, &reader, &entity, member.as_str())? {
            roles.push(json!({"entity": entity, "role": role}));
        }
    }
    let mut fields = Row::new();
    fields.insert("member".into(), json!(member));
    fields.insert("replica_id".into(), json!(reader.replica()?.map(|(id, _, _)| id)));
    fields.insert("dir".into(), json!(store.dir()));
    fields.insert("roles".into(), roles.into());
    Ok(Report::object(fields, COLUMNS, Some("member")).sections(SECTIONS))
}
