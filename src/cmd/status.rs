use super::Context;
use super::context::{entities, own_member};
use super::failure::word;
use crate::check;
use crate::concern::{self, chat, core};
use crate::error::Result;
use crate::id::{DocId, EntityId, MemberId};
use crate::limits;
use crate::query::{chat as query, conflict};
use crate::store::{Document, Problem, Reader};
use crate::sync::standing::{PeerStanding, standings};
use crate::ui::{self, Column, Report, Section};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Show the store on one screen: who you are, who is behind, what waits, what is wrong or nearly full
///
/// This is cheap, however large the store is: it reads file names and sizes, the local state, the
/// member documents, and small documents that somebody seems to lack. Who lacks what is taken from the
/// log and the last bundles; `crdtctl sync status` compares all documents, and `crdtctl check` checks
/// each of them.
/// With --unread it reads the chats too.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl status
  crdtctl status --unread
  crdtctl status --json | jq '.peers[] | select(.they_lack != [])'
  crdtctl status --json | jq -r '.limits[].doc_id'")]
pub struct StatusArgs {
    /// Also count unread messages, which reads the chats
    #[arg(long)]
    unread: bool,
}

const COLUMNS: &[Column] = &[
    Column::text("dir", "store"),
    Column::number("documents", "documents"),
    Column::bytes("bytes", "size"),
    Column::text("replica_id", "replica"),
    Column::text("member", "member"),
    Column::text("role", "role"),
    Column::text("entity", "entity"),
    Column::list("entities", "entities"),
    Column::number("waiting", "waiting"),
    Column::number("conflicts", "conflicts"),
];

const SECTIONS: &[Section] = &[
    Section {
        key: "peers",
        title: "others",
        columns: &[
            Column::text("member", "member"),
            Column::id("replica_id", "replica").filled(),
            Column::last("last_seen", "last heard of").filled(),
            Column::count("they_lack", "documents they lack").filled(),
            Column::count("we_lack", "we lack").filled(),
            Column::count("waiting", "waiting").filled(),
        ],
    },
    Section {
        key: "unread",
        title: "unread",
        columns: &[Column::text("entity", "entity"), Column::number("unread", "messages")],
    },
    Section {
        key: "findings",
        title: "findings",
        columns: &[Column::text("kind", "kind"), Column::text("message", "what is wrong")],
    },
    Section {
        key: "limits",
        title: "limits",
        columns: &[
            Column::text("doc_id", "document"),
            Column::bytes("bytes", "size"),
            Column::bytes("limit_bytes", "limit"),
            Column::number("percent", "percent"),
        ],
    },
];

/// The fields of the answer; public API.
#[derive(Serialize)]
struct Answer<'s> {
    dir: &'s Path,
    documents: usize,
    bytes: u64,
    replica_id: Option<String>,
    member: Option<MemberId>,
    role: Option<&'static str>,
    entity: Option<EntityId>,
    entities: BTreeSet<EntityId>,
    waiting: u64,
    conflicts: usize,
    peers: Vec<PeerStanding>,
    findings: Vec<Value>,
    limits: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<Vec<Value>>,
}

pub fn run(context: &Context, args: StatusArgs) -> Result<Report> {
    let store = context.store()?;
    let reader = context.learner_of(&store)?;
    let scan = reader.survey()?;
    let member = own_member(&reader)?;
    let entities = entities(scan.documents.iter().map(|document| &document.id));
    let docs: Vec<_> = scan.documents.iter().map(|document| document.id.clone()).collect();
    let entity = context.entity_among(&reader, &docs).ok();
    let role = match (&entity, &member) {
        (Some(entity), Some(member)) => role(context, &reader, entity, member.as_str())?,
        _ => None,
    };
    let mut damaged = Vec::new();
    let standings = standings(&reader, &scan.documents, &mut damaged)?;
    damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    let (waiting, _) = match reader.state() {
        Some(state) => state.parked_size()?,
        None => (0, 0),
    };
    let of_file = |problem: &Problem| {
        let message = format!("{}: {}", problem.path.display(), problem.what);
        json!({"kind": "file", "doc": null, "message": message})
    };
    let mut findings: Vec<Value> = scan.problems.iter().map(of_file).collect();
    findings.extend(scan.documents.iter().filter(|one| is_lost(&reader, one)).map(|document| {
        let message = format!("{} has no file any more, or an empty one", document.id);
        json!({"kind": "file", "doc": document.id, "message": message})
    }));
    if let Some(lost) = store.lost_state(&reader)? {
        findings.push(json!({"kind": lost.kind.name, "doc": null, "message": lost.message}));
    }
    for audit in check::not_allowed(&reader)? {
        findings.push(json!({"kind": audit.kind, "doc": audit.doc, "message": audit.message}));
    }
    let bytes: u64 =
        scan.documents.iter().map(|document| document.bytes).fold(0, u64::saturating_add);
    let unread = match args.unread {
        true => Some(unread(context, &reader, &docs)?),
        false => None,
    };
    let mut answer = Answer {
        dir: store.dir(),
        documents: scan.documents.len(),
        bytes,
        replica_id: reader.replica()?.map(|(id, _, _)| id),
        member,
        role,
        entity,
        entities,
        waiting,
        conflicts: conflict::open(&reader)?,
        limits: near_limits(&reader, &scan.documents),
        peers: standings,
        findings,
        unread,
    };
    let mut notes = next(&answer);
    let matters = |peer: &PeerStanding| {
        !peer.they_lack.is_empty() || !peer.we_lack.is_empty() || peer.waiting > 0
    };
    if let Some(more) = context.few(&mut answer.peers, matters) {
        notes.insert(0, format!("others: {more}"));
    }
    let fields = ui::row(&answer)?;
    let report = Report::object(fields, COLUMNS, Some("replica_id")).sections(SECTIONS);
    Ok(notes.into_iter().fold(report, Report::note))
}

/// Returns whether the file of a document is missing or empty, though it is not one that is yet to be written.
fn is_lost(reader: &Reader, document: &Document) -> bool {
    let is_waiting = || matches!(reader.file(&document.id), Ok(Some(file)) if file.unfolded > 0);
    document.bytes == 0 && !is_waiting()
}

/// Counts unread messages by entity; entities without any are left out.
fn unread(context: &Context, reader: &Reader, docs: &[DocId]) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for entity in docs.iter().filter(|doc| doc.concern() == Some(chat::SPEC.name)) {
        let Some(entity) = entity.entity() else { continue };
        let unread = context.sound(query::unread_count(reader, &entity))?.unwrap_or(0);
        if unread > 0 {
            found.push(json!({"entity": entity, "unread": unread}));
        }
    }
    Ok(found)
}

/// Returns a member's role in an entity; `None` for non-members, and if it cannot be read.
pub(super) fn role(
    context: &Context,
    reader: &Reader,
    entity: &EntityId,
    member: &str,
) -> Result<Option<&'static str>> {
    let view = context.sound(reader.view(&entity.document(core::SPEC.name)))?.flatten();
    Ok(view.and_then(|view| core::active_role(&view, member)).map(|role| role.as_str()))
}

/// The documents that are near their size limit.
fn near_limits(reader: &Reader, documents: &[Document]) -> Vec<Value> {
    let near = |document: &Document| {
        let spec = concern::of(&document.id)?;
        if !concern::is_near_limit(&document.id, document.bytes) {
            return None;
        }
        let counted = concern::counted_bytes_of(reader, &document.id).unwrap_or(document.bytes);
        let percent = concern::percent_of(counted, spec);
        (percent >= limits::WARN_PERCENT).then(|| {
            json!({
                "doc_id": document.id,
                "bytes": document.bytes,
                "limit_bytes": spec.limit_bytes,
                "percent": percent,
            })
        })
    };
    documents.iter().filter_map(near).collect()
}

/// Notes with suggested next commands, each only if there is something to do.
fn next(answer: &Answer<'_>) -> Vec<String> {
    let is_behind = |one: &&PeerStanding| !one.they_lack.is_empty() && !one.departed;
    let behind = answer.peers.iter().filter(is_behind).count();
    let we_lack = answer.peers.iter().any(|one| !one.we_lack.is_empty());
    let mut said = Vec::new();
    if answer.replica_id.is_none() {
        said.push(
            "this store is not a replica yet: `crdtctl init --as MEMBER` makes it yours".into(),
        );
    }
    match behind {
        0 => {}
        1 => said.push(
            "1 of the others is behind: `crdtctl sync stick DIR` writes what it lacks".into(),
        ),
        n => said.push(format!(
            "{n} of the others are behind: `crdtctl sync stick DIR` writes what they lack"
        )),
    }
    let departed: BTreeSet<&String> = answer
        .peers
        .iter()
        .filter(|one| one.departed)
        .filter_map(|one| one.member.as_ref())
        .collect();
    said.extend(departed.into_iter().map(|member| {
        let named = word(member);
        format!("{member} is no longer a member: `crdtctl sync forget {named}` drops that replica")
    }));
    let rest: [(bool, &str); 5] = [
        (
            answer.unread.iter().flatten().next().is_some(),
            "messages are unread: `crdtctl chat list --unread` shows them, `crdtctl chat read` marks them",
        ),
        (
            we_lack || answer.waiting > 0,
            "we lack something: `crdtctl sync status` says what, and who has it",
        ),
        (answer.conflicts > 0, "values lost a merge: `crdtctl conflict list`"),
        (!answer.findings.is_empty(), "something is wrong: `crdtctl check` says how to fix it"),
        (!answer.limits.is_empty(), "a document is nearly full: `crdtctl doc size` shows of what"),
    ];
    said.extend(rest.iter().filter(|(there, _)| *there).map(|(_, text)| (*text).to_owned()));
    said
}
